import { SkeinError } from '@skein/kernel';
import type { ColumnType, StructField } from '../contract.ts';
import { YamlText } from '../yaml-tree.ts';
import { checkRules, narrowed } from './ddl-check.ts';
import { sqlTokens, type SqlToken } from './ddl-tokens.ts';
import type { Draft, DraftColumn, DraftOptions } from './draft.ts';
import { foreignType, type ForeignType } from './foreign-type.ts';
import { isScalarKind } from './import-dbt.ts';

const MAX_DEPTH = 32;
/** Tokens of composite types looked at, each as often as it is used: composites of composites multiply what a small script says. */
const MOST_TOKENS = 100_000;
/** Words that end the type of a column. */
const AFTER_TYPE = new Set(
  'NOT NULL PRIMARY UNIQUE DEFAULT CHECK REFERENCES COMMENT COLLATE CONSTRAINT GENERATED AUTO_INCREMENT AUTOINCREMENT IDENTITY OPTIONS ENCODE MASKING TAG KEY ON STORAGE COMPRESSION USING AS'.split(
    ' ',
  ),
);
const TABLE_LEVEL = new Set(['PRIMARY', 'UNIQUE', 'FOREIGN', 'CHECK', 'CONSTRAINT', 'EXCLUDE', 'INDEX', 'KEY', 'LIKE', 'FULLTEXT', 'PERIOD']);

interface Table {
  readonly name: string;
  readonly at: number;
  columns: Column[];
  key: string[];
  description?: string;
  readonly checks: Check[];
  readonly notes: string[];
}

interface Column {
  readonly name: string;
  readonly type: readonly SqlToken[];
  required: boolean;
  unique: boolean;
  description?: string;
  readonly references: string[];
  readonly notes: string[];
}

/** A CHECK: its parenthesised tokens, all of it as it is noted where no contract says it, and where the note stands. */
interface Check {
  readonly tokens: readonly SqlToken[];
  readonly written: readonly SqlToken[];
  readonly notes: string[];
}

/**
 * Reads the CREATE TABLE of one table (`table` names it where the script has several), with the types, comments and constraints
 * that the script gives it apart, as DuckDB, PostgreSQL, Snowflake, BigQuery and Spark write them. Everything else is passed over.
 */
export function importDdl(sql: string, file: string, table?: string): Draft {
  const reader = new DdlReader(sql, file);
  const tables = reader.read();
  const chosen = table === undefined ? tables[0] : tables.find((one) => one.name.toLowerCase() === table.toLowerCase());
  if (!chosen || (table === undefined && tables.length > 1))
    return reader.refuse(
      tables[1]?.at ?? 0,
      tables.length === 0
        ? 'the script creates no table'
        : table === undefined
          ? `the script creates ${tables.length} tables`
          : `the script creates no table ${JSON.stringify(table)}`,
      tables.length === 0
        ? 'Import a script with CREATE TABLE name (…).'
        : `Name one of them: ${tables
            .slice(0, 20)
            .map((one) => one.name)
            .join(', ')}.`,
    );
  const key = chosen.key.map((name) => name.toLowerCase());
  const types = new Map(chosen.columns.map((column) => [column.name.toLowerCase(), reader.typeOf(column.type)]));
  const asked = askedBy(chosen.checks, types);
  return {
    name: chosen.name,
    description: chosen.description,
    notes: chosen.notes,
    columns: chosen.columns.map((column): DraftColumn => {
      const { type, notes } = types.get(column.name.toLowerCase()) ?? reader.typeOf(column.type);
      const { options, codes, required } = asked.get(column.name.toLowerCase()) ?? {};
      const position = isScalarKind(type.kind) ? key.indexOf(column.name.toLowerCase()) + 1 : 0;
      return {
        name: column.name,
        type,
        options,
        codes,
        required: column.required || required === true,
        unique: column.unique && !(key.length === 1 && position === 1) && isScalarKind(type.kind),
        keyPosition: position > 0 ? position : undefined,
        description: column.description,
        references: [...new Set(column.references)].slice(0, 1),
        notes: [...notes, ...column.notes],
      };
    }),
  };
}

