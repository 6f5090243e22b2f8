import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { expect, it } from 'vitest';
import { freePort } from './free-port.ts';
import { soak, soaking } from './soak.ts';
import { temporaryDirectory } from './temporary-directory.ts';

it('a temporary directory lives as long as its scope, and is nobody else’s', () => {
  const paths: string[] = [];
  {
    using one = temporaryDirectory();
    using other = temporaryDirectory();
    mkdirSync(one.file('a', 'b'), { recursive: true });
    writeFileSync(one.file('a', 'b', 'c.txt'), 'x');
    paths.push(one.path, other.path);
    expect(paths.every((path) => existsSync(path))).toBe(true);
    expect(one.path).not.toBe(other.path);
  }
  expect(paths.some((path) => existsSync(path))).toBe(false);
});

it('a temporary directory is removed also when the scope throws', () => {
  let path = '';
  const failing = (): void => {
    using folder = temporaryDirectory();
    ({ path } = folder);
    throw new Error('on purpose');
  };
  expect(failing).toThrow('on purpose');
  expect(existsSync(path)).toBe(false);
});

it('a free port can be listened on', async () => {
  const port = await freePort();
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  expect(server.address()).toMatchObject({ port });
  await new Promise((resolve) => server.close(resolve));
});

it('a long test has a tenth of its size in npm test, and never none', () => {
  expect(soak(500)).toBe(soaking ? 500 : 50);
  expect(soak(1)).toBe(1);
  expect(soak(11)).toBe(soaking ? 11 : 2);
});
