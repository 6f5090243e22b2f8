import type { ColumnFacts } from '../column-facts.ts';
import { matches, type Program, type Test, type Text, VALUE } from '../program/program.ts';
import { TIDY, tidied } from './space.ts';

/** One way to read the values of a gap. */
export interface Reading {
  /** The family. */
  readonly category: string;
  /** What it does, for a person: `day before month, with /`. */
  readonly what: string;
  /** The cells it claims to read: a value that it claims and cannot read speaks against it. */
  readonly when: Test;
  readonly result: Program['result'];
  /** What must hold of the outcome, where the contract's own rule is not enough to say it. */
  readonly holds?: Test;
  /** 0 where the form leaves hardly another reading, 1 where it is the likely one, 2 for a last resort. A lower tier goes first. */
  readonly tier: 0 | 1 | 2;
  /** It may touch values that the contract accepts: what it finds cannot have been meant. */
  readonly certain?: boolean;
  /** It claims only what it can read: that it cannot read a value does not speak against it. */
  readonly partial?: boolean;
  /** What its outcomes measure, such as `USD`: where readings of several meanings stand, what they read is a conflict, not a mixture. */
  readonly meaning?: string;
  /** Whether it stands for the values that it was made from only, so that held-back values say nothing. */
  readonly listed?: boolean;
}

export interface GapValue {
  readonly raw: string;
  /** The value without odd white space, invisible characters and full-width forms. */
  readonly text: string;
  readonly count: number;
  /** Whether the contract refuses the value. */
  readonly fails: boolean;
}

/** What families look at: the column, and the values of its gap that are present and of sane length. */
export interface Column {
  readonly facts: ColumnFacts;
  readonly values: readonly GapValue[];
  /** The failing value as programs read it: tidied where some value needs it. */
  readonly text: Text;
  /** The code list: the contract's, or that of a reference; undefined where there is none. */
  readonly codes: readonly string[] | undefined;
  /** Accepted values as text, most frequent first; at most 2,000. */
  readonly accepted: readonly string[];
  /** Whether a label wants a change, so that values which the contract accepts may be read too. */
  readonly labelled: boolean;
}

export type Family = (column: Column) => readonly Reading[];

/** Longest value that families look at, in UTF-16 units. */
export const LONGEST_VALUE = 1_000;

export function columnOf(facts: ColumnFacts, given: readonly { readonly value: string | null; readonly count: number }[], labelled: boolean): Column {
  const values: GapValue[] = [];
  for (const { value, count } of given) {
    if (value === null || value.length > LONGEST_VALUE || !value.isWellFormed()) continue;
    values.push({ raw: value, text: tidied(value), count, fails: !facts.accepts(value) });
  }
  return {
    facts,
    values,
    text: values.some(({ raw, text }) => raw !== text) ? TIDY : VALUE,
    codes: codesOf(facts),
    accepted: facts.accepted.slice(0, 2_000).map(({ value }) => value),
    labelled,
  };
}

function codesOf({ property, codes }: ColumnFacts): readonly string[] | undefined {
  const listed = property.options.validValues ?? codes;
  if (listed !== undefined) return listed;
  for (const { metric, arguments: given } of property.quality) {
    const values = metric === 'invalidValues' ? given['validValues'] : undefined;
    if (Array.isArray(values) && values.every((value) => typeof value === 'string')) return values;
  }
  return undefined;
}

export function reads(column: Column, pattern: string): Test {
  return matches(column.text, pattern);
}
