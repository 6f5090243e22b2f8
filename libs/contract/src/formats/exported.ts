import type { Contract } from '../contract.ts';

/** A contract in another form. */
export interface Exported {
  readonly text: string;
  /** What the form could not carry, one sentence each; also within the text where its form has remarks. */
  readonly notes: readonly string[];
}

/** For forms without a word for who may see a column. */
export function classNotes(contract: Contract): string[] {
  const classed = contract.properties.filter(({ classification }) => classification !== 'public').map(({ name }) => name);
  return classed.length === 0 ? [] : [`the classification of ${classed.join(', ')} stays with the contract`];
}

/** For forms of single records. */
export function setNotes({ properties, quality }: Contract): string[] {
  const over = (one: Contract['properties'][number]) => one.keyPosition !== undefined || one.unique || one.references.length > 0 || one.quality.length > 0;
  return quality.length > 0 || properties.some(over) ? ['keys, references and quality rules need more than one record: they stay with the contract'] : [];
}
