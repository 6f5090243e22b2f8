import type { Contract, Property } from '@skein/contract';

/** Classes that are never sold as they are. */
export const HIDDEN_CLASSES: ReadonlySet<string> = new Set(['confidential', 'restricted']);

/** Whether the product holds what may be sold as a checked release only. Classes that are not known are taken for the strictest. */
export function needsRelease({ properties }: Contract): boolean {
  return properties.some(({ classification }) => HIDDEN_CLASSES.has(classification) || !['public', 'internal'].includes(classification));
}

/** Whether a column holds whole numbers or decimals: floats have no smallest unit. */
export function summable({ type }: Property): boolean {
  return type.kind === 'int' || type.kind === 'decimal';
}
