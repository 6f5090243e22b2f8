import { decimalOf, decimalText } from './decimal.ts';

/** The kinds of JSON values; whole numbers are numbers. */
export const KINDS = ['null', 'boolean', 'number', 'string', 'array', 'object'] as const;
export type Kind = (typeof KINDS)[number];

export function kindOf(value: unknown): Kind {
  if (value === null || value === undefined) return 'null';
  if (Array.isArray(value)) return 'array';
  const type = typeof value;
  if (type === 'bigint') return 'number';
  return type === 'boolean' || type === 'number' || type === 'string' ? type : 'object';
}

/** Text that is equal for values that JSON Schema holds as equal: members in any order, `1` and `1.0`. */
export function canonicalValue(value: unknown): string {
  switch (kindOf(value)) {
    case 'null':
      return 'null';
    case 'number': {
      const decimal = decimalOf(value);
      return decimal ? decimalText(decimal) : String(value);
    }
    case 'array':
      return `[${(value as unknown[]).map(canonicalValue).join()}]`;
    case 'object':
      return `{${Object.entries(value as object)
        .map(([name, member]) => `${JSON.stringify(name)}:${canonicalValue(member)}`)
        .sort()
        .join()}}`;
    default:
      return JSON.stringify(value);
  }
}

/** An own member of an object; names such as `constructor` are names like any other. */
export function memberOf(value: object, name: string): unknown {
  return Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined;
}

/** An object of entries in which `__proto__` is a name like any other. */
export function objectOf(entries: Iterable<readonly [string, unknown]>): Record<string, unknown> {
  const made: Record<string, unknown> = {};
  for (const [name, value] of entries) Object.defineProperty(made, name, { value, enumerable: true, configurable: true, writable: true });
  return made;
}
