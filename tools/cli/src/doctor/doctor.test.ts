import { mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createServer as createSocket, type AddressInfo } from 'node:net';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { temporaryDirectory } from '@skein/testing';
import { runApp } from '../run-app.fixture.ts';
import { examine } from './doctor.ts';
import { clockCheck, diskFinding, memoryCheck, writeCheck } from './machine-checks.ts';
import { modelCheck, portCheck, redisCheck } from './service-checks.ts';
import { buildCheck, contractsCheck, lockCheck, nodeCheck } from './workspace-checks.ts';

const GB = 2 ** 30;
const open: Server[] = [];
afterEach(() => {
  for (const server of open.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function serve(status: number, body: string, headers: Readonly<Record<string, string>> = {}): Promise<string> {
  const server = createServer((_request, response) => response.writeHead(status, headers).end(body));
  open.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function socket(answer: string): Promise<{ port: number } & AsyncDisposable> {
  const server = createSocket((peer) => peer.on('data', () => peer.write(answer)).on('error', () => undefined));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => await new Promise<void>((resolve) => void server.close(() => resolve())),
  };
}

/** A workspace with one package, built a minute after it was written, and one contract. */
function workspace() {
  const folder = temporaryDirectory('skein-doctor-test-');
  const put = (name: string, text: string, time?: number): void => {
    mkdirSync(path.dirname(folder.file(name)), { recursive: true });
    writeFileSync(folder.file(name), text);
    if (time !== undefined) utimesSync(folder.file(name), time, time);
  };
  put('package.json', JSON.stringify({ workspaces: ['libs/*', 'tool'] }));
  put('.nvmrc', process.versions.node);
  for (const name of ['libs/a', 'tool']) {
    put(`${name}/tsconfig.json`, '{}');
    put(`${name}/src/index.ts`, '', 1_000);
    put(`${name}/dist/.tsbuildinfo`, '', 2_000);
  }
  put('node_modules/x', '');
  return Object.assign(folder, { put });
}

describe('skein doctor', () => {
  it('tells an old Node, and one that Skein is not tested with', async () => {
    using folder = workspace();
    expect((await nodeCheck(folder.path)).state).toBe('ok');
    expect(await nodeCheck(folder.path, '20.11.0')).toMatchObject({ state: 'fail', fix: expect.stringContaining('.nvmrc') });
    expect((await nodeCheck(folder.path, '99.0.0')).state).toBe('warn');
  });

  it('tells what is not built, and what changed since', async () => {
    using folder = workspace();
    expect(await buildCheck(folder.path)).toMatchObject({ state: 'ok', message: expect.stringContaining('2 packages') });
    folder.put('libs/a/src/more.test.ts', '', 3_000);
    expect((await buildCheck(folder.path)).state).toBe('ok');
    folder.put('libs/a/src/more.ts', '', 3_000);
    expect(await buildCheck(folder.path)).toMatchObject({ state: 'warn', message: expect.stringContaining('libs/a changed') });
    folder.put('libs/b/tsconfig.json', '{}');
    folder.put('libs/b/src/index.ts', '');
    expect(await buildCheck(folder.path)).toMatchObject({ state: 'fail', message: 'libs/b is not built' });
  });

  it('tells a lock whose process is gone from one that holds, and changes that stand half done', () => {
    using folder = workspace();
    expect(lockCheck(folder.path).state).toBe('ok');
    folder.put('node_modules/.skein-generate.lock', String(process.pid));
    expect(lockCheck(folder.path)).toMatchObject({ state: 'ok', message: expect.stringContaining(String(process.pid)) });
    folder.put('node_modules/.skein-generate.lock', '999999999');
    expect(lockCheck(folder.path).state).toBe('warn');
    folder.put('node_modules/.skein-generate.json', '{}');
    expect(lockCheck(folder.path).state).toBe('fail');
  });

  it('names the place of a contract that cannot be read', async () => {
    using folder = workspace();
    expect((await contractsCheck(folder.file('contracts'))).state).toBe('fail');
    folder.put('contracts/a/b/v1/contract.odcs.yaml', 'apiVersion: v3.1.0\nkind: [\n');
    expect(await contractsCheck(folder.file('contracts'))).toMatchObject({ state: 'fail', message: expect.stringMatching(/contract\.odcs\.yaml:\d+:\d+ /) });
  });

  it('sees whether files can be written, and leaves none behind', async () => {
    using folder = workspace();
    expect((await writeCheck(folder.path)).state).toBe('ok');
    expect(await writeCheck(folder.file('not', 'yet'))).toMatchObject({ state: 'ok', message: expect.stringContaining('can be made') });
    expect(await writeCheck(folder.file('package.json'))).toMatchObject({ state: 'fail' });
    expect(readdirSync(folder.path).filter((name) => name.startsWith('.skein-doctor'))).toEqual([]);
  });

  it('weighs disk, memory and clock', () => {
    expect([0.1, 1, 3].map((free) => diskFinding(free * GB).state)).toEqual(['fail', 'warn', 'ok']);
    expect([1, 2, 8].map((total) => memoryCheck(total * GB, total * GB).state)).toEqual(['fail', 'warn', 'ok']);
    const now = Date.UTC(2026, 5, 1);
    const apart = (seconds: number) => clockCheck(now, { date: new Date(now + seconds * 1000).toUTCString(), asked: now }).state;
    expect([0, 20, -20, 3600].map(apart)).toEqual(['ok', 'warn', 'warn', 'fail']);
    expect(clockCheck(0, undefined).state).toBe('fail');
  });

  it('tells a mesh from a stranger, and both from a free port and a silent one', async () => {
    const mesh = await portCheck(await serve(200, '{"status":"up"}'));
    expect(mesh.finding).toMatchObject({ state: 'ok', message: expect.stringContaining('a mesh answers') });
    expect(Date.parse(mesh.clock?.date ?? '')).toBeGreaterThan(0);
    expect((await portCheck(await serve(503, '{"status":"down"}'))).finding.state).toBe('warn');
    expect((await portCheck(await serve(200, '<html>'))).finding.message).toContain('no mesh');
    await using silent = await socket('');
    expect((await portCheck(`http://127.0.0.1:${silent.port}`)).finding.state).toBe('fail');
    const { port } = silent;
    await silent[Symbol.asyncDispose]();
    expect((await portCheck(`http://127.0.0.1:${port}`)).finding).toMatchObject({ state: 'ok', message: `port ${port} is free` });
    expect((await portCheck('nonsense')).finding.state).toBe('fail');
  });

  it('asks a Redis and a model, and never shows a password', async () => {
    await using redis = await socket('+PONG\r\n');
    expect((await redisCheck(`redis://:hidden@127.0.0.1:${redis.port}`)).state).toBe('ok');
    await using guarded = await socket('-NOAUTH Authentication required.\r\n');
    expect((await redisCheck(`redis://127.0.0.1:${guarded.port}`)).state).toBe('ok');
    await using other = await socket('HTTP/1.1 400 Bad Request\r\n');
    const finding = await redisCheck(`redis://me:hidden@127.0.0.1:${other.port}`);
    expect(finding.state).toBe('fail');
    expect(finding.message).not.toContain('hidden');
    expect((await redisCheck('http://x')).state).toBe('fail');
    expect((await modelCheck(`${await serve(401, '{}')}/v1`)).state).toBe('ok');
    expect((await modelCheck(`${await serve(500, '{}')}/v1`)).state).toBe('warn');
  });

  it('prints a line for each check with what to do, and exits with 1 where something fails', async () => {
    using folder = workspace();
    const findings = await examine({ data: folder.file('data'), at: 'http://127.0.0.1:1', redis: 'redis://127.0.0.1:1' }, folder.path);
    expect(findings.length).toBeGreaterThanOrEqual(10);
    for (const { state, fix } of findings) expect(fix === undefined).toBe(state === 'ok');
    const { code, stdout } = await runApp('doctor', '--json', '--data', folder.file('data'), '--at', 'nonsense');
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ ok: false, findings: expect.arrayContaining([expect.objectContaining({ check: 'port', state: 'fail' })]) });
    expect((await runApp('doctor', '--data', folder.file('data'), '--at', 'nonsense')).stdout).toMatch(/^fail {2}port .*\n +fix: /m);
  });
});
