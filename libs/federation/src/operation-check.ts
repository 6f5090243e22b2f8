import { engineType, type Contract, type Property } from '@skein/contract';
import type { Binder, Bound, BoundRelation, RecordedUse, UsedProduct } from '@skein/ports';
import type { ContractFinding } from '@skein/verifier/compat';
import { majorOf } from './catalog.ts';
import { columnOf, REACH } from './finding-reach.ts';

/** `breaks`: it fails. `touched`: it runs on, and its answer or what it rests on may change, or that cannot be decided. */
export type Effect = 'breaks' | 'touched' | 'safe';

/** What one finding does to one recorded use. */
export interface UseEffect {
  readonly use: RecordedUse;
  readonly effect: Effect;
  readonly reason: string;
}

/** One finding, with the recorded uses of the product: those that break first. */
export interface Impact {
  readonly finding: ContractFinding;
  /** The worst of its uses; `safe` where there are none. */
  readonly effect: Effect;
  readonly uses: readonly UseEffect[];
  /** How many uses there are, whether they are told or not. */
  readonly counts: Readonly<Record<Effect, number>>;
  /** Principals whose uses break, sorted. */
  readonly consumers: readonly string[];
  /** Who must agree where a use breaks or the mode calls the finding breaking: consumers, the owner by the contract before, and owners of those downstream. */
  readonly approvers: readonly string[];
}

export interface OperationReport {
  readonly product: string;
  /** Versions of the contracts. */
  readonly from: string;
  readonly to: string;
  /** One for each finding, in their order. */
  readonly impacts: readonly Impact[];
  /** Distinct queries by the worst that any finding does to them; `unbound` of them bind to neither contract. */
  readonly queries: { readonly breaks: number; readonly touched: number; readonly safe: number; readonly unbound: number };
}

export interface CheckOptions {
  /** Contracts of the other products that the uses read: a query over a product that is missing here is not bound, and touched. */
  readonly others?: readonly Contract[];
  /** Owners of products that are made from this one, as far as lineage tells. */
  readonly downstreamOwners?: readonly string[];
  /** Uses told of each finding; all where silent. */
  readonly mostUses?: number;
}

const SEVERITY: Readonly<Record<Effect, number>> = { breaks: 2, touched: 1, safe: 0 };
/** Columns of stored tables beside the contract's, shown to some. */
const LINEAGE_COLUMNS = ['_row_id', '_source'];
const FEEDBACK = '_feedback';

/**
 * Says of each finding which recorded uses break, are touched, or are safe, and who must approve.
 *
 * Two things decide: the columns that a use reads, and whether the normalised query binds against empty tables of the old contract,
 * of the new one, and of the old one with this finding alone. What cannot be decided is touched, never safe.
 *
 * @param findings those of `compareContracts(old, next)`
 */
export async function checkOperations(
  old: Contract,
  next: Contract,
  findings: readonly ContractFinding[],
  uses: readonly RecordedUse[],
  binder: Binder,
  { others = [], downstreamOwners = [], mostUses = Number.POSITIVE_INFINITY }: CheckOptions = {},
): Promise<OperationReport> {
  const major = majorOf(old);
  const relevant = uses.filter((use) => use.reads.some((read) => read.product === old.product && read.major === major));
  const judge = new Judge(old, next, findings, others);
  const queries = Map.groupBy(relevant, (use) => use.queryHash);
  const answers = new Map<string, readonly Answer[]>();
  const unbound = new Set<string>();
  for (const [hash, [use]] of queries) {
    if (!use) continue;
    const judged = await judge.query(use, binder);
    answers.set(hash, judged.answers);
    if (judged.unbound) unbound.add(hash);
  }
  const owners = [...(old.owner === undefined ? [] : [old.owner]), ...downstreamOwners];
  const impacts = findings.map((finding, at): Impact => {
    const judged = relevant
      .map((use): UseEffect => ({ use, ...(answers.get(use.queryHash)?.[at] as Answer) }))
      .toSorted((a, b) => SEVERITY[b.effect] - SEVERITY[a.effect]);
    const consumers = sorted(judged.filter(({ effect }) => effect === 'breaks').map(({ use }) => use.principal));
    return {
      finding,
      effect: judged[0]?.effect ?? 'safe',
      uses: judged.slice(0, mostUses),
      counts: countEffects(judged.map(({ effect }) => effect)),
      consumers,
      approvers: finding.breaking || consumers.length > 0 ? sorted([...consumers, ...owners]) : [],
    };
  });
  const worst = [...answers.values()].map((list) => list.reduce<Effect>((so, { effect }) => (SEVERITY[effect] > SEVERITY[so] ? effect : so), 'safe'));
  return {
    product: old.product,
    from: old.version,
    to: next.version,
    impacts,
    queries: { ...countEffects(worst), unbound: unbound.size },
  };
}