interface Asked {
  options?: DraftOptions | undefined;
  codes?: readonly string[] | undefined;
  required?: boolean;
}

/** What types and checks ask of each column, by its name in lower case. A check that a contract does not say is noted. */
function askedBy(checks: readonly Check[], types: ReadonlyMap<string, ForeignType>): ReadonlyMap<string, Asked> {
  const asked = new Map([...types].map(([name, { options, codes }]): [string, Asked] => [name, { options, codes }]));
  for (const { tokens, written, notes } of checks) {
    const rules = checkRules(tokens, (column) => types.get(column.toLowerCase())?.type);
    const after = new Map<string, Asked>();
    const fit = rules?.every(({ column, options, codes, required }) => {
      const name = column.toLowerCase();
      const before = after.get(name) ?? asked.get(name) ?? {};
      const narrow = narrowed(before.options, options);
      const both = before.codes && codes ? before.codes.filter((code) => codes.includes(code)) : (codes ?? before.codes);
      after.set(name, { ...before, ...(required ? { required } : {}), options: narrow, codes: both });
      return narrow !== undefined && both?.length !== 0;
    });
    if (fit) for (const [name, one] of after) asked.set(name, one);
    else notes.push(`not carried: ${words(written)}`);
  }
  return asked;
}

class DdlReader {
  readonly #source: YamlText;
  readonly #tokens: readonly SqlToken[];
  readonly #composites = new Map<string, readonly SqlToken[]>();
  readonly #named = new Map<string, (depth: number) => ForeignType>();
  /** Composites by which our own export says a map's entry, and a list within a list. */
  readonly #entries = new Set<ColumnType>();
  readonly #elements = new Set<ColumnType>();
  #fields = 0;
  #at = 0;

  constructor(sql: string, file: string) {
    this.#source = new YamlText(file, sql);
    this.#tokens = sqlTokens(sql, file, (at) => this.refuse(at, 'a quote or comment is not closed', 'Close it.'));
  }

  refuse(at: number, message: string, hint: string): never {
    const { place, frame } = this.#source.fault('SKEIN_CONTRACT_UNSUPPORTED', 'import', at, message, hint);
    throw new SkeinError('SKEIN_CONTRACT_UNSUPPORTED', message, { place, frame, hint });
  }

