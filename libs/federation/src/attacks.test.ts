import { readFileSync, writeFileSync } from 'node:fs';
import { duckdbSandbox } from '@skein/adapter-duckdb';
import { SkeinError } from '@skein/kernel';
import type { QuerySandbox } from '@skein/ports';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { directEngine } from './conformance/direct-engine.ts';
import { ANALYST, CANARY, goldenLines, publishedMesh, textOf } from './conformance/mesh-fixture.ts';
import { createFederation, type Federation } from './federation.ts';
import { keyedView } from './pseudonym.ts';

interface Attack {
  readonly group: string;
  readonly sql: string;
  readonly code: string;
  readonly kind?: string;
}

interface Allowed {
  readonly sql: string;
  readonly params?: readonly (string | number)[];
  readonly rows: number;
}

const SANDBOXES: readonly { readonly name: string; readonly open: () => Promise<QuerySandbox> }[] = [
  // the gate alone between the SQL and the data
  { name: 'the engine in this process', open: directEngine },
  // as the gateway runs it
  { name: 'the sandbox of child processes', open: async () => duckdbSandbox({ parseDeadlineMs: 20_000 }) },
];

describe.each(SANDBOXES)('the attack corpus, against $name', ({ open }) => {
  let made: Awaited<ReturnType<typeof publishedMesh>>;
  let sandbox: QuerySandbox;
  let federation: Federation;
  beforeAll(async () => {
    made = await publishedMesh();
    sandbox = await open();
    writeFileSync(made.mesh.canaryFile, `secret\n${CANARY}-file\n`);
    federation = await createFederation({
      store: made.mesh.store,
      sandbox,
      catalog: made.catalog,
      clock: made.mesh.clock,
      pseudonymKey: new Uint8Array(32).fill(7),
      audit: made.mesh.audit,
    });
  });
  afterAll(async () => {
    await federation.close();
    await sandbox.close();
    await made.mesh.close();
  });

  const attacks = goldenLines<Attack>('attacks.jsonl');

  it('refuses every attack with the code that stands beside it, and shows no secret', async () => {
    const wrong: string[] = [];
    for (const { sql, code, kind } of attacks) {
      const text = sql.replaceAll('{canary}', made.mesh.canaryFile);
      let outcome: string;
      let said: string;
      try {
        const answer = await federation.query({ sql: text, format: 'json' }, ANALYST);
        said = await textOf(answer.body);
        outcome = 'answered';
      } catch (error) {
        said = error instanceof SkeinError ? JSON.stringify([error.message, error]) : String(error);
        outcome =
          error instanceof SkeinError ? `${error.code}${error.code === 'SKEIN_QUERY_REFUSED' ? ` ${String(error.context['kind'])}` : ''}` : String(error);
      }
      const expected = `${code}${kind === undefined ? '' : ` ${kind}`}`;
      if (outcome !== expected) wrong.push(`${text.slice(0, 120)}\n   expected ${expected}, got ${outcome}: ${said.slice(0, 200)}`);
      else if (said.replaceAll(text, '').includes(`${CANARY}-`) && !text.includes(CANARY)) wrong.push(`${text.slice(0, 120)}: leaks ${said.slice(0, 200)}`);
    }
    expect(wrong.join('\n')).toBe('');
    expect(attacks.length).toBeGreaterThanOrEqual(200);
    expect(readFileSync(made.mesh.canaryFile, 'utf8')).toBe(`secret\n${CANARY}-file\n`);
  });

  const allowed = goldenLines<Allowed>('allowed.jsonl');

  it('answers every legitimate query, with the number of rows that stands beside it', async () => {
    const wrong: string[] = [];
    for (const { sql, params, rows } of allowed) {
      try {
        const answer = await federation.query({ sql, parameters: params ?? [], format: 'json' }, ANALYST);
        const said = await textOf(answer.body);
        const { rows: got } = await answer.outcome;
        if (got !== BigInt(rows)) wrong.push(`${sql}: ${got} rows, not ${rows}`);
        if (said.includes(CANARY)) wrong.push(`${sql}: leaks ${said.slice(0, 200)}`);
      } catch (error) {
        wrong.push(`${sql}: ${error instanceof SkeinError ? `${error.code} ${error.message} | ${made.mesh.records.at(-1)?.engineText}` : String(error)}`);
      }
    }
    expect(wrong.join('\n')).toBe('');
    expect(allowed.length).toBeGreaterThanOrEqual(80);
  });
});

describe('the printer', () => {
  it('says in the pinned SQL what the text says to the engine', async () => {
    const made = await publishedMesh();
    const engine = await directEngine();
    const federation = await createFederation({
      store: made.mesh.store,
      sandbox: engine,
      catalog: made.catalog,
      clock: made.mesh.clock,
      pseudonymKey: new Uint8Array(32).fill(7),
      audit: made.mesh.audit,
    });
    const sorted = (rows: readonly unknown[]): string[] => rows.map((row) => JSON.stringify(row)).sort();
    let compared = 0;
    for (const { sql, params } of goldenLines<Allowed>('allowed.jsonl')) {
      // samples, LIMIT without order, aggregates in order of arrival and the present moment differ from run to run
      if (params || /SAMPLE|LIMIT|current_|now\(|any_value|histogram|array_agg\(n\)|approx/.test(sql)) continue;
      const plan = await federation.plan({ sql, format: 'json' }, ANALYST);
      const pinned = await textOf((await federation.query({ sql, format: 'json' }, ANALYST)).body);
      const views = plan.catalog.views.map((view) => ({ ...view, sql: keyedView(view.sql, new Uint8Array(32).fill(7)) }));
      expect(sorted(JSON.parse(pinned) as unknown[]), sql).toEqual(sorted(await engine.raw({ key: `plain ${plan.catalog.key}`, views }, sql)));
      compared += 1;
    }
    expect(compared).toBeGreaterThan(80);
    await federation.close();
    await engine.close();
    await made.mesh.close();
  });
});