function countEffects(effects: readonly Effect[]): Record<Effect, number> {
  const counts = { breaks: 0, touched: 0, safe: 0 };
  for (const effect of effects) counts[effect] += 1;
  return counts;
}

interface Answer {
  readonly effect: Effect;
  readonly reason: string;
}

/** The columns of the product with one finding applied, and those of its names that a reader can miss. */
interface Shape {
  readonly columns: readonly Column[];
  readonly gone?: string | undefined;
  readonly retyped?: string | undefined;
  /** Whether names or places of columns come into being. */
  readonly adds?: boolean;
}

interface Column {
  readonly name: string;
  readonly type: string;
}

class Judge {
  readonly #old: Contract;
  readonly #next: Contract;
  readonly #findings: readonly ContractFinding[];
  readonly #others: ReadonlyMap<string, Contract>;
  readonly #shapes: readonly (Shape | undefined)[];

  constructor(old: Contract, next: Contract, findings: readonly ContractFinding[], others: readonly Contract[]) {
    this.#old = old;
    this.#next = next;
    this.#findings = findings;
    this.#others = new Map(others.map((contract) => [`${contract.product} ${majorOf(contract)}`, contract]));
    this.#shapes = findings.map((finding) => (REACH[finding.rule] === 'shape' ? shapeOf(finding, old, next) : undefined));
  }

