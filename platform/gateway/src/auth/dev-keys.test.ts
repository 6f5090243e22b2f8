import { spawn } from 'node:child_process';
import { mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { devKeys, issueDevToken } from './dev-keys.ts';

let home: string;
let dir: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'skein-keys-'));
  dir = join(home, 'keys');
});
afterEach(() => rm(home, { recursive: true }));

describe('development keys', () => {
  it('are made once, are readable by their owner only, and leave no temporary file', async () => {
    const first = await devKeys(dir);
    expect(await devKeys(dir)).toEqual(first);
    expect((await stat(first.file)).mode & 0o777).toBe(0o600);
    expect(await readdir(dir)).toEqual(['dev.jwk.json']);
    expect(first.publicJwk).not.toHaveProperty('d');
    expect(first.publicJwk).toMatchObject({ kty: 'OKP', crv: 'Ed25519', alg: 'EdDSA' });
  });

  it('are the same for all processes that race for them', async () => {
    const script = `import { devKeys } from ${JSON.stringify(fileURLToPath(new URL('./dev-keys.ts', import.meta.url)))}; console.log((await devKeys(${JSON.stringify(dir)})).publicJwk.kid);`;
    const kids = await Promise.all([1, 2, 3, 4].map(() => output(['--conditions=@skein/source', '--input-type=module', '-e', script])));
    const here = await Promise.all([1, 2, 3, 4, 5, 6, 7, 8].map(() => devKeys(dir)));
    expect(new Set([...kids, ...here.map((keys) => keys.publicJwk.kid)]).size).toBe(1);
    expect(kids[0]).toBe(JSON.parse(await readFile(join(dir, 'dev.jwk.json'), 'utf8')).kid);
  });

  it('are refused when the file holds something else, without quoting it', async () => {
    await devKeys(dir);
    await writeFile(join(dir, 'dev.jwk.json'), '{"kty":"OKP","d":"SECRET"');
    const failure = await devKeys(dir).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'SKEIN_CONFIG_INVALID' });
    expect(JSON.stringify(failure)).not.toContain('SECRET');
  });

  it('sign no token for a role that is no name, or that lives too long', async () => {
    await expect(issueDevToken({ dir, as: 'Ann; DROP' })).rejects.toMatchObject({ code: 'SKEIN_NAME_INVALID' });
    await expect(issueDevToken({ dir, as: 'analyst', expiresIn: 1e9 })).rejects.toMatchObject({ code: 'SKEIN_CONFIG_INVALID' });
    await expect(issueDevToken({ dir, as: 'analyst', expiresIn: 0 })).rejects.toMatchObject({ code: 'SKEIN_CONFIG_INVALID' });
  });
});

async function output(args: string[]): Promise<string> {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  for await (const chunk of child.stdout) text += chunk;
  return text.trim();
}
