import { statSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import { temporaryDirectory } from '@skein/testing';
import { expect, it } from 'vitest';
import { BytesOut } from './bytes-out.ts';

it('writes a file of many pieces and leaves no listener behind for each', async () => {
  using folder = temporaryDirectory();
  const warnings: string[] = [];
  const hear = (warning: Error): void => void warnings.push(warning.name);
  process.on('warning', hear);
  try {
    const out = new BytesOut(folder.file('long.csv'));
    const piece = Buffer.alloc(1 << 20, 'x');
    for (let index = 0; index < 24; index++) await out.write(piece);
    await out.finish();
    await turn();
  } finally {
    process.off('warning', hear);
  }
  expect(statSync(folder.file('long.csv')).size).toBe(24 << 20);
  expect(warnings).toEqual([]);
});
