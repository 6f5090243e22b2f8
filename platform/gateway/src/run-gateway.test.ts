import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { duckdbEngine } from '@skein/adapter-duckdb';
import { localSnapshotStore } from '@skein/adapter-storage';
import { connect } from '@skein/client';
import { readContract } from '@skein/contract';
import { systemClock } from '@skein/kernel';
import { publishQuery, temporaryDirectory, testProcess } from '@skein/testing';
import { describe, expect, it } from 'vitest';
import { issueDevToken } from './auth/dev-keys.ts';

const CONTRACT = `apiVersion: v3.1.0
kind: DataContract
id: shop-orders
version: 1.0.0
status: active
domain: shop
schema:
  - name: orders
    logicalType: object
    properties:
      - { name: id, id: o-id, logicalType: integer, physicalType: BIGINT, required: true, classification: public }
`;
const POLICY = 'version: 1\ngrants:\n  - roles: [analyst]\n    columns: { allow: [public] }\n';

/** Decorators cannot be run from source by Node alone, so the process is started through vite's transform, as the tests are. */
const SCRIPT = `
import { createServer } from 'vite';
const server = await createServer({ configFile: false, logLevel: 'error', appType: 'custom', optimizeDeps: { noDiscovery: true }, server: { middlewareMode: true, hmr: false, ws: false }, ssr: { resolve: { conditions: ['@skein/source', 'node', 'import', 'default'] } } });
const { runGateway } = await server.ssrLoadModule(process.argv[1]);
await runGateway(process.argv.slice(2), process.env);
`;

describe('a gateway in a process of its own', () => {
  it('serves what other processes publish, and ends well on a signal', async () => {
    using folder = temporaryDirectory('skein-alone-');
    mkdirSync(folder.file('contracts/shop/orders/v1'), { recursive: true });
    writeFileSync(folder.file('contracts/shop/orders/v1/contract.odcs.yaml'), CONTRACT);
    writeFileSync(folder.file('contracts/shop/orders/v1/policy.yaml'), POLICY);
    await using child = testProcess(
      process.execPath,
      [
        '--input-type=module',
        '-e',
        SCRIPT,
        fileURLToPath(new URL('./run-gateway.ts', import.meta.url)),
        '--data',
        folder.path,
        '--contracts',
        folder.file('contracts'),
        '--port',
        '0',
      ],
      { env: { PATH: process.env['PATH'] } },
    );
    const url = await child.says(/at (http:\S+)/);
    const mesh = connect(url, { token: await issueDevToken({ dir: folder.file('keys'), as: 'analyst' }) });
    await expect(mesh.sql`SELECT id FROM shop.orders`).rejects.toMatchObject({ code: 'SKEIN_SNAPSHOT_NONE' });
    const engine = duckdbEngine();
    const store = localSnapshotStore({ root: folder.file('tables'), clock: systemClock });
    const contract = readContract(CONTRACT, 'contracts/shop/orders/v1/contract.odcs.yaml');
    await publishQuery({ engine, store, contract, query: 'SELECT 7::BIGINT AS id' });
    expect([...(await mesh.sql`SELECT id FROM shop.orders`)]).toEqual([{ id: 7n }]);
    await publishQuery({ engine, store, contract, query: 'SELECT 8::BIGINT AS id' });
    await engine.close();
    await expect.poll(async () => [...(await mesh.sql`SELECT id FROM shop.orders`)]).toEqual([{ id: 8n }]);
    expect(await child.end()).toEqual({ code: 0, signal: null });
  });
});
