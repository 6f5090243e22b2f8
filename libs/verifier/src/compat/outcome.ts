/**
 * What a search for a value found: `some` with the value, `none` when it is proven that there is none, `unknown` when the
 * search gave up.
 */
export type Outcome = { readonly is: 'some'; readonly value: unknown } | { readonly is: 'none' } | { readonly is: 'unknown'; readonly why: string };

export const NONE: Outcome = { is: 'none' };

export function some(value: unknown): Outcome {
  return { is: 'some', value };
}

export function unknown(why: string): Outcome {
  return { is: 'unknown', why };
}
