import type { ResultColumn, ResultEncoder } from './encoder.ts';
import type { ResultType } from './result-type.ts';
import { scalarText } from './scalar.ts';
import { StringVector } from './string-vector.ts';
import { isValid, u64, type VectorView } from './vector-view.ts';

const FULL = 256 * 1024;

/**
 * A reader of the JSON text of one column. The form of a value follows from its type alone, never from the value:
 * BIGINT, UBIGINT and wider, DECIMAL and BIGNUM are strings of digits, since JSON readers round numbers; narrower integers,
 * FLOAT and DOUBLE are numbers, but NaN and the infinities are the strings "NaN", "Infinity", "-Infinity"; dates and
 * times are ISO 8601; BLOB is base64; LIST and ARRAY are arrays, STRUCT an object, MAP an array of `{"key","value"}`,
 * UNION an object with the one member that is set.
 */
export function jsonText(type: ResultType, view: VectorView): (row: number) => string {
  const value = presentJson(type, view);
  return (row) => (isValid(view, row) ? value(row) : 'null');
}

function presentJson(type: ResultType, view: VectorView): (row: number) => string {
  switch (type.kind) {
    case 'NULL':
      return () => 'null';
    case 'BOOLEAN':
    case 'TINYINT':
    case 'SMALLINT':
    case 'INTEGER':
    case 'UTINYINT':
    case 'USMALLINT':
    case 'UINTEGER':
      return scalarText(type, view);
    case 'FLOAT':
    case 'DOUBLE': {
      const text = scalarText(type, view);
      return (row) => {
        const number = text(row);
        return number === 'NaN' || number.endsWith('Infinity') ? `"${number}"` : number;
      };
    }
    case 'VARCHAR': {
      const strings = new StringVector(view);
      return (row) => JSON.stringify(strings.text(row));
    }
    case 'ENUM': {
      const text = scalarText(type, view);
      return (row) => JSON.stringify(text(row));
    }
    case 'LIST': {
      const [element, child] = part(type, view, 0);
      const items = jsonText(element, child);
      const entries = u64(view);
      return (row) => `[${range(Number(entries[row * 2]), Number(entries[row * 2 + 1]), items)}]`;
    }
    case 'ARRAY': {
      const [element, child] = part(type, view, 0);
      const items = jsonText(element, child);
      return (row) => `[${range(row * type.size, type.size, items)}]`;
    }
    case 'MAP': {
      const entryView = view.parts[0];
      const [keyType, valueType] = [type.parts[0]?.type, type.parts[1]?.type];
      const [keyView, valueView] = [entryView?.parts[0], entryView?.parts[1]];
      if (!keyType || !valueType || !keyView || !valueView) throw new RangeError(`${type.text} lacks a part`);
      const [keys, values] = [jsonText(keyType, keyView), jsonText(valueType, valueView)];
      const entries = u64(view);
      return (row) => `[${range(Number(entries[row * 2]), Number(entries[row * 2 + 1]), (at) => `{"key":${keys(at)},"value":${values(at)}}`)}]`;
    }
    case 'STRUCT': {
      const members = type.parts.map((member, index) => ({ head: `${JSON.stringify(member.name)}:`, text: jsonText(...part(type, view, index)) }));
      return (row) => `{${members.map((member) => member.head + member.text(row)).join(',')}}`;
    }
    case 'UNION': {
      const tags = view.parts[0]?.data ?? new Uint8Array(0);
      const members = type.parts.map((member, index) => {
        const memberView = view.parts[index + 1];
        if (memberView === undefined) throw new RangeError(`${type.text} lacks a member`);
        return { head: `${JSON.stringify(member.name)}:`, text: jsonText(member.type, memberView) };
      });
      return (row) => {
        const member = members[tags[row] ?? 0];
        return member === undefined ? 'null' : `{${member.head}${member.text(row)}}`;
      };
    }
    default: {
      // what is left is text of digits, signs, letters and punctuation that JSON need not escape
      const text = scalarText(type, view);
      return (row) => `"${text(row)}"`;
    }
  }
}

