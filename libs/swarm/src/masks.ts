import { ident, literal, SkeinError } from '@skein/kernel';
import { bindExpression, signatureKey, type Expression, type Pattern } from '@skein/pattern';
import type { EngineSession, PatternBoard } from '@skein/ports';
import type { BronzeTable, DataProduct, Domain } from '@skein/product';
import { isAllowed } from './allowed.ts';
import { bronzeSql } from './bronze.ts';
import { originsOf } from './origins.ts';
import { maskingSignature } from './review/masking.ts';
import { rootOf } from './review/personal-columns.ts';

/** What persons decided about columns of the domain's sources: one pattern for each column, in order of the column. */
export function decidedMasks(domain: Domain, board: PatternBoard | undefined): Pattern[] {
  const masks = new Map<string, Pattern>();
  for (const pattern of board?.knowledge().patterns ?? []) {
    const { category, context, signature, solution } = pattern;
    if (category !== 'masking' || context.domain !== domain.name || solution.kind !== 'expression') continue;
    // The context is no part of a pattern's identity, and could have been put there by anyone.
    if (signatureKey(maskingSignature(context)) !== signatureKey(signature) || placeOf(domain, context.column) === undefined) continue;
    const known = masks.get(context.column);
    if (known === undefined || pattern.id < known.id) masks.set(context.column, pattern);
  }
  return [...masks.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, pattern]) => pattern);
}

/** Names of bronze tables of which a column is hidden. */
export function maskedTables(domain: Domain, masks: readonly Pattern[]): ReadonlySet<string> {
  return new Set(masks.flatMap(({ context }) => placeOf(domain, context.column)?.table.name ?? []));
}

/**
 * The domain with bronze tables that hide what is to be hidden, as part of their definition: so every reader of bronze, the identity of what is made of it and a
 * replay go by it. A mask whose SQL is not on the allow-list makes its column missing. Throws what the engine throws where a mask cannot be put in place:
 * then nothing is made, rather than made with the values.
 */
export async function maskedDomain(domain: Domain, masks: readonly Pattern[], session: () => Promise<EngineSession>): Promise<Domain> {
  if (masks.length === 0) return domain;
  const bronze: BronzeTable[] = [];
  for (const table of domain.bronze) {
    const own = masks.filter(({ context }) => placeOf(domain, context.column)?.table === table);
    bronze.push(own.length === 0 ? table : await maskedTable(domain, table, own, await session()));
  }
  return { ...domain, bronze };
}

/**
 * Columns of a product that masks reach: those that its lineage makes of a hidden column, directly or by way of other products, and those of which it does
 * not say what they are made of.
 */
export function reachedColumns(domain: Domain, product: DataProduct, masks: readonly Pattern[]): string[] {
  const origins = originsOf(domain);
  const reached = new Set(
    masks
      .flatMap(({ context }) => {
        const place = placeOf(domain, context.column);
        return place === undefined ? [] : origins.of(place.table.name, rootOf(place.path)).concat(origins.of(place.table.name, place.path));
      })
      .filter((derived) => derived.product === product.id)
      .map(({ column }) => column),
  );
  const declared = product.step.lineage ?? {};
  return product.contract.properties.map(({ name }) => name).filter((name) => reached.has(name) || (masks.length > 0 && !Object.hasOwn(declared, name)));
}

function placeOf(domain: Domain, column: string): { readonly table: BronzeTable; readonly path: string } | undefined {
  const table = domain.bronze.find(({ name }) => column.startsWith(`${name}.`));
  return table && { table, path: column.slice(table.name.length + 1) };
}

const CLEAR: Expression = { kind: 'expression', transformation: 'NULL', preConditions: 'TRUE', postValidation: 'TRUE' };

async function maskedTable(domain: Domain, table: BronzeTable, masks: readonly Pattern[], session: EngineSession): Promise<BronzeTable> {
  const source = domain.sources.find(({ name }) => name === table.source);
  const replaced = new Map<string, string>();
  const put = (column: string, by: (sql: string) => string): void => void replaced.set(column, by(replaced.get(column) ?? ident(column)));
  if (source?.shape === 'json') {
    const from = `FROM (${bronzeSql(domain, table, [])})`;
    const offered = (await session.describe(`SELECT * ${from}`)).map(({ name }) => name);
    for (const { context, solution } of masks) {
      const [root = '', ...steps] = stepsOf(context.column.slice(table.name.length + 1));
      if (typeof root !== 'string' || !offered.includes(root)) continue;
      const rewrite = new Rewrite(session, from, await maskOf(session, solution as Expression));
      const by = await rewrite.at(ident(root), steps);
      if (by !== undefined) put(root, by);
      // Where it could not be typed, the table quotes the field as it stands.
      for (const [quoting, quoted] of Object.entries(table.quotes ?? {})) {
        if (quoted === root && by !== undefined) put(quoting, (sql) => `CASE WHEN ${sql} IS NOT NULL THEN '***' END`);
      }
    }
    if (replaced.size === 0) return table;
    return { ...table, sql: `SELECT * REPLACE (${listed(replaced)}) FROM (${table.sql})` };
  }
  const columns = await session.describe(`SELECT * FROM (${landingSql(domain, table)})`);
  for (const { context, solution } of masks) {
    const path = context.column.slice(table.name.length + 1);
    const column = columns.find(({ name }) => name.toLowerCase() === path.toLowerCase());
    if (column === undefined) continue;
    const mask = await maskOf(session, solution as Expression);
    put(column.name, (sql) => (column.type === 'VARCHAR' ? mask(sql) : `CASE WHEN false THEN ${sql} END`));
  }
  if (replaced.size === 0) return table;
  return { ...table, sql: `WITH landing AS (SELECT * REPLACE (${listed(replaced)}) FROM landing) SELECT * FROM (${table.sql})` };
}

