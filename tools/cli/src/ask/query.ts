import { createWriteStream } from 'node:fs';
import { mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { CommandContext } from '@stricli/core';
import { ident, literal, SkeinError } from '@skein/kernel';
import { refusal } from '../diff/gateway-contracts.ts';
import { asking, gatewayOf, type AskFlags } from './gateway.ts';
import { plotText, tableText, type Column } from './table.ts';

const FORMATS = {
  csv: 'text/csv',
  ndjson: 'application/x-ndjson',
  arrow: 'application/vnd.apache.arrow.stream',
  json: 'application/json',
  parquet: 'application/x-ndjson',
} as const;
export type OutFormat = keyof typeof FORMATS;

export interface QueryFlags extends AskFlags {
  readonly out?: string;
  readonly format?: OutFormat;
  readonly plot: boolean;
  readonly purpose?: string;
  readonly maxRows?: number;
  readonly param?: readonly string[];
}

interface Envelope {
  readonly columns: readonly Column[];
  readonly rows: readonly Readonly<Record<string, unknown>>[];
  readonly meta: { readonly rows: number; readonly truncated: boolean };
}

/** Rows that a person reads; more goes to a file. */
const SHOWN = 1_000;

/** `skein query SQL`: a table or a plot for people, JSON for machines, a file where there is much. */
export async function query(this: CommandContext, flags: QueryFlags, sql: string): Promise<void> {
  await asking(this, flags, async () => {
    const { gateway, token } = await gatewayOf(flags);
    const ask = {
      sql,
      ...(flags.param && flags.param.length > 0 ? { params: flags.param } : {}),
      ...(flags.maxRows === undefined ? {} : { maxRows: flags.maxRows }),
    };
    const send = (accept: string, body: object) => post(gateway.base, token, flags.purpose, accept, body);
    if (flags.out !== undefined || flags.format !== undefined) {
      const format = formatOf(flags);
      if (flags.out === undefined) {
        if (format === 'parquet' || format === 'arrow') throw new SkeinError('SKEIN_USAGE', `${format} is written to a file`, { hint: 'Give --out FILE.' });
        const answer = await send(FORMATS[format], ask);
        for await (const chunk of answer.body ?? []) this.process.stdout.write(Buffer.from(chunk).toString('utf8'));
        return undefined;
      }
      const rows = await toFile(send, ask, format, path.resolve(flags.out));
      this.process.stderr.write(`${rows} written to ${flags.out}\n`);
      return undefined;
    }
    const answer = await send(FORMATS.json, flags.json ? ask : { maxRows: SHOWN, ...ask });
    const text = await answer.text();
    if (flags.json) return text;
    const { columns, rows, meta } = JSON.parse(text) as Envelope;
    const snapshots = answer.headers.get('skein-snapshots') ?? '';
    const more = meta.truncated ? `, cut off there: --max-rows N shows more, --out FILE writes all` : '';
    const told = `${meta.rows} ${meta.rows === 1 ? 'row' : 'rows'}${more}${snapshots === '' ? '' : `; read from ${snapshots.replaceAll(',', ', ')}`}`;
    return `${flags.plot ? plotText(columns, rows, process.stdout.columns ?? 100) : tableText(columns, rows)}\n${told}`;
  });
}

function formatOf({ format, out }: QueryFlags): OutFormat {
  if (format !== undefined) return format;
  const ending = path
    .extname(out ?? '')
    .slice(1)
    .toLowerCase();
  const known = ending === 'jsonl' ? 'ndjson' : ending;
  if (!Object.hasOwn(FORMATS, known))
    throw new SkeinError('SKEIN_USAGE', `the name of ${JSON.stringify(out)} does not say its form`, {
      hint: `Give --format ${Object.keys(FORMATS).join(', ')}.`,
    });
  return known as OutFormat;
}

async function post(base: string, token: string | undefined, purpose: string | undefined, accept: string, body: object): Promise<Response> {
  const headers = {
    accept,
    'content-type': 'application/json',
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    ...(purpose === undefined ? {} : { 'skein-purpose': purpose }),
  };
  let answer: Response;
  try {
    // A redirect could carry the token elsewhere.
    answer = await fetch(`${base}/v1/sql`, { method: 'POST', redirect: 'error', headers, body: JSON.stringify(body) });
  } catch (cause) {
    const why = cause instanceof Error && cause.cause instanceof Error ? cause.cause.message : String(cause);
    throw new SkeinError('SKEIN_CLIENT_UNREACHABLE', `no answer from ${base}: ${why}`, {
      hint: 'Is the mesh started? npm start; another address by --at.',
      cause,
    });
  }
  if (!answer.ok) throw refusal(base, answer.status, await answer.text());
  return answer;
}

/** Written aside and moved into place whole: a broken answer leaves no half file. */
async function toFile(send: (accept: string, body: object) => Promise<Response>, ask: object, format: OutFormat, file: string): Promise<string> {
  const aside = `${file}.${process.pid}.part`;
  try {
    if (format === 'parquet') return await toParquet(send, ask, aside, () => rename(aside, file));
    const answer = await send(FORMATS[format], ask);
    await pipeline(Readable.fromWeb(answer.body as Parameters<typeof Readable.fromWeb>[0]), createWriteStream(aside));
    await rename(aside, file);
    const rows = answer.headers.get('skein-rows');
    return rows === null ? 'the answer' : `${rows} rows`;
  } finally {
    await rm(aside, { force: true });
  }
}

/** Types come with the first answer, rows with a second one over the same snapshots. */
async function toParquet(send: (accept: string, body: object) => Promise<Response>, ask: object, aside: string, done: () => Promise<void>): Promise<string> {
  const { duckdbEngine } = await import('@skein/adapter-duckdb');
  const head = await send(FORMATS.json, { ...ask, maxRows: 1 });
  const { columns } = (await head.json()) as Envelope;
  const asOf = Object.fromEntries(
    (head.headers.get('skein-snapshots') ?? '').split(',').flatMap((one) => {
      const at = one.lastIndexOf('@');
      return at < 0 ? [] : [[one.slice(0, at).trim(), Number(one.slice(at + 1))]];
    }),
  );
  const folder = await mkdtemp(path.join(tmpdir(), 'skein-query-'));
  const engine = duckdbEngine({ tempDirectory: folder });
  try {
    const lines = path.join(folder, 'rows.ndjson');
    const answer = await send(FORMATS.ndjson, { ...ask, ...(Object.keys(asOf).length > 0 ? { asOf } : {}) });
    await pipeline(Readable.fromWeb(answer.body as Parameters<typeof Readable.fromWeb>[0]), createWriteStream(lines));
    const session = await engine.open();
    const types = columns.map(({ name, type }) => `${literal(name)}: ${literal(type)}`).join(', ');
    await session.run(
      `COPY (SELECT ${columns.map(({ name }) => ident(name)).join(', ')} FROM read_ndjson(${literal(lines)}, columns = {${types}}, maximum_object_size = 67108864)) TO ${literal(aside)} (FORMAT parquet, COMPRESSION zstd)`,
    );
    const [count] = await session.rows<{ rows: bigint }>(`SELECT count(*) AS rows FROM read_parquet(${literal(aside)})`);
    await session.close();
    await done();
    return `${count?.rows ?? 0n} rows`;
  } finally {
    await engine.close();
    await rm(folder, { recursive: true, force: true });
  }
}
