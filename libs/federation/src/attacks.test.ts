import { readFileSync, writeFileSync } from 'node:fs';
import { SkeinError } from '@skein/kernel';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { directEngine, type DirectEngine } from './conformance/direct-engine.ts';
import { ANALYST, CANARY, goldenLines, publishedMesh, textOf } from './conformance/mesh-fixture.ts';
import { createFederation, type Federation } from './federation.ts';

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

describe('the attack corpus, against the real parser and engine', () => {
  let made: Awaited<ReturnType<typeof publishedMesh>>;
  let sandbox: DirectEngine;
  let federation: Federation;
  beforeAll(async () => {
    made = await publishedMesh();
    sandbox = await directEngine();
    writeFileSync(made.mesh.canaryFile, `secret\n${CANARY}-file\n`);
    federation = await createFederation({ store: made.mesh.store, sandbox, catalog: made.catalog, clock: made.mesh.clock, pseudonymKey: new Uint8Array(32).fill(7), audit: made.mesh.audit });
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
        outcome = error instanceof SkeinError ? `${error.code}${error.code === 'SKEIN_QUERY_REFUSED' ? ` ${String(error.context['kind'])}` : ''}` : String(error);
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
        const got = (await answer.outcome).rows;
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
