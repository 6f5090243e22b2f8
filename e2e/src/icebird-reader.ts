import { icebergRead } from 'icebird';
import { literal } from '@skein/kernel';
import type { EngineSession } from '@skein/ports';
import type { Field, Snapshot } from '@skein/product';

type Row = Record<string, unknown>;

/** Rows of a table as icebird reads them, at one version of its metadata or the newest. `fetchFiles` must be on. */
export async function rowsByIcebird(location: string, fields: readonly Field[], metadataVersion?: number): Promise<Row[]> {
  const rows = await icebergRead({ tableUrl: location, ...(metadataVersion === undefined ? {} : { metadataFileName: `v${metadataVersion}.metadata.json` }) });
  return rows.map((row: Row) => Object.fromEntries(fields.map((field) => [field.name, plain(row[field.name], field.type)])));
}

/** The same rows by DuckDB, straight from the snapshot's files, in the same form. */
export async function rowsByDuckdb(session: EngineSession, snapshot: Snapshot): Promise<Row[]> {
  const files = snapshot.files.map((file) => literal(file.path)).join(', ');
  const rows = await session.rows<Row>(`SELECT * FROM read_parquet([${files}])`);
  return rows.map((row) =>
    Object.fromEntries(
      snapshot.fields.map((field) => {
        const value = row[field.name];
        return [
          field.name,
          plain(field.type.kind === 'binary' && typeof value === 'string' ? Buffer.from(value, 'base64').toString('utf8') : value, field.type),
        ];
      }),
    ),
  );
}

/** One form for both sides: exact where icebird is; where it gives less (decimals as numbers by its own arithmetic, instants in milliseconds, bytes as text), that much. */
function plain(value: unknown, type: Field['type']): unknown {
  if (value === null || value === undefined) return null;
  switch (type.kind) {
    case 'int':
      return BigInt(value as bigint);
    case 'decimal':
      return typeof value === 'string' ? readerDecimal(value, type.scale) : value;
    case 'date':
      return (value instanceof Date ? value.toISOString() : String(value)).slice(0, 10);
    case 'timestamp':
      return (value instanceof Date ? value.toISOString() : String(value).padEnd(23, '.000')).slice(0, 23).replace(' ', 'T');
    case 'time':
      return typeof value === 'bigint' ? timeText(value) : String(value);
    case 'binary':
      return String(value);
    case 'struct':
      return Object.fromEntries(type.fields.map((field) => [field.name, plain((value as Row)[field.name], field.type)]));
    case 'list':
      return (value as unknown[]).map((element) => plain(element, type.element));
    case 'map': {
      const pairs = Array.isArray(value) ? (value as { key: unknown; value: unknown }[]).map((pair) => [pair.key, pair.value]) : Object.entries(value);
      return pairs.map(([key, member]) => [plain(key, type.key), plain(member, type.value)]);
    }
    default:
      return value;
  }
}

/** An exact decimal as icebird's Parquet reader reckons it: the unscaled integer as a double, times a double that stands for 10^-scale: two roundings, both repeated here. */
function readerDecimal(text: string, scale: number): number {
  const [whole = '', places = ''] = text.split('.');
  return Number(BigInt(whole + places.padEnd(scale, '0'))) * 10 ** -scale;
}

function timeText(micros: bigint): string {
  const seconds = micros / 1_000_000n;
  const two = (part: bigint): string => String(part).padStart(2, '0');
  return `${two(seconds / 3600n)}:${two((seconds / 60n) % 60n)}:${two(seconds % 60n)}.${String(micros % 1_000_000n).padStart(6, '0')}`;
}
