import { readFileSync, writeFileSync } from 'node:fs';
import { expect, it, vi } from 'vitest';
import { directEngine } from './conformance/direct-engine.ts';
import { ANALYST, publishedMesh, textOf } from './conformance/mesh-fixture.ts';
import { createFederation } from './federation.ts';
import { LiveSnapshots } from './live-snapshots.ts';

it('answers from no snapshot that differs by a byte from what was published', async () => {
  const made = await publishedMesh();
  const engine = await directEngine();
  const ask = async (): Promise<string> => {
    const federation = await createFederation({
      store: made.mesh.store,
      sandbox: engine,
      catalog: made.catalog,
      clock: made.mesh.clock,
      pseudonymKey: new Uint8Array(32).fill(7),
      audit: made.mesh.audit,
    });
    try {
      return await textOf((await federation.query({ sql: 'SELECT count(*) AS n FROM sap.material', format: 'json' }, ANALYST)).body);
    } finally {
      await federation.close();
    }
  };
  try {
    // The twin: as published, the same query is answered.
    expect(await ask()).toContain('12');
    const snapshot = await made.mesh.store.current({ domain: 'sap', name: 'material', major: 1 });
    const file = snapshot?.files[0]?.path ?? '';
    const bytes = readFileSync(file);
    const changed = Buffer.from(bytes);
    changed[20] = (changed[20] ?? 0) ^ 1;
    writeFileSync(file, changed);
    await expect(ask()).rejects.toMatchObject({ code: 'SKEIN_SNAPSHOT_CORRUPT' });
    writeFileSync(file, bytes);
    expect(await ask()).toContain('12');
  } finally {
    await engine.close();
    await made.mesh.close();
  }
});

it('checks what stands at the start once, and what comes later, though nobody asks, and neither in the way of the start', async () => {
  const made = await publishedMesh();
  const { store } = made.mesh;
  const checked: string[] = [];
  const counted = Object.assign(Object.create(store) as typeof store, {
    verify: async (...args: Parameters<typeof store.verify>) => {
      checked.push(`${args[0].product}@${args[0].version}`);
      await store.verify(...args);
    },
  });
  const tables = await store.tables();
  const live = await LiveSnapshots.open(counted, tables, undefined);
  try {
    const standing = tables.flatMap((table) => live.current(table) ?? []).map(({ product, version }) => `${product}@${version}`);
    expect(standing.length).toBeGreaterThan(0);
    expect(checked).toEqual([]);
    await vi.waitFor(() => expect(checked.toSorted()).toEqual(standing.toSorted()), { timeout: 30_000 });
    const late = await LiveSnapshots.open(counted, [], undefined);
    await late.adopt(tables[0] as (typeof tables)[number]);
    expect(checked.length).toBe(standing.length + 1);
    await late.close();
  } finally {
    await live.close();
    await made.mesh.close();
  }
});
