import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { assertNode, NODE_MAJOR } from './node.ts';

it('accepts the running Node and newer ones', () => {
  for (const version of [undefined, '24.0.0', '100.1.2']) expect(() => assertNode(24, version)).not.toThrow();
});

it.each(['20.20.2', '9.0.0', '23.99.0', '', 'v24.0.0'])('refuses Node %j by its code', (version) => {
  expect(() => assertNode(24, version)).toThrow(expect.objectContaining({ code: 'SKEIN_NODE_VERSION' }));
});

it('asks for the major version that .nvmrc and the optional packages name', () => {
  const root = new URL('../../../', import.meta.url);
  const pinned = readFileSync(new URL('.nvmrc', root), 'utf8').trim();
  const manifest = JSON.parse(readFileSync(new URL('package.json', root), 'utf8')) as { optionalDependencies: Record<string, string> };
  const packages = Object.entries(manifest.optionalDependencies).filter(([name]) => name.startsWith('node-'));
  expect(packages.length).toBeGreaterThan(0);
  for (const [, version] of packages) expect(version).toBe(pinned);
  expect(Number.parseInt(pinned, 10)).toBe(NODE_MAJOR);
});
