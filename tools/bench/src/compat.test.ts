import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { compat } from './compat.ts';

const DATA = path.resolve('../shared/data/compat/json-schema-backward.jsonl');

function file(text: string): { name: string; [Symbol.dispose](): void } {
  const directory = mkdtempSync(path.join(tmpdir(), 'skein-compat-'));
  const name = path.join(directory, 'pairs.jsonl');
  writeFileSync(name, text);
  return { name, [Symbol.dispose]: () => rmSync(directory, { recursive: true }) };
}

const line = (old: unknown, next: unknown, backwardCompatible: unknown) => `${JSON.stringify({ old, new: next, backwardCompatible })}\n`;

describe('the bench of compatibility', () => {
  it('counts agreed verdicts, against a naive comparison of the same pairs', async () => {
    using pairs = file(
      line({ type: 'integer' }, { type: 'number' }, true) +
        line({ type: 'number' }, { type: 'integer' }, false) +
        line(true, true, false) +
        line({ minimum: 1 }, {}, true),
    );
    expect(await compat(undefined, pairs.name)).toMatchObject({ figure: 0.75, floor: 0.5, pairs: 4, unsound: 1, unit: 'share', bestLibrary: 0.728 });
  });
  it.each([
    ['no file', undefined, 'SKEIN_SOURCE_NOT_FOUND'],
    ['an empty file', '\n', 'SKEIN_SOURCE_EMPTY'],
    ['a line that is no JSON', `${line(true, true, true)}{`, 'SKEIN_SOURCE_UNREADABLE'],
    ['a pair without a verdict', line(true, true, 'yes'), 'SKEIN_SOURCE_UNREADABLE'],
  ])('says so when there is %s', async (_, text, code) => {
    using pairs = file(text ?? '');
    await expect(compat(undefined, text === undefined ? `${pairs.name}.absent` : pairs.name)).rejects.toMatchObject({ code });
  });
  it.skipIf(!existsSync(DATA))('meets its bar on the shared pairs (../shared/data)', async () => {
    const result = await compat(undefined, DATA);
    expect(result.figure).toBeGreaterThanOrEqual(0.99);
    expect(result['unsound']).toBe(0);
    expect(result.floor).toBeLessThan(result.figure);
  });
});
