import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { CommandContext } from '@stricli/core';
import { duckdbEngine } from '@skein/adapter-duckdb';
import { primaryKey, type Contract } from '@skein/contract';
import { ident, SkeinError } from '@skein/kernel';
import type { EngineSession } from '@skein/ports';
import { heal, suggestLabels } from '@skein/swarm';
import { EXIT, finish } from '../contract/finish.ts';
import { readContractFile } from '../contract/read-file.ts';
import { dataFiles, type DataFormat } from '../judge/data-file.ts';
import { csvSource } from './csv-source.ts';
import { readUndo, writeFeedback } from './feedback-file.ts';
import { readLabels } from './labels-file.ts';
import { ndjsonSource } from './ndjson-source.ts';
import { parquetSource } from './parquet-source.ts';
import { humanReport, jsonReport, type HealReport } from './report.ts';
import type { CellEdit, HealSource } from './source.ts';

export interface HealFlags {
  readonly contract: string;
  readonly labels?: string;
  readonly out?: string;
  readonly feedback?: string;
  readonly input?: DataFormat;
  readonly suggestLabels?: number;
  readonly undo?: string;
  readonly json: boolean;
}

/** `skein heal`: 0 when nothing is left to do, 1 when violations were left or escalated, 2 when the command or its files were wrong. */
export async function healCommand(this: CommandContext, flags: HealFlags, target: string): Promise<void> {
  await finish(this, flags.json, async () => {
    const cwd = process.cwd();
    const contract = await readContractFile(path.resolve(cwd, flags.contract));
    const { format, files } = await dataFiles([target], cwd, flags.input);
    const file = files[0] as string;
    if (/\.(?:gz|zst)$/i.test(file)) throw new SkeinError('SKEIN_USAGE', `${target} is compressed`, { hint: 'Unpack it first: every untouched byte is kept.' });
    const folder = await mkdtemp(path.join(tmpdir(), 'skein-heal-'));
    const engine = duckdbEngine({ tempDirectory: folder });
    try {
      const session = await engine.open();
      const source = await openSource(session, format, file, folder, contract);
      const print = (text: string): void => this.process.stdout.write(text);
      if (flags.undo !== undefined) return await undo(source, path.resolve(cwd, flags.undo), outOf(flags.out, file, cwd, 'undone'), flags.json, print);
      return await healFile({ session, source, contract, file, flags, cwd, print });
    } finally {
      await engine.close();
      await rm(folder, { recursive: true, force: true });
    }
  });
}

interface Work {
  readonly session: EngineSession;
  readonly source: HealSource;
  readonly contract: Contract;
  readonly file: string;
  readonly flags: HealFlags;
  readonly cwd: string;
  readonly print: (text: string) => void;
}

