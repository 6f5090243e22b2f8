import type { Contract, Property } from '@skein/contract';
import { recordValidator, type RecordViolation } from '../record.ts';
import { candidates } from './candidate.ts';
import type { Change } from './change.ts';
import type { Direction } from './contract-rule.ts';
import { canonicalValue, objectOf } from './json-value.ts';

/** What shows a finding. */
export type Witness =
  /** A row (in the form of records) that one contract accepts and the other refuses, put to the record validators of both. */
  | { readonly kind: 'row'; readonly row: Readonly<Record<string, unknown>>; readonly validUnder: 'old' | 'new'; readonly refusedBy: readonly string[] }
  /** Rows of which each is accepted by both contracts, and which together break a rule of one of them. */
  | {
      readonly kind: 'rows';
      readonly rows: readonly Readonly<Record<string, unknown>>[];
      readonly validUnder: 'old' | 'new';
      readonly refusedBy: readonly string[];
    }
  /** No row shows it: what does. */
  | { readonly kind: 'statement'; readonly text: string };

interface Side {
  readonly name: 'old' | 'new';
  readonly contract: Contract;
  judge(row: unknown): RecordViolation[];
}

/** Makes witnesses for the changes between two contracts; the validators of both are compiled once, when first needed. */
export class WitnessMaker {
  readonly #old: Side;
  readonly #next: Side;
  readonly #values = new Map<string, unknown>();

  constructor(old: Contract, next: Contract) {
    this.#old = { name: 'old', contract: old, judge: recordValidator(old) };
    this.#next = { name: 'new', contract: next, judge: recordValidator(next) };
  }

  make(change: Change, direction: Direction): Witness {
    const { show } = change;
    if (show.by === 'words') return { kind: 'statement', text: show.words };
    if (direction === 'none') return { kind: 'statement', text: 'what was written before is read as before, and readers by name see no difference' };
    // A change that breaks forward is shown by what is written under the new contract.
    const ways: (readonly [Side, Side])[] = [
      ...(direction === 'forward' ? [] : [[this.#old, this.#next] as const]),
      ...(direction === 'backward' ? [] : [[this.#next, this.#old] as const]),
    ];
    for (const [from, to] of ways) {
      const made = show.by === 'row' ? this.#row(show.old, show.next, from, to) : this.#rows(show.same, show.apart, from, to, change.rule);
      if (made) return made;
    }
    return { kind: 'statement', text: 'no row was found that one contract accepts and the other refuses' };
  }

  #row(old: Property | undefined, next: Property | undefined, from: Side, to: Side): Witness | undefined {
    const [own, other] = from.name === 'old' ? [old, next] : [next, old];
    const ownName = own?.name;
    const otherName = other?.name;
    const rest = from.contract.properties
      .filter((property) => property.name !== ownName)
      .map((property) => [property.name, this.#plain(property, from, to)] as const);
    const values: (readonly [string, unknown] | undefined)[] = own ? candidates(own, other).map((value) => [own.name, value] as const) : [undefined];
    for (const value of values) {
      const row = objectOf([...rest, ...(value ? [value] : [])].filter(([, part]) => part !== undefined));
      if (from.judge(row).length > 0) continue;
      // Readers are open: a column that they do not know is no fault, unless it is one that changed its name.
      const renamed = ownName !== undefined && otherName !== undefined && ownName !== otherName;
      const broken = to
        .judge(row)
        .filter(
          (violation) =>
            (violation.column === otherName && violation.check !== 'record.unknown_column') ||
            (violation.column === ownName && (violation.check !== 'record.unknown_column' || renamed)),
        );
      if (broken.length > 0) return { kind: 'row', row, validUnder: from.name, refusedBy: broken.map((violation) => violation.check) };
    }
    return undefined;
  }

  #plain(property: Property, from: Side, to: Side): unknown {
    const key = `${from.name} ${property.name}`;
    if (!this.#values.has(key)) this.#values.set(key, this.#findPlain(property, from, to));
    return this.#values.get(key);
  }

  /** A value for a column that is not what the change is about: good on both sides where there is one, else on the side it is written for. */
  #findPlain(property: Property, from: Side, to: Side): unknown {
    const other = to.contract.properties.find((one) => one.name === property.name);
    let own: unknown;
    let found = false;
    for (const value of candidates(property, other)) {
      const fits = (side: Side) => !side.judge(objectOf([[property.name, value]])).some((violation) => violation.column === property.name);
      if (!fits(from)) continue;
      if (!other || fits(to)) return value;
      if (!found) own = value;
      found = true;
    }
    return own;
  }

  #rows(same: readonly string[], apart: readonly string[], from: Side, to: Side, rule: string): Witness | undefined {
    const goodFor = (property: Property): unknown[] => {
      const other = to.contract.properties.find((one) => one.name === property.name);
      const good = new Map<string, unknown>();
      for (const value of candidates(property, other)) {
        const fits = (side: Side) => !side.judge(objectOf([[property.name, value]])).some((violation) => violation.column === property.name);
        // A null is compared with nothing, neither in a key nor among unique values.
        if (value !== null && fits(from) && (!other || fits(to))) good.set(canonicalValue(value), value);
        if (good.size > 1) break;
      }
      return [...good.values()];
    };
    const first: [string, unknown][] = [];
    const second: [string, unknown][] = [];
    for (const property of from.contract.properties) {
      const [one, other = one] = goodFor(property);
      const differs = apart.includes(property.name) || (!same.includes(property.name) && property.unique);
      if (one === undefined && (same.includes(property.name) || apart.includes(property.name))) return undefined;
      if (apart.includes(property.name) && other === one) return undefined;
      first.push([property.name, one ?? null]);
      second.push([property.name, (differs ? other : one) ?? null]);
    }
    const rows = [objectOf(first), objectOf(second)];
    const columns = new Set(to.contract.properties.map((property) => property.name));
    const sound = rows.every((row) => from.judge(row).length === 0 && to.judge(row).every((violation) => violation.check === 'record.unknown_column'));
    if (!sound || same.some((name) => !columns.has(name)) || !repeats(to.contract, rows) || repeats(from.contract, rows)) return undefined;
    return { kind: 'rows', rows, validUnder: from.name, refusedBy: [rule.startsWith('key') ? 'primary_key' : `${same[0] ?? ''}.unique`] };
  }
}

/** Whether the rows break the primary key, or a unique column, of a contract. */
function repeats(contract: Contract, rows: readonly Readonly<Record<string, unknown>>[]): boolean {
  const key = contract.properties.filter((property) => property.keyPosition !== undefined);
  const shared = (columns: readonly Property[]) =>
    columns.length > 0 &&
    new Set(
      rows.filter((row) => columns.every(({ name }) => (row[name] ?? null) !== null)).map((row) => columns.map(({ name }) => canonicalValue(row[name])).join()),
    ).size < rows.length;
  return shared(key) || contract.properties.some((property) => property.unique && shared([property]));
}