  read(): Table[] {
    const tables: Table[] = [];
    while (this.#at < this.#tokens.length) {
      if (this.#take('CREATE')) this.#create(tables);
      else if (this.#take('COMMENT')) this.#comment(tables);
      else if (this.#take('ALTER')) this.#alter(tables);
      this.#skipStatement();
    }
    return tables;
  }

  /** The type that tokens name, with the types that the script defines. */
  typeOf(tokens: readonly SqlToken[]): ForeignType {
    const read = this.#foreign(tokens, 0);
    return { ...read, type: this.#restored(read.type) };
  }

  /** A qualified name is known by its last part. */
  #foreign(tokens: readonly SqlToken[], depth: number): ForeignType {
    const written = tokens.filter((_, index) => tokens[index]?.value !== '.' && tokens[index + 1]?.value !== '.').map(typeWord);
    return foreignType(written.join(' '), this.#named, depth);
  }

  #restored(type: ColumnType): ColumnType {
    if (type.kind === 'list' && type.element.kind === 'struct') {
      const [first, second] = type.element.fields;
      if (this.#entries.has(type.element) && first && second) return { kind: 'map', key: this.#restored(first.type), value: this.#restored(second.type) };
      if (this.#elements.has(type.element) && first) return { kind: 'list', element: this.#restored(first.type) };
    }
    if (type.kind === 'list') return { kind: 'list', element: this.#restored(type.element) };
    if (type.kind === 'struct') return { kind: 'struct', fields: type.fields.map((field) => ({ ...field, type: this.#restored(field.type) })) };
    return type.kind === 'map' ? { kind: 'map', key: this.#restored(type.key), value: this.#restored(type.value) } : type;
  }

  #peek(ahead = 0): SqlToken | undefined {
    return this.#tokens[this.#at + ahead];
  }

  #take(word: string): boolean {
    const token = this.#peek();
    const found = token !== undefined && (token.kind === 'word' || token.kind === 'sign') && token.value === word;
    if (found) this.#at += 1;
    return found;
  }

  #name(): string | undefined {
    let name: string | undefined;
    do {
      const token = this.#peek();
      if (token?.kind !== 'word' && token?.kind !== 'quoted') return name;
      name = token.kind === 'quoted' ? token.value : token.text;
      this.#at += 1;
    } while (this.#take('.'));
    return name;
  }

  #skipStatement(): void {
    while (this.#at < this.#tokens.length && !this.#take(';')) this.#at += 1;
  }

  /** Tokens of a parenthesised group without its ends; the opening one has been taken. */
  #group(): SqlToken[] {
    const start = this.#at;
    for (let depth = 1; this.#at < this.#tokens.length; this.#at += 1) {
      const { kind, value } = this.#tokens[this.#at] as SqlToken;
      if (kind === 'sign' && value === '(') depth += 1;
      if (kind === 'sign' && value === ')') depth -= 1;
      if (depth === 0) return this.#tokens.slice(start, this.#at++);
    }
    const opening = this.#tokens[start - 1];
    return this.refuse(opening?.at ?? 0, 'a parenthesis is not closed', 'Close it.');
  }

  #create(tables: Table[]): void {
    while (['OR', 'REPLACE', 'TEMP', 'TEMPORARY', 'UNLOGGED', 'EXTERNAL', 'TRANSIENT', 'GLOBAL', 'LOCAL', 'FOREIGN'].includes(this.#peek()?.value ?? ''))
      this.#at += 1;
    if (this.#take('TYPE')) return this.#createType();
    if (this.#take('DOMAIN')) return this.#createDomain();
    if (!this.#take('TABLE')) return;
    const at = this.#peek()?.at ?? 0;
    if (this.#take('IF')) this.#at += 2;
    const name = this.#name();
    if (name === undefined || !this.#take('(')) return;
    const table: Table = { name, at, columns: [], key: [], checks: [], notes: [] };
    for (const part of split(this.#group())) this.#part(table, part);
    tables.push(table);
    while (this.#at < this.#tokens.length && this.#peek()?.value !== ';') {
      if (this.#take('COMMENT')) {
        this.#take('=');
        const text = this.#peek();
        if (text?.kind === 'text') table.description = text.value;
      } else this.#at += 1;
    }
  }

  #createType(): void {
    const name = this.#name()?.toLowerCase();
    if (name === undefined || !this.#take('AS')) return;
    if (this.#take('ENUM')) {
      if (!this.#take('(')) return;
      const codes = [
        ...new Set(
          this.#group()
            .filter((token) => token.kind === 'text')
            .map((token) => token.value),
        ),
      ];
      this.#named.set(name, () => ({ type: { kind: 'string' }, ...(codes.length > 0 ? { codes } : {}), notes: [] }));
      return;
    }
    if (this.#take('(')) {
      this.#composites.set(name, this.#group());
      this.#named.set(name, (depth) => this.#composite(name, depth));
      return;
    }
    const start = this.#at;
    while (this.#at < this.#tokens.length && this.#peek()?.value !== ';') this.#at += 1;
    const alias = this.#tokens.slice(start, this.#at);
    this.#named.set(name, (depth) => this.#foreign(alias, depth));
  }

  #createDomain(): void {
    const name = this.#name()?.toLowerCase();
    this.#take('AS');
    const start = this.#at;
    while (this.#at < this.#tokens.length && this.#peek()?.value !== ';') this.#at += 1;
    if (name === undefined) return;
    const written = this.#tokens.slice(start, this.#at);
    const end = written.findIndex((token) => token.kind === 'word' && AFTER_TYPE.has(token.value));
    const base = end < 0 ? written : written.slice(0, end);
    const note = `not carried: of the domain ${name}, ${words(written.slice(base.length))}`;
    this.#named.set(name, (depth) => {
      if (depth > MAX_DEPTH) return { type: { kind: 'string' }, notes: [`the domain ${name} holds itself: kept as text`] };
      const read = this.#foreign(base, depth + 1);
      return end < 0 ? read : { ...read, notes: [...read.notes, note] };
    });
  }

  #composite(name: string, depth: number): ForeignType {
    if (depth > MAX_DEPTH || (this.#fields += this.#composites.get(name)?.length ?? 0) > MOST_TOKENS)
      return { type: { kind: 'string' }, notes: [`the type ${name} holds itself, or nests deeper than ${MAX_DEPTH} levels: kept as text`] };
    const notes: string[] = [];
    const fields: StructField[] = [];
    for (const [first, ...rest] of split(this.#composites.get(name) ?? [])) {
      if (!first) continue;
      const { type, options, codes, notes: remarks } = this.#foreign(rest, depth + 1);
      notes.push(...remarks);
      if (options ?? codes) notes.push('lengths, bounds and codes of nested values are not carried');
      fields.push({ name: nameOf(first), type, required: false });
    }
    const type: ColumnType = { kind: 'struct', fields };
    const [one, two] = fields;
    if (name.endsWith('_entry') && fields.length === 2 && one?.name === 'key' && two?.name === 'value') this.#entries.add(type);
    if (name.endsWith('_element') && fields.length === 1 && one?.name === 'element') this.#elements.add(type);
    return fields.length === 0 ? { type: { kind: 'string' }, notes: [...notes, `the type ${name} has no fields: kept as text`] } : { type, notes };
  }

  #part(table: Table, part: readonly SqlToken[]): void {
    const [first] = part;
    if (!first) return;
    const level =
      first.kind === 'word' &&
      TABLE_LEVEL.has(first.value) &&
      (part[1] === undefined || part[1].kind !== 'word' || TABLE_LEVEL.has(part[1].value) || first.value === 'CONSTRAINT' || part[1].value === 'KEY');
    if (level) return this.#tableConstraint(table, part);
    const name = nameOf(first);
    let end = 1;
    for (let depth = 0; end < part.length; end += 1) {
      const { kind, value, nests } = part[end] as SqlToken;
      if (nests !== 0) depth += nests;
      else if (depth === 0 && kind === 'word' && AFTER_TYPE.has(value)) break;
      else if (depth === 0 && kind === 'word' && value === 'WITH' && !['TIME', 'LOCAL'].includes(part[end + 1]?.value ?? '')) break;
    }
    const column: Column = { name, type: part.slice(1, end), required: false, unique: false, references: [], notes: [] };
    table.columns.push(column);
    this.#columnConstraints(table, column, part.slice(end));
  }

  #columnConstraints(table: Table, column: Column, tokens: readonly SqlToken[]): void {
    const unknown: string[] = [];
    for (let at = 0; at < tokens.length; at += 1) {
      const { kind, value } = tokens[at] as SqlToken;
      const next = tokens[at + 1]?.value;
      if (kind === 'word' && value === 'NOT' && next === 'NULL') [column.required, at] = [true, at + 1];
      else if (kind === 'word' && value === 'NULL') continue;
      else if (kind === 'word' && value === 'PRIMARY' && next === 'KEY') {
        table.key = [column.name];
        at += 1;
      } else if (kind === 'word' && value === 'UNIQUE') column.unique = true;
      else if (kind === 'word' && value === 'CONSTRAINT') at += 1;
      else if (kind === 'word' && value === 'COMMENT' && tokens[at + 1]?.kind === 'text') {
        column.description = tokens[at + 1]?.value ?? '';
        at += 1;
      } else if (kind === 'word' && value === 'COLLATE') at += 1;
      else if (kind === 'word' && value === 'REFERENCES') {
        const [reference, used] = referenceAt(tokens, at + 1);
        if (reference !== undefined) column.references.push(reference);
        else column.notes.push('a reference is not carried: its column is not named');
        at += used;
      } else if (kind === 'word' && value === 'DEFAULT') {
        column.notes.push('the default value is not part of a contract');
        at = skipExpression(tokens, at + 1);
      } else if (kind === 'word' && value === 'CHECK') {
        const end = groupEnd(tokens, at + 1);
        table.checks.push({ tokens: tokens.slice(at + 1, end + 1), written: tokens.slice(at, end + 1), notes: column.notes });
        at = end;
      } else if (kind === 'word' && (value === 'GENERATED' || value === 'IDENTITY' || value === 'AUTO_INCREMENT' || value === 'AUTOINCREMENT')) {
        column.notes.push('that the database makes the values is not part of a contract');
        return;
      } else unknown.push((tokens[at] as SqlToken).text);
    }
    if (unknown.length > 0) column.notes.push(`not carried: ${unknown.slice(0, 20).join(' ')}`);
  }

  #tableConstraint(table: Table, part: readonly SqlToken[]): void {
    const tokens = part[0]?.value === 'CONSTRAINT' ? part.slice(2) : part;
    const [first] = tokens;
    const open = tokens.findIndex((token) => token.kind === 'sign' && token.value === '(');
    const close = open < 0 ? -1 : tokens.findIndex((token, index) => index > open && token.kind === 'sign' && token.value === ')');
    const columns =
      open < 0 || close < 0
        ? []
        : tokens
            .slice(open + 1, close)
            .filter((token) => token.kind === 'quoted' || (token.kind === 'word' && !['ASC', 'DESC'].includes(token.value)))
            .map(nameOf);
    const find = (name: string | undefined) => table.columns.find((column) => column.name.toLowerCase() === name?.toLowerCase());
    if (first?.value === 'PRIMARY') table.key = columns;
    else if (first?.value === 'CHECK') {
      const end = groupEnd(tokens, 1);
      // What follows may say that it is not enforced.
      table.checks.push({ tokens: end === tokens.length - 1 ? tokens.slice(1) : [], written: tokens, notes: table.notes });
    } else if (first?.value === 'UNIQUE' && columns.length === 1) {
      const column = find(columns[0]);
      if (column) column.unique = true;
    } else if (first?.value === 'FOREIGN' && columns.length === 1) {
      const at = tokens.findIndex((token) => token.value === 'REFERENCES');
      const reference = at < 0 ? undefined : referenceAt(tokens, at + 1)[0];
      if (reference === undefined) table.notes.push(`not carried: ${words(tokens)}`);
      else find(columns[0])?.references.push(reference);
    } else table.notes.push(`not carried: ${words(tokens)}`);
  }

  #comment(tables: readonly Table[]): void {
    if (!this.#take('ON')) return;
    const kind = this.#peek()?.value;
    this.#at += 1;
    const path: string[] = [];
    do {
      const token = this.#peek();
      if (token?.kind !== 'word' && token?.kind !== 'quoted') break;
      path.push(nameOf(token));
      this.#at += 1;
    } while (this.#take('.'));
    if (!this.#take('IS')) return;
    const text = this.#peek();
    if (text?.kind !== 'text') return;
    const same = (a: string, b: string | undefined) => a.toLowerCase() === b?.toLowerCase();
    if (kind === 'TABLE') for (const table of tables) if (same(table.name, path.at(-1))) table.description = text.value;
    if (kind === 'COLUMN')
      for (const table of tables)
        if (same(table.name, path.at(-2))) for (const column of table.columns) if (same(column.name, path.at(-1))) column.description = text.value;
  }

  /** `ALTER TABLE t ADD CONSTRAINT …`, as dumps write keys. */
  #alter(tables: readonly Table[]): void {
    if (!this.#take('TABLE')) return;
    while (['ONLY', 'IF', 'EXISTS'].includes(this.#peek()?.value ?? '')) this.#at += 1;
    const name = this.#name()?.toLowerCase();
    const table = tables.find((one) => one.name.toLowerCase() === name);
    if (!table) return;
    if (this.#take('WITH') && !this.#take('CHECK')) return;
    if (!this.#take('ADD')) return;
    const start = this.#at;
    while (this.#at < this.#tokens.length && this.#peek()?.value !== ';') this.#at += 1;
    const part = this.#tokens.slice(start, this.#at);
    if (part[0]?.kind === 'word' && TABLE_LEVEL.has(part[0].value)) this.#tableConstraint(table, part);
  }
}

function nameOf(token: SqlToken): string {
  return token.kind === 'quoted' || token.kind === 'text' ? token.value : token.text;
}

/** A word of a type; those in brackets are SQL Server's, where a bit is no bit string and a timestamp no moment. */
function typeWord({ kind, text, value }: SqlToken): string {
  if (kind !== 'quoted' || !text.startsWith('[')) return text;
  return { bit: 'BOOLEAN', timestamp: 'ROWVERSION' }[value.toLowerCase()] ?? value;
}

function words(tokens: readonly SqlToken[]): string {
  return tokens
    .slice(0, 60)
    .map((token) => token.text)
    .join(' ');
}

/** Parts between commas that stand in no bracket. */
function split(tokens: readonly SqlToken[]): SqlToken[][] {
  const parts: SqlToken[][] = [[]];
  let depth = 0;
  for (const token of tokens) {
    depth += token.nests;
    if (depth === 0 && token.kind === 'sign' && token.value === ',') parts.push([]);
    else parts.at(-1)?.push(token);
  }
  return parts.filter((part) => part.length > 0);
}

/** `table (column)` after REFERENCES, as `table.column`, and how many tokens it took. */
function referenceAt(tokens: readonly SqlToken[], from: number): [string | undefined, number] {
  let at = from;
  let table = '';
  for (;;) {
    const token = tokens[at];
    if (token?.kind !== 'word' && token?.kind !== 'quoted') return [undefined, at - from];
    table = nameOf(token);
    at += 1;
    if (tokens[at]?.value !== '.') break;
    at += 1;
  }
  if (tokens[at]?.value !== '(') return [undefined, at - from];
  const column = tokens[at + 1];
  const reference =
    column && tokens[at + 2]?.value === ')' && [table, nameOf(column)].every((name) => /^[A-Za-z_]\w*$/.test(name)) ? `${table}.${nameOf(column)}` : undefined;
  return [reference, at + 3 - from];
}

/** Index of the token that closes the parenthesis at `from`; where none opens there, that before the next constraint. */
function groupEnd(tokens: readonly SqlToken[], from: number): number {
  if (tokens[from]?.value !== '(') return skipExpression(tokens, from);
  let depth = 0;
  const end = tokens.findIndex(({ kind, value }, at) => {
    if (at >= from && kind === 'sign') depth += value === '(' ? 1 : value === ')' ? -1 : 0;
    return at >= from && depth === 0;
  });
  return end < 0 ? tokens.length - 1 : end;
}

/** Index of the last token of an expression: up to the next word that begins a constraint. */
function skipExpression(tokens: readonly SqlToken[], from: number): number {
  let depth = 0;
  for (let at = from; at < tokens.length; at += 1) {
    const { kind, value } = tokens[at] as SqlToken;
    if (kind === 'sign' && value === '(') depth += 1;
    else if (kind === 'sign' && value === ')') depth -= 1;
    else if (depth === 0 && at > from && kind === 'word' && ['NOT', 'PRIMARY', 'UNIQUE', 'CHECK', 'REFERENCES', 'COMMENT', 'CONSTRAINT'].includes(value))
      return at - 1;
  }
  return tokens.length - 1;
}