function part(type: ResultType, view: VectorView, index: number): [ResultType, VectorView] {
  const [partType, partView] = [type.parts[index]?.type, view.parts[index]];
  if (partType === undefined || partView === undefined) throw new RangeError(`${type.text} lacks part ${index}`);
  return [partType, partView];
}

function range(start: number, count: number, text: (at: number) => string): string {
  let joined = '';
  for (let at = start; at < start + count; at++) joined += at === start ? text(at) : `,${text(at)}`;
  return joined;
}

/** Gathers text and hands it over as UTF-8. */
class TextGatherer {
  #text: string[] = [];
  #length = 0;
  push(text: string): void {
    this.#text.push(text);
    this.#length += text.length;
  }
  get full(): boolean {
    return this.#length >= FULL;
  }
  take(): Uint8Array[] {
    if (this.#length === 0) return [];
    const bytes = Buffer.from(this.#text.join(''), 'utf8');
    this.#text = [];
    this.#length = 0;
    return [bytes];
  }
}

/** One JSON object a line (ndjson.org). No rows, no bytes. */
export function ndjsonEncoder(columns: readonly ResultColumn[]): ResultEncoder {
  return rowEncoder(columns, { head: '', open: '{', separator: ',', close: '}\n', between: '', json: true, tail: () => '' });
}

/** `{"columns":[{"name","type"}],"rows":[{…}],"meta":{"rows":N,"truncated":false}}`, written as the rows come. */
export function jsonEncoder(columns: readonly ResultColumn[]): ResultEncoder {
  const described = JSON.stringify(columns.map((column) => ({ name: column.name, type: column.type.text })));
  return rowEncoder(columns, {
    head: `{"columns":${described},"rows":[`,
    open: '\n{',
    separator: ',',
    close: '}',
    between: ',',
    json: true,
    tail: (outcome) => `\n],"meta":{"rows":${outcome.rows},"truncated":${outcome.truncated}}}\n`,
  });
}

/**
 * RFC 4180 with a header, UTF-8 without a byte-order mark. NULL is an empty field and the empty text is `""`. Nested values
 * are JSON text. Cells that a spreadsheet would take for a formula stay as they are: the data is the data.
 */
export function csvEncoder(columns: readonly ResultColumn[]): ResultEncoder {
  return rowEncoder(columns, {
    head: `${columns.map((column) => csvField(column.name)).join(',')}\r\n`,
    open: '',
    separator: ',',
    close: '\r\n',
    between: '',
    json: false,
    tail: () => '',
  });
}

interface RowForm {
  readonly head: string;
  readonly open: string;
  readonly separator: string;
  readonly close: string;
  readonly between: string;
  readonly json: boolean;
  readonly tail: (outcome: { readonly rows: bigint; readonly truncated: boolean }) => string;
}

function rowEncoder(columns: readonly ResultColumn[], form: RowForm): ResultEncoder {
  const gathered = new TextGatherer();
  gathered.push(form.head);
  const names = columns.map((column) => (form.json ? `${JSON.stringify(column.name)}:` : ''));
  let first = true;
  return {
    add(views, rows) {
      const texts = columns.map((column, index) => {
        const view = views[index];
        if (view === undefined) throw new RangeError(`no vector for column ${column.name}`);
        return form.json ? jsonText(column.type, view) : csvText(column.type, view);
      });
      for (let row = 0; row < rows; row++) {
        let line = first ? form.open : form.between + form.open;
        first = false;
        for (let index = 0; index < texts.length; index++) line += `${index === 0 ? '' : form.separator}${names[index]}${texts[index]?.(row)}`;
        gathered.push(line + form.close);
      }
    },
    get full() {
      return gathered.full;
    },
    take: () => gathered.take(),
    finish(outcome) {
      gathered.push(form.tail(outcome));
      return gathered.take();
    },
  };
}

function csvText(type: ResultType, view: VectorView): (row: number) => string {
  const nested = type.parts.length > 0;
  const text = type.kind === 'NULL' ? () => '' : nested ? presentJson(type, view) : scalarText(type, view);
  return (row) => (isValid(view, row) ? csvField(text(row)) : '');
}

function csvField(text: string): string {
  return text === '' || /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
