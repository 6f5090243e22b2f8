import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { directEngine, type DirectEngine } from './conformance/direct-engine.ts';
import { ANALYST, CANARY, publishedMesh, textOf } from './conformance/mesh-fixture.ts';
import { createFederation, type Federation } from './federation.ts';

describe('federation', () => {
  let made: Awaited<ReturnType<typeof publishedMesh>>;
  let sandbox: DirectEngine;
  let federation: Federation;
  beforeAll(async () => {
    made = await publishedMesh();
    sandbox = await directEngine();
    federation = await createFederation({ store: made.mesh.store, sandbox, catalog: made.catalog, clock: made.mesh.clock, pseudonymKey: new Uint8Array(32).fill(7), audit: made.mesh.audit });
  });
  afterAll(async () => {
    await federation.close();
    await sandbox.close();
    await made.mesh.close();
  });

  it('answers', async () => {
    const answer = await federation.query({ sql: 'SELECT * FROM sap.material ORDER BY n LIMIT 2', format: 'json' }, ANALYST);
    const text = await textOf(answer.body);
    console.log(text, await answer.outcome, answer.columns);
    console.log(JSON.stringify(answer.plan, null, 1).slice(0, 3000));
    expect(text).not.toContain(CANARY);
    console.log(JSON.stringify(federation.describe(ANALYST)), JSON.stringify(federation.product('sap.material', ANALYST), null, 1));
    console.log(made.mesh.records);
  });
});
