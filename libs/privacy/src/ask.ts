import { SkeinError } from '@skein/kernel';
import type { Hierarchy } from './hierarchy.ts';

/**
 * l-diversity of each class (Machanavajjhala et al., ICDE 2006): at least l distinct sensitive values; or an entropy of at least log(l); or, with the
 * counts of a class in falling order, r₁ < c·(r_l + r_{l+1} + …).
 */
export type Diversity =
  | { readonly kind: 'distinct'; readonly l: number }
  | { readonly kind: 'entropy'; readonly l: number }
  | { readonly kind: 'recursive'; readonly l: number; readonly c: number };

/**
 * t-closeness of each class to the whole release (Li, Li, Venkatasubramanian, ICDE 2007): the earth mover's distance of the two distributions of the
 * sensitive value is at most t. Values are equally far from each other (`equal`), or as far as their ranks (`ordered`: numbers by size, texts in the
 * order given), or as the height of the node over both (`hierarchical`).
 */
export type Closeness =
  | { readonly t: number; readonly distance: 'equal' }
  | { readonly t: number; readonly distance: 'ordered'; readonly order?: readonly string[] }
  | { readonly t: number; readonly distance: 'hierarchical'; readonly hierarchy: Hierarchy };

/** What a release has to keep. */
export interface Ask {
  /** Columns by which a person could be told, alone or together. */
  readonly quasi: readonly string[];
  /** Columns whose values must not be told of a person. */
  readonly sensitive?: readonly string[];
  /** Rows that every combination of quasi-identifiers stands for, at least; persons, where `person` names their column. */
  readonly k: number;
  /**
   * The column that says whose a row is, where a person may have several. Then k, l and t count persons: k distinct ones; for l as few values as could
   * account for all of them, which are the most frequent; for t each person once for each of their values. It is never part of a release.
   */
  readonly person?: string;
  /** For each sensitive column. */
  readonly l?: Diversity;
  /** For each sensitive column. */
  readonly t?: Closeness;
}

/** @throws SKEIN_PRIVACY_INVALID for an ask that means nothing */
export function checkAsk(ask: Ask): void {
  const refuse = (message: string): never => {
    throw new SkeinError('SKEIN_PRIVACY_INVALID', message);
  };
  if (!Number.isSafeInteger(ask.k) || ask.k < 1) refuse(`k is a whole number of at least 1, not ${ask.k}`);
  if (ask.quasi.length === 0) refuse('at least one quasi-identifier is needed');
  const twice = ask.quasi.find((name, at) => ask.quasi.indexOf(name) !== at);
  if (twice !== undefined) refuse(`${JSON.stringify(twice)} stands twice among the quasi-identifiers`);
  const both = ask.sensitive?.find((name) => ask.quasi.includes(name));
  if (both !== undefined) refuse(`${JSON.stringify(both)} cannot be a quasi-identifier and sensitive`);
  if (ask.person !== undefined && (ask.quasi.includes(ask.person) || ask.sensitive?.includes(ask.person) === true))
    refuse(`${JSON.stringify(ask.person)} says whose a row is, and is not released`);
  if ((ask.l || ask.t) && (ask.sensitive ?? []).length === 0) refuse('l-diversity and t-closeness need a sensitive column');
  if (ask.l && !(ask.l.l >= 1 && Number.isFinite(ask.l.l))) refuse(`l is at least 1, not ${ask.l.l}`);
  if (ask.l && ask.l.kind !== 'entropy' && !Number.isSafeInteger(ask.l.l)) refuse(`l is a whole number, not ${ask.l.l}`);
  if (ask.l?.kind === 'recursive' && !(ask.l.c > 0 && Number.isFinite(ask.l.c))) refuse(`c is above 0, not ${ask.l.c}`);
  if (ask.t && !(ask.t.t >= 0 && ask.t.t <= 1)) refuse(`t lies between 0 and 1, not ${ask.t.t}`);
}

/** Sums of floats differ in their last digits with the order of summing; a bound is kept within this. */
export const ROUNDING = 1e-9;