  async query(use: RecordedUse, binder: Binder): Promise<{ readonly answers: readonly Answer[]; readonly unbound: boolean }> {
    const reads = use.reads.filter((read) => read.product === this.#old.product && read.major === majorOf(this.#old));
    const stays = majorOf(this.#next) > majorOf(this.#old) && reads.every((read) => read.address !== read.product);
    if (stays) {
      const reason = `it addresses major ${majorOf(this.#old)} by its number, which stays`;
      return { answers: this.#findings.map(() => ({ effect: 'safe', reason })), unbound: false };
    }
    const columns = new Set(reads.flatMap((read) => read.columns.map(lower)));
    const needed = this.#shapes.map((shape) => shape !== undefined && !missesNothing(shape, columns));
    const bound = needed.includes(true) ? await this.#bind(use, needed, binder) : undefined;
    const answers = this.#findings.map((finding, at) => {
      const shape = this.#shapes[at];
      if (!shape) return this.#byColumns(finding, columns);
      if (!needed[at]) return safe(`it does not read column ${shape.gone ?? shape.retyped}`);
      return byBinding(shape, columns, bound, bound?.single[at]);
    });
    // Findings that are harmless one by one can break a query together.
    const broken = bound?.old && 'columns' in bound.old && bound.next && 'error' in bound.next && !answers.some(({ effect }) => effect === 'breaks');
    return {
      answers: answers.map((answer, at) => (broken && needed[at] ? { effect: 'breaks', reason: `with the other changes, ${failure(bound.next)}` } : answer)),
      unbound: bound?.old !== undefined && 'error' in bound.old && bound.next !== undefined && 'error' in bound.next,
    };
  }

  #byColumns(finding: ContractFinding, columns: ReadonlySet<string>): Answer {
    const reach = REACH[finding.rule];
    if (reach === 'address') return { effect: 'breaks', reason: `it names ${this.#old.product}, which is ${this.#next.product} now` };
    if (reach === 'nobody') return safe('no query depends on it');
    const name = columnOf(finding, this.#old, this.#next);
    if (reach === 'product' || name === undefined) return { effect: 'touched', reason: 'it reads the product, of which this holds as a whole' };
    if (columns.has(lower(name))) return { effect: 'touched', reason: `it reads column ${name}` };
    if (columns.has('*'))
      return { effect: 'touched', reason: `it reads all columns, or its columns could not be told apart: column ${name} may be among them` };
    return safe(`it does not read column ${name}`);
  }

  /** Binds against the old contract, the new one, and the old one with each needed finding; or says why nothing was bound. */
  async #bind(use: RecordedUse, needed: readonly boolean[], binder: Binder): Promise<Binding> {
    if (use.sql === '') return { unknown: 'its text was too long to be kept', single: [] };
    const shapes: (readonly Column[])[] = [columnsOf(this.#old), columnsOf(this.#next)];
    const places = needed.map((one, at) => (one ? shapes.push(this.#shapes[at]?.columns ?? []) - 1 : undefined));
    const rest: BoundRelation[] = [];
    for (const read of use.reads) {
      if (read.product === this.#old.product && read.major === majorOf(this.#old)) continue;
      const contract = this.#contractOf(read);
      if (!contract) return { unknown: `the columns of ${read.address} are not known here`, single: [] };
      rest.push(relation(read, columnsOf(contract)));
    }
    const own = use.reads.filter((read) => read.product === this.#old.product && read.major === majorOf(this.#old));
    const bound = await binder.bind(
      use.sql,
      shapes.map((columns) => [...rest, ...own.map((read) => relation(read, columns))]),
    );
    return { old: bound[0], next: bound[1], single: places.map((at) => (at === undefined ? undefined : bound[at])) };
  }

  #contractOf(read: UsedProduct): Contract | undefined {
    const { product, major } = read;
    const template = product.endsWith(FEEDBACK) ? 'skein.feedback' : product.endsWith('.lineage') ? 'skein.lineage' : undefined;
    return this.#others.get(`${product} ${major}`) ?? (template === undefined ? undefined : this.#others.get(`${template} ${major}`));
  }
}

type Failed = { readonly error: string };

interface Binding {
  /** Why nothing was bound. */
  readonly unknown?: string;
  readonly old?: Bound | undefined;
  readonly next?: Bound | undefined;
  /** By finding. */
  readonly single: readonly (Bound | undefined)[];
}

function byBinding({ gone, retyped }: Shape, columns: ReadonlySet<string>, binding: Binding | undefined, single: Bound | undefined): Answer {
  const named = gone !== undefined && columns.has(lower(gone));
  const { old, next } = binding ?? {};
  if (!old || !next || !single || 'error' in old) {
    if (named) return { effect: 'breaks', reason: `it reads column ${gone}, which is gone` };
    const why = old && 'error' in old ? `it does not bind to the contract before either (${failure(old)})` : (binding?.unknown ?? 'it was not bound');
    return { effect: 'touched', reason: `what becomes of it cannot be decided: ${why}` };
  }
  if ('error' in single) {
    if ('error' in next) return { effect: 'breaks', reason: failure(single) };
    return { effect: 'touched', reason: 'it still binds, but to another column or another type than before' };
  }
  const changes = resultChanges(old.columns, single.columns);
  if (changes !== undefined) return { effect: 'touched', reason: changes };
  if (named) return { effect: 'touched', reason: `it names a column ${gone}, and still binds without this one` };
  if (retyped !== undefined && columns.has(lower(retyped))) return { effect: 'touched', reason: `it reads column ${retyped}; the columns of its result stay` };
  if (columns.has('*')) return { effect: 'touched', reason: 'it reads all columns, or its columns could not be told apart; the columns of its result stay' };
  return safe('it binds as before, to the same result');
}

/** What differs between two results, in words; undefined where nothing does. */
function resultChanges(before: readonly Column[], after: readonly Column[]): string | undefined {
  const lost = before.filter(({ name }) => !after.some((column) => column.name === name)).map(({ name }) => name);
  const gained = after.filter(({ name }) => !before.some((column) => column.name === name)).map(({ name }) => name);
  const retyped = before.flatMap(({ name, type }) => {
    const now = after.find((column) => column.name === name);
    return now && now.type !== type ? [`${name} from ${type} to ${now.type}`] : [];
  });
  const parts = [
    lost.length > 0 ? `loses ${lost.join(', ')}` : '',
    gained.length > 0 ? `gains ${gained.join(', ')}` : '',
    retyped.length > 0 ? `changes ${retyped.join(', ')}` : '',
  ].filter((part) => part !== '');
  if (parts.length > 0) return `its result ${parts.join(' and ')}`;
  return before.length !== after.length || before.some(({ name, type }, at) => name !== after[at]?.name || type !== after[at]?.type)
    ? 'its result has its columns in another order'
    : undefined;
}

function shapeOf(finding: ContractFinding, old: Contract, next: Contract): Shape {
  const columns = columnsOf(old);
  const name = columnOf(finding, old, next);
  const before = old.properties.find((property) => property.name === name);
  const after = before ? partnerOf(before, next) : next.properties.find((property) => property.name === name);
  const replaced = (by: readonly Property[]): Column[] => columns.flatMap((column) => (column.name === name ? by.map(columnOfProperty) : [column]));
  switch (finding.rule) {
    case 'column.added':
    case 'column.added_required':
      return { columns: after ? [...columns, columnOfProperty(after)] : columns, adds: true };
    case 'column.removed':
    case 'column.removed_early':
    case 'column.removed_after_notice':
      return { columns: replaced([]), gone: name };
    case 'column.renamed':
      return { columns: replaced(after ? [after] : []), gone: name, adds: true };
    case 'column.renamed_with_alias':
      return { columns: replaced(next.properties.filter((property) => property === after || property.name === name)), retyped: name, adds: true };
    case 'column.reordered': {
      const order = next.properties.flatMap((property) => old.properties.filter((one) => partnerOf(one, next) === property));
      return { columns: [...order, ...old.properties.filter((one) => !order.includes(one))].map(columnOfProperty), adds: true };
    }
    default:
      return {
        columns: columns.map((column) => (column.name === name && after ? { name: column.name, type: engineType(after.type) } : column)),
        retyped: name,
      };
  }
}

/** Whether the shape cannot matter to who reads these columns. */
function missesNothing({ gone, retyped, adds = false }: Shape, columns: ReadonlySet<string>): boolean {
  const subject = gone ?? retyped;
  // a new name may be taken for one that the query means otherwise, and all columns are one more
  return !adds && subject !== undefined && !columns.has('*') && !columns.has(lower(subject));
}

function partnerOf(property: Property, next: Contract): Property | undefined {
  return next.properties.find((one) => one.id === property.id) ?? next.properties.find((one) => one.name === property.name);
}

function columnsOf(contract: Contract): Column[] {
  return contract.properties.map(columnOfProperty);
}

function columnOfProperty({ name, type }: Property): Column {
  return { name, type: engineType(type) };
}

function relation({ address, columns: read }: UsedProduct, columns: readonly Column[]): BoundRelation {
  const dot = address.indexOf('.');
  const lineage = LINEAGE_COLUMNS.filter((name) => read.includes(name) && !columns.some((column) => column.name === name));
  return {
    schema: address.slice(0, dot),
    name: address.slice(dot + 1),
    columns: [...columns, ...lineage.map((name) => ({ name, type: 'VARCHAR' }))],
  };
}

function failure({ error }: Failed): string {
  return `it does not bind any more: ${error}`;
}

function safe(reason: string): Answer {
  return { effect: 'safe', reason };
}

function sorted(names: readonly string[]): string[] {
  return [...new Set(names)].sort();
}

function lower(name: string): string {
  return name.toLowerCase();
}