const listed = (replaced: ReadonlyMap<string, string>): string => [...replaced].map(([column, sql]) => `${sql} AS ${ident(column)}`).join(', ');

/** The rows that the table's SQL reads. */
function landingSql(domain: Domain, table: BronzeTable): string {
  return bronzeSql(domain, { ...table, sql: 'SELECT * FROM landing' }, []);
}

async function maskOf(session: EngineSession, solution: Expression): Promise<(sql: string) => string> {
  const allowed = (await isAllowed(session, solution, [])) ? solution : CLEAR;
  return (sql) => {
    const { touches, repaired } = bindExpression(allowed, sql, () => 'NULL::VARCHAR');
    return `CASE WHEN ${touches} THEN ${repaired} ELSE ${sql} END`;
  };
}

type Step = string | { readonly each: true } | { readonly key: string };

/** `a.b`, `items[].id`, `event_params[campaign]`. */
function stepsOf(path: string): Step[] {
  return [...path.matchAll(/\[([^[\]]*)\]|([^.[\]]+)/g)].map(([, key, field]): Step => field ?? (key === undefined || key === '' ? { each: true } : { key }));
}

type By = (sql: string) => string;

/** SQL that hides one place within a value of nested types. `probe` is an expression of the place's type over the bronze table. */
class Rewrite {
  readonly #session: EngineSession;
  readonly #from: string;
  readonly #mask: By;
  #variables = 0;

  constructor(session: EngineSession, from: string, mask: By) {
    this.#session = session;
    this.#from = from;
    this.#mask = mask;
  }

  /** Undefined where there is no such place: then there is nothing to hide. */
  async at(probe: string, steps: readonly Step[]): Promise<By | undefined> {
    const [step, ...rest] = steps;
    if (step === undefined) return this.#all(probe);
    const type = await this.#typeOf(probe);
    if (typeof step === 'string') {
      const field = type.startsWith('STRUCT(') && !type.endsWith(']') ? (await this.#fields(probe)).find((name) => name === step) : undefined;
      const by = field === undefined ? undefined : await this.at(`(${probe}).${ident(step)}`, rest);
      return by && inField(step, by);
    }
    if (!type.endsWith(']')) return undefined;
    const element = `(${probe})[1]`;
    if ('each' in step) {
      const by = await this.at(element, rest);
      return by && this.#inEach(by);
    }
    const fields = await this.#fields(element);
    if (!fields.includes('key') || !fields.includes('value')) return undefined;
    const by = inField('value', await this.#all(`(${element})."value"`));
    return this.#inEach((entry) => `CASE WHEN (${entry})."key" = ${literal(step.key)} THEN ${by(entry)} ELSE ${entry} END`);
  }

  /** Hides every text in a value, and makes missing what is no text. */
  async #all(probe: string): Promise<By> {
    const type = await this.#typeOf(probe);
    if (type === 'VARCHAR') return this.#mask;
    if (type.endsWith('[]')) return this.#inEach(await this.#all(`(${probe})[1]`));
    if (!type.startsWith('STRUCT(')) return (sql) => `CASE WHEN false THEN ${sql} END`;
    const inner: By[] = [];
    for (const field of await this.#fields(probe)) inner.push(inField(field, await this.#all(`(${probe}).${ident(field)}`)));
    return (sql) => inner.reduce((nested, by) => by(nested), sql);
  }

  #inEach(by: By): By {
    const variable = `_masked_${this.#variables++}`;
    return (sql) => `list_transform(${sql}, lambda ${variable}: ${by(variable)})`;
  }

  async #typeOf(probe: string): Promise<string> {
    const [described] = await this.#session.describe(`SELECT ${probe} AS v ${this.#from}`);
    if (described === undefined) throw new SkeinError('SKEIN_INTERNAL', `the type of ${probe} is not known`);
    return described.type;
  }

  async #fields(probe: string): Promise<string[]> {
    return (await this.#session.describe(`SELECT unnest(${probe}) ${this.#from}`)).map(({ name }) => name);
  }
}

/** A missing record stays missing: an update of it would make one. */
function inField(field: string, by: By): By {
  return (sql) => `CASE WHEN ${sql} IS NULL THEN ${sql} ELSE struct_update(${sql}, ${ident(field)} := ${by(`(${sql}).${ident(field)}`)}) END`;
}
