import { writeFileSync } from 'node:fs';
import { duckdbSandbox, type DuckdbSandbox } from '@skein/adapter-duckdb';
import { localSnapshotStore } from '@skein/adapter-storage';
import { readContract } from '@skein/contract';
import { readPolicy } from '@skein/federation';
import { issueDevToken, startGateway, type RunningGateway } from '@skein/gateway';
import { systemClock } from '@skein/kernel';
import { sampleReview } from '@skein/ports/conformance';
import { temporaryDirectory, type TemporaryDirectory } from '@skein/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runApp, type Ran } from '../run-app.fixture.ts';

const CONTRACT =
  'apiVersion: v3.1.0\nkind: DataContract\nid: shop-item\nversion: 1.0.0\nstatus: active\ndomain: shop\nschema:\n  - name: item\n    properties:\n      - { name: price, logicalType: date }\n';
const POLICY = 'version: 1\nowners: [steward]\ngrants:\n  - roles: [steward]\n    columns: { allow: [public] }\n';

let folder: TemporaryDirectory;
let sandbox: DuckdbSandbox;
let gateway: RunningGateway;
let reviews: (...args: string[]) => Promise<Ran>;

beforeAll(async () => {
  folder = temporaryDirectory('skein-reviews-cli-');
  sandbox = duckdbSandbox({ workers: 1 });
  const contract = readContract(CONTRACT, 'contracts/shop/item/v1/contract.odcs.yaml');
  gateway = await startGateway({
    store: localSnapshotStore({ root: folder.file('tables'), clock: systemClock }),
    sandbox,
    contracts: [contract],
    policies: [readPolicy(POLICY, 'contracts/shop/item/v1/policy.yaml', contract)],
    clock: systemClock,
    dataDir: folder.path,
    log: { error: () => {}, warn: () => {} },
  });
  writeFileSync(folder.file('token'), await issueDevToken({ dir: folder.file('keys'), as: 'steward' }));
  writeFileSync(folder.file('hostile.json'), JSON.stringify({ transformation: "read_text('/etc/passwd')" }));
  reviews = (...args) => runApp('reviews', ...args, '--at', gateway.url, '--token-file', folder.file('token'));
  for (const index of [1, 2, 3]) await gateway.parts.reviews.desk.open(sampleReview(index));
});
afterAll(async () => {
  await gateway.close();
  await sandbox.close();
  folder[Symbol.dispose]();
});

describe('skein reviews', () => {
  const id = (index: number): string => sampleReview(index).id;

  it('lists and shows what waits, by the beginning of an id as well', async () => {
    const listed = await reviews('list');
    expect([listed.code, listed.stdout.trim().split('\n').length]).toEqual([0, 3]);
    expect(JSON.parse((await reviews('list', '--json')).stdout)).toMatchObject({ reviews: [{ id: id(3) }, { id: id(2) }, { id: id(1) }] });
    const { code, stdout } = await reviews('show', id(1).slice(0, 10));
    expect([code, stdout.includes('03/04/2025'), stdout.includes('trims 2')]).toEqual([0, true, true]);
    expect((await reviews('show', '')).code).toBe(1);
    expect((await reviews('show', '0'.repeat(64))).stderr).toContain('SKEIN_REVIEW_UNKNOWN');
    expect((await runApp('reviews', 'list', '--at', gateway.url)).code).toBe(2);
  });

  it('decides once, and says so with its exit code', async () => {
    expect((await reviews('approve', id(1), '--reason', 'r')).stderr).toContain('SKEIN_REVIEW_CONFLICT');
    const choice = sampleReview(1).alternatives[0]?.id.slice(0, 12) ?? '';
    expect(await reviews('approve', id(1), '--reason', 'day first', '--choice', choice)).toMatchObject({ code: 0, stderr: '' });
    expect((await reviews('approve', id(1), '--reason', 'day first', '--choice', choice)).stdout).toContain('already');
    expect(await reviews('reject', id(1), '--reason', 'no')).toMatchObject({ code: 1, stderr: expect.stringContaining('SKEIN_REVIEW_DECIDED') as string });
    expect((await reviews('reject', id(2), '--reason', 'no')).stdout).toContain('is rejected; the swarm will be told');
    expect((await reviews('list', '--status', 'rejected')).stdout).toContain(id(2).slice(0, 12));
  });

  it('amends by example rows, and not by hostile SQL', async () => {
    expect((await reviews('amend', id(3), '--reason', 'r', '--solution', folder.file('hostile.json'))).stderr).toContain('SKEIN_QUERY_REFUSED');
    expect((await reviews('amend', id(3), '--reason', 'r')).code).toBe(2);
    expect((await reviews('amend', id(3), '--reason', 'r', '--example', 'nothing')).code).toBe(2);
    const examples = ['03/04/2025=2025-04-03', '05/06/2025=2025-06-05', '07/08/2025=2025-08-07'].flatMap((one) => ['--example', one]);
    const { code, stdout } = await reviews('amend', id(3), '--reason', 'day first', ...examples);
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringContaining('is amended') as string });
  });
});
