import { open } from 'node:fs/promises';
import path from 'node:path';
import { SkeinError } from '@skein/kernel';
import { delimiterOf } from '../judge/data-file.ts';
import { BytesOut } from './bytes-out.ts';
import { loadLines } from './load-lines.ts';
import { recordsOf, type RawField, type RawRecord } from './records.ts';
import { editsByRow, type HealSource, type WrittenCell } from './source.ts';
import { encodingOf, type TextEncoding } from './text-encoding.ts';

const BOM = Buffer.from([0xef, 0xbb, 0xbf]);

/** A file of delimited text. Nothing between two delimiters is a missing value, `""` an empty text; blank lines are no rows. */
export async function csvSource(file: string, folder: string): Promise<HealSource> {
  await refuseWide(file);
  const encoding = await encodingOf(file);
  const delimiter = (await delimiterOf(file)).charCodeAt(0);
  const columns = await headerOf(file, delimiter, encoding);
  const at = new Map(columns.map((name, index) => [name, index]));
  const source = { columns, malformed: 0 };
  return {
    columns,
    get malformed() {
      return source.malformed;
    },
    async load(session, name, wanted) {
      const held = wanted.filter((column) => column !== '' && at.has(column));
      source.malformed = 0;
      async function* lines(): AsyncGenerator<(string | null)[]> {
        for await (const { row, record } of rowsOf(file, delimiter)) {
          if (!isSound(record, columns.length)) source.malformed++;
          else yield [String(row), ...held.map((column) => valueOf(record.fields[at.get(column) ?? -1] as RawField, encoding))];
        }
      }
      await loadLines(session, name, held, lines(), path.join(folder, 'rows.ndjson'));
      return held;
    },
    async write(to, edits) {
      const out = new BytesOut(to);
      const written: WrittenCell[] = [];
      const sign = Buffer.from([delimiter]);
      const pending = editsByRow(edits);
      try {
        let next = await pending.next();
        for await (const { row, record } of everyRecord(file, delimiter)) {
          let fields = record.fields.map(({ bytes }) => bytes);
          while (!next.done && next.value[0] < row) next = await pending.next();
          if (!next.done && next.value[0] === row && isSound(record, columns.length)) {
            fields = [...fields];
            for (const edit of next.value[1]) {
              const index = at.get(edit.column);
              const field = index === undefined ? undefined : record.fields[index];
              if (index === undefined || field === undefined) continue;
              const bytes = edit.raw === undefined ? bytesOf(edit.value, field, delimiter, encoding) : encoding.encode(edit.raw);
              const before = encoding.decode(field.bytes);
              if (bytes === undefined || (edit.expected !== undefined && edit.expected !== before)) continue;
              fields[index] = bytes;
              written.push({ row, column: edit.column, before, after: encoding.decode(bytes) });
            }
          }
          for (const [index, bytes] of fields.entries()) await (index === 0 ? out.write(bytes) : out.write(sign, bytes));
          await out.write(record.end);
        }
        await out.finish();
      } catch (error) {
        await out.abandon();
        throw error;
      }
      return written;
    },
  };
}

async function refuseWide(file: string): Promise<void> {
  const handle = await open(file, 'r');
  try {
    const head = Buffer.alloc(2);
    await handle.read(head, 0, 2, 0);
    if ((head[0] === 0xff && head[1] === 0xfe) || (head[0] === 0xfe && head[1] === 0xff))
      throw new SkeinError('SKEIN_SOURCE_UNREADABLE', `${path.basename(file)} is UTF-16`, {
        hint: 'Save it as UTF-8: every untouched byte is kept, so it is not converted here.',
      });
  } finally {
    await handle.close();
  }
}

async function headerOf(file: string, delimiter: number, encoding: TextEncoding): Promise<string[]> {
  const first = await recordsOf(file, delimiter).next();
  if (first.done || first.value.malformed) throw new SkeinError('SKEIN_SOURCE_UNREADABLE', `${path.basename(file)} has no header line that can be read`);
  const columns = first.value.fields.map((field, index) => (valueOf(index === 0 ? withoutMark(field) : field, encoding) ?? '').trim());
  const seen = new Set<string>();
  for (const name of columns) {
    if (name !== '' && seen.has(name.toLowerCase()))
      throw new SkeinError('SKEIN_SOURCE_COLUMNS', `${path.basename(file)}:1: the header names the column ${JSON.stringify(name)} twice`, {
        hint: 'Rename one of the two columns in the file.',
        context: { column: name },
      });
    seen.add(name.toLowerCase());
  }
  return columns;
}

function withoutMark(field: RawField): RawField {
  if (!field.bytes.subarray(0, 3).equals(BOM)) return field;
  const bytes = field.bytes.subarray(3);
  return { bytes, quoted: bytes[0] === 34 };
}

/** Records with their row numbers; the header and blank lines have number 0. */
async function* everyRecord(file: string, delimiter: number): AsyncGenerator<{ row: number; record: RawRecord }> {
  let row = -1;
  for await (const record of recordsOf(file, delimiter)) {
    const blank = row >= 0 && record.fields.length === 1 && record.fields[0]?.bytes.length === 0;
    if (!blank) row++;
    yield { row: blank ? 0 : row, record };
  }
}

async function* rowsOf(file: string, delimiter: number): AsyncGenerator<{ row: number; record: RawRecord }> {
  for await (const one of everyRecord(file, delimiter)) if (one.row > 0) yield one;
}

/** A record whose fields are what they seem: as many as the header has, and no NUL. */
function isSound(record: RawRecord, columns: number): boolean {
  return !record.malformed && record.fields.length === columns && !record.fields.some(({ bytes }) => bytes.includes(0));
}

function valueOf({ bytes, quoted }: RawField, encoding: TextEncoding): string | null {
  if (bytes.length === 0) return null;
  const text = encoding.decode(bytes);
  return quoted ? text.slice(1, -1).replaceAll('""', '"') : text;
}

/** A value as the field is written: in quotes where it was, or where it has to be. */
function bytesOf(value: string | null, field: RawField, delimiter: number, encoding: TextEncoding): Buffer | undefined {
  if (value === null) return Buffer.alloc(0);
  const needs = field.quoted || value === '' || /["\r\n]/.test(value) || value.includes(String.fromCharCode(delimiter));
  return value.includes('\0') ? undefined : encoding.encode(needs ? `"${value.replaceAll('"', '""')}"` : value);
}
