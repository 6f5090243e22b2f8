/**
 * The vocabulary in which the ODCS table (`odcs-shape.ts`) is written. A shape is data: the interpreter in
 * `check-shape.ts` walks a document beside it.
 */
export type Shape =
  | { readonly is: 'any' }
  /** A map whose fields are not of the standard. */
  | { readonly is: 'open' }
  /** Text, number, boolean or null. */
  | { readonly is: 'scalar' }
  | { readonly is: 'text'; readonly oneOf?: readonly string[]; readonly pattern?: RegExp; readonly like?: string }
  | { readonly is: 'number'; readonly above?: number }
  | { readonly is: 'integer'; readonly least?: number }
  | { readonly is: 'boolean' }
  | { readonly is: 'list'; readonly of: Shape; readonly least?: number; readonly most?: number; readonly unique?: boolean }
  | MapShape
  /**
   * Fields that depend on the value of another one: a server's on its type, `logicalTypeOptions` on `logicalType`.
   * `field` gives a scalar's value, null for a list or map, undefined where the field is absent.
   */
  | { readonly is: 'variant'; readonly name: string; readonly choose: (field: (name: string) => unknown) => Shape }
  /** The first shape that fits the kind of value (text, list, map). */
  | { readonly is: 'either'; readonly of: readonly Shape[] }
  /** Breaks cycles: properties hold properties. */
  | { readonly is: 'lazy'; readonly to: () => Shape };

export interface MapShape {
  readonly is: 'map';
  readonly name: string;
  readonly fields: Fields;
  readonly required?: readonly string[];
  /** Exactly one of these fields must stand. */
  readonly oneOf?: readonly string[];
  /** Fields beside those named may stand. */
  readonly open?: boolean;
}

export type Fields = Readonly<Record<string, Shape>>;

export const any: Shape = { is: 'any' };
export const open: Shape = { is: 'open' };
export const scalar: Shape = { is: 'scalar' };
export const text: Shape = { is: 'text' };
export const number: Shape = { is: 'number' };
export const boolean: Shape = { is: 'boolean' };
export const integer: Shape = { is: 'integer' };
export const positive: Shape = { is: 'integer', least: 1 };
export const oneOf = (...values: string[]): Shape => ({ is: 'text', oneOf: values });
export const matching = (pattern: RegExp, like: string): Shape => ({ is: 'text', pattern, like });
export const list = (of: Shape, limits: { least?: number; most?: number; unique?: boolean } = {}): Shape => ({ is: 'list', of, ...limits });
export const map = (name: string, fields: Fields, required: readonly string[] = []): MapShape => ({ is: 'map', name, fields, required });
export const either = (...of: Shape[]): Shape => ({ is: 'either', of });
export const lazy = (to: () => Shape): Shape => ({ is: 'lazy', to });
