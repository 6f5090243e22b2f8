import type { ColumnType } from '@skein/contract';
import { sha256 } from '@skein/kernel';
import type { QuerySandbox, UsageLog, UsedProduct } from '@skein/ports';
import { BoundedCache } from './bounded-cache.ts';
import type { Catalog, CatalogEntry } from './catalog.ts';
import type { CheckedSql } from './checked-sql.ts';
import { ALL_COLUMNS, columnReads } from './column-reads.ts';
import { lower } from './gate-checks.ts';
import { GATE_LIMITS } from './gate-depth.ts';
import { normalise } from './normal-form.ts';
import { parseTree, printTree } from './syntax-tree.ts';

/** A query without its values, and what it reads. */
export interface NormalQuery {
  readonly queryHash: string;
  readonly sql: string;
  readonly reads: readonly UsedProduct[];
}

/** Who ran a query, and when. */
export interface QueryRun {
  readonly principal: string;
  readonly purpose: string | undefined;
  readonly time: number;
}

const FORMS = 4_000;
const FORM_CHARACTERS = 16_000_000;
/** Runs of texts not yet in normal form; more are not recorded, since memory must not grow with them. */
const WAITING = 10_000;
/** A longer normal form is kept without its text: its columns are known, but it cannot be bound. */
const MAX_TEXT = 32_768;
/** Columns that stored tables have beside the contract's, and that some may read. */
const LINEAGE_COLUMNS = ['_row_id', '_source'];

/**
 * Records which queries ran. A query only leaves a note here: its normal form is made after its answer has ended, one at a time,
 * once for each text. Failures are counted and told to `onFailure`; no query sees one.
 */
export class UsageRecorder {
  readonly #log: UsageLog;
  readonly #sandbox: Pick<QuerySandbox, 'parse' | 'print'>;
  readonly #catalog: Catalog;
  readonly #onFailure: (error: unknown) => void;
  readonly #forms = new BoundedCache<NormalQuery>(FORMS, FORM_CHARACTERS);
  readonly #names = new WeakMap<CatalogEntry, ReadonlyMap<string, string>>();
  readonly #waiting: { readonly text: CheckedSql; readonly run: QueryRun }[] = [];
  #working: Promise<void> | undefined;
  #failed = 0;

  constructor(log: UsageLog, sandbox: Pick<QuerySandbox, 'parse' | 'print'>, catalog: Catalog, onFailure: (error: unknown) => void) {
    this.#log = log;
    this.#sandbox = sandbox;
    this.#catalog = catalog;
    this.#onFailure = onFailure;
  }

  /** Never throws, never waits. */
  note(text: CheckedSql, run: QueryRun): void {
    if (text.reads.length === 0) return;
    const form = this.#forms.get(text.hash);
    if (form) this.#log.record({ ...form, ...run });
    else if (this.#waiting.length >= WAITING) this.#fail(new RangeError(`${WAITING} queries wait to be recorded`));
    else {
      this.#waiting.push({ text, run });
      this.#working ??= this.#work();
    }
  }

  stats(): { readonly recorded: number; readonly failed: number } {
    const { recorded, failed } = this.#log.stats();
    return { recorded, failed: failed + this.#failed };
  }

  /** Returns when all that was noted has been handed on. */
  async idle(): Promise<void> {
    while (this.#working) await this.#working;
  }

  async #work(): Promise<void> {
    // not in the turn of the query that brought it
    await new Promise((next) => setImmediate(next));
    for (let next = this.#waiting.shift(); next; next = this.#waiting.shift()) {
      try {
        let form = this.#forms.get(next.text.hash);
        if (!form) {
          form = await this.#normal(next.text);
          this.#forms.set(next.text.hash, form, form.sql.length + next.text.hash.length);
        }
        this.#log.record({ ...form, ...next.run });
      } catch (error) {
        this.#fail(error);
      }
    }
    this.#working = undefined;
  }

  async #normal({ sql, reads }: CheckedSql): Promise<NormalQuery> {
    const entries = reads.flatMap((read) => this.#catalog.entries.get(`${read.schema}.${read.table}`) ?? []);
    const columns = new Map(entries.map((entry) => [entry.id, columnNames(entry)]));
    const tree = parseTree(await this.#sandbox.parse(sql), GATE_LIMITS.maxCharacters);
    const found = columnReads(tree, (address) => columns.get(address));
    const known = new Map(entries.flatMap((entry) => [...this.#namesOf(entry)]));
    normalise(tree, known);
    const text = await this.#sandbox.print(printTree(tree));
    return Object.freeze({
      queryHash: sha256(text),
      sql: text.length > MAX_TEXT ? '' : text,
      reads: Object.freeze(
        entries.map((entry): UsedProduct => {
          const names = found.get(entry.id) ?? new Set([ALL_COLUMNS]);
          return {
            product: entry.kind === 'product' ? entry.contract.product : entry.id,
            major: entry.major,
            address: entry.id,
            columns: names.has(ALL_COLUMNS) ? [ALL_COLUMNS] : [...names].sort(),
          };
        }),
      ),
    });
  }

  /** Names that the entry's contract gives: of the product, its columns and their fields. */
  #namesOf(entry: CatalogEntry): ReadonlyMap<string, string> {
    let names = this.#names.get(entry);
    if (!names) {
      const list = [entry.domain, entry.name, ...columnNames(entry).values(), ...entry.contract.properties.flatMap((property) => fieldNames(property.type))];
      names = new Map(list.toReversed().map((name) => [lower(name), name]));
      this.#names.set(entry, names);
    }
    return names;
  }

  #fail(error: unknown): void {
    this.#failed += 1;
    this.#onFailure(error);
  }
}

function columnNames({ contract }: CatalogEntry): ReadonlyMap<string, string> {
  return new Map([...LINEAGE_COLUMNS, ...contract.properties.map((property) => property.name)].map((name) => [lower(name), name]));
}

function fieldNames(type: ColumnType): string[] {
  switch (type.kind) {
    case 'struct':
      return type.fields.flatMap((field) => [field.name, ...fieldNames(field.type)]);
    case 'list':
      return fieldNames(type.element);
    case 'map':
      return [...fieldNames(type.key), ...fieldNames(type.value)];
    default:
      return [];
  }
}
