import { SkeinError, type Place } from '@skein/kernel';

/** What a delivery is made of, and whose rows it may hold. */
export interface RecordsOptions {
  readonly format: 'ndjson' | 'csv';
  /** The column that says whose a row is, and the value that ours have: rows of others are refused. */
  readonly tenant?: { readonly column: string; readonly value: string };
}

/** A page of a delivery that holds together. */
export interface Records {
  /** The header of CSV, as it stands. */
  readonly header: string | undefined;
  /** Records, each as it stands, without its line end. */
  readonly records: readonly string[];
}

/** A page that ends in the middle of a record: asked for again, it may be whole. */
export class CutShort extends Error {}

/**
 * Reads a page into its records. Throws `CutShort`, SKEIN_SOURCE_ANSWER for what is none of the form, and SKEIN_SOURCE_UNTRUE for rows of another tenant, with
 * the line.
 */
export function readRecords(bytes: Uint8Array, name: string, { format, tenant }: RecordsOptions): Records {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new SkeinError('SKEIN_SOURCE_ANSWER', `${name} is not UTF-8`, { place: { file: name }, hint: 'Have the source send UTF-8.', cause });
  }
  return format === 'ndjson' ? readNdjson(text, name, tenant) : readCsv(text, name, tenant);
}

function readNdjson(text: string, name: string, tenant: RecordsOptions['tenant']): Records {
  const lines = text.split('\n');
  const records: string[] = [];
  for (const [index, line] of lines.entries()) {
    if (line.trim() === '') continue;
    const place = { file: name, line: index + 1 };
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch (cause) {
      // Nothing follows, not even a line end: the rest did not come.
      if (index === lines.length - 1 && line.trimStart().startsWith('{')) throw new CutShort(`${name}:${index + 1} ends within a record`);
      throw noRecord(place, line, cause);
    }
    if (value === null || typeof value !== 'object' || Array.isArray(value)) throw noRecord(place, line);
    if (tenant) checkTenant(place, tenant, (value as Record<string, unknown>)[tenant.column]);
    records.push(line.replace(/\r$/, ''));
  }
  return { header: undefined, records };
}

function readCsv(text: string, name: string, tenant: RecordsOptions['tenant']): Records {
  const body = text.replace(/^\uFEFF/, '');
  const rows = splitCsv(body, name);
  const [first, ...rest] = rows;
  if (first === undefined)
    throw new SkeinError('SKEIN_SOURCE_ANSWER', `${name} has no header`, {
      place: { file: name, line: 1 },
      hint: 'Have the source send one, also without rows.',
    });
  if (first.raw.trimStart().startsWith('<')) throw noRecord({ file: name, line: 1 }, first.raw);
  const at = tenant ? first.fields.indexOf(tenant.column) : -1;
  if (tenant && at < 0)
    throw new SkeinError('SKEIN_SOURCE_ANSWER', `${name}:1 has no column ${JSON.stringify(tenant.column)}`, {
      place: { file: name, line: 1 },
      hint: 'That column says whose a row is.',
    });
  for (const { fields, line } of rest) {
    const place = { file: name, line };
    if (fields.length !== first.fields.length) {
      const last = line === rest.at(-1)?.line && !body.endsWith('\n');
      if (last && fields.length < first.fields.length) throw new CutShort(`${name}:${line} ends within a record`);
      throw new SkeinError('SKEIN_SOURCE_ANSWER', `${name}:${line} has ${fields.length} fields, and the header ${first.fields.length}`, { place });
    }
    if (tenant) checkTenant(place, tenant, fields[at]);
  }
  return { header: first.raw, records: rest.map(({ raw }) => raw) };
}

interface Row {
  readonly raw: string;
  readonly fields: readonly string[];
  readonly line: number;
}

/** Records of RFC 4180: a line end within quotes belongs to the record. */
function splitCsv(text: string, name: string): Row[] {
  const rows: Row[] = [];
  let [line, at] = [1, 0];
  while (at < text.length) {
    const [begin, first] = [at, line];
    const fields: string[] = [];
    for (let open = true; open;) {
      let field = '';
      if (text[at] === '"') {
        for (at++; ; at++) {
          if (at >= text.length) throw new CutShort(`${name}:${first} ends within quotes`);
          if (text[at] === '\n') line++;
          if (text[at] !== '"') field += text[at];
          else if (text[at + 1] === '"') field += text[at++];
          else break;
        }
        at++;
      }
      const end = /[,\n]/g;
      end.lastIndex = at;
      const found = end.exec(text);
      const stop = found?.index ?? text.length;
      fields.push(field + text.slice(at, stop).replace(/\r$/, ''));
      at = stop + 1;
      open = found?.[0] === ',';
    }
    const raw = text.slice(begin, Math.min(at - 1, text.length)).replace(/\r$/, '');
    line++;
    if (raw !== '') rows.push({ raw, fields, line: first });
  }
  return rows;
}

function checkTenant(place: Place, { column, value }: { readonly column: string; readonly value: string }, found: unknown): void {
  if (found === value) return;
  // Whose it is instead is theirs: it is not repeated.
  throw new SkeinError('SKEIN_SOURCE_UNTRUE', `${place.file}:${place.line} is a row of another tenant: its ${column} is not ${JSON.stringify(value)}`, {
    place,
    hint: 'Nothing of the delivery was taken. Tell who runs the source: what is sent here is not ours to see.',
    context: { column, wanted: value },
  });
}

function noRecord(place: Place, line: string, cause?: unknown): SkeinError {
  const kind = line.trimStart().startsWith('<') ? 'markup' : 'no record';
  return new SkeinError('SKEIN_SOURCE_ANSWER', `${place.file}:${place.line} is ${kind}, not of the form that was agreed`, { place, cause });
}