async function healFile({ session, source, contract, file, flags, cwd, print }: Work): Promise<number> {
  const wanted = contract.properties.map(({ name }) => name);
  const columns = await source.load(session, 'heal_rows', wanted);
  if (columns.length === 0)
    throw new SkeinError('SKEIN_SOURCE_COLUMNS', `${path.basename(file)} has none of the contract's columns`, {
      hint: `It has ${source.columns.join(', ') || 'none'}.`,
    });
  const [counted] = await session.rows<{ rows: bigint }>('SELECT coalesce(max(_row), 0) AS rows FROM heal_rows');
  const key = primaryKey(contract).map(({ name }) => name);
  const rowsOf = async (values: readonly string[]): Promise<bigint[]> => {
    const found = await session.rows<{ row: bigint }>(
      `SELECT _row AS row FROM heal_rows WHERE ${key.map((name, index) => `${ident(name)} = $${index + 1}`).join(' AND ')} LIMIT 2`,
      values,
    );
    return found.map(({ row }) => row);
  };
  const labelled = {
    columns,
    others: source.columns.filter((name) => !columns.includes(name)),
    rows: Number(counted?.rows ?? 0n),
    key: key.every((name) => columns.includes(name)) ? key : [],
    rowsOf,
  };
  const labels = flags.labels === undefined ? [] : await readLabels(flags.labels, cwd, labelled);
  if (flags.suggestLabels !== undefined) {
    const rows = await suggestLabels(session, { name: 'heal_rows', columns }, { contract, labels }, flags.suggestLabels);
    print(flags.json ? `${JSON.stringify({ rows }, null, 2)}\n` : rows.map(({ row, why }) => `${row}\t${why}\n`).join(''));
    return EXIT.ok;
  }
  const healing = await heal(session, { name: 'heal_rows', columns }, { contract, labels });
  const out = outOf(flags.out, file, cwd, 'healed');
  const feedback = flags.feedback === undefined ? out.replace(/(\.[^./\\]+)?$/, '.feedback.ndjson') : path.resolve(cwd, flags.feedback);
  const written = await source.write(out, repairs(session, healing.cells));
  const sha256 = await hashOf(file);
  await writeFeedback(session, healing.cells, written, { name: path.basename(file), sha256 }, feedback);
  const report: HealReport = {
    product: contract.product,
    file,
    out,
    feedback,
    malformed: source.malformed,
    missingColumns: wanted.filter((name) => !columns.includes(name)),
    unknownColumns: source.columns.filter((name) => name !== '' && !wanted.includes(name)),
    labels: labels.length,
    written: written.length,
    healing,
    hidden: new Set(
      contract.properties.filter(({ classification }) => classification === 'confidential' || classification === 'restricted').map(({ name }) => name),
    ),
  };
  print(flags.json ? `${JSON.stringify(jsonReport(report, cwd), null, 2)}\n` : humanReport(report, cwd));
  return healing.counts.some(({ outcome }) => outcome !== 'repaired') || written.length < repaired(report) ? EXIT.findings : EXIT.ok;
}

function repaired({ healing }: HealReport): number {
  return healing.counts.filter(({ outcome }) => outcome === 'repaired').reduce((sum, { cells }) => sum + cells, 0);
}

async function openSource(session: EngineSession, format: DataFormat, file: string, folder: string, contract: Contract): Promise<HealSource> {
  if (format === 'csv') return csvSource(file, folder);
  return format === 'ndjson' ? ndjsonSource(file, folder, contract) : parquetSource(session, file, folder);
}

async function* repairs(session: EngineSession, cells: string): AsyncGenerator<CellEdit> {
  const page = 50_000;
  for (let from = 0; ; from += page) {
    const rows = await session.rows<{ row: bigint; column: string; value: string | null }>(
      `SELECT row, "column", after AS value FROM ${cells} WHERE outcome = 'repaired' ORDER BY row, "column" LIMIT ${page} OFFSET ${from}`,
    );
    for (const one of rows) yield { ...one, row: Number(one.row) };
    if (rows.length < page) return;
  }
}

async function undo(source: HealSource, feedback: string, out: string, json: boolean, print: (text: string) => void): Promise<number> {
  const { edits, sha256 } = await readUndo(feedback);
  const written = await source.write(out, edits);
  const same = (await hashOf(out)) === sha256;
  const missed = edits.length - written.length;
  if (json) print(`${JSON.stringify({ undone: written.length, missed, file: out, identical: same }, null, 2)}\n`);
  else
    print(
      `${written.length} repairs undone in ${out}${missed > 0 ? `, ${missed} cells hold something else by now and stay` : ''}; ${same ? 'the bytes are those of the original file' : 'the bytes are not those of the original file'}\n`,
    );
  return missed > 0 ? EXIT.findings : EXIT.ok;
}

function outOf(out: string | undefined, file: string, cwd: string, word: string): string {
  const target = out === undefined ? file.replace(/(?:\.healed)?(\.[^./\\]+)$/, `.${word}$1`) : path.resolve(cwd, out);
  if (target === file) throw new SkeinError('SKEIN_USAGE', 'the file cannot be written over itself', { hint: 'Name another file with --out.' });
  return target;
}

async function hashOf(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>) hash.update(chunk);
  return hash.digest('hex');
}
