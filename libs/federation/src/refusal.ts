import { formatPlace, SkeinError, type Place } from '@skein/kernel';

/** Why the gate says no; stands in the error's `context.kind`. */
export type RefusalKind = 'statement' | 'size' | 'depth' | 'syntax' | 'clause' | 'function' | 'table_function' | 'type' | 'constant' | 'keyword' | 'parameter';

/** SKEIN_QUERY_REFUSED; `position` is the offset in the SQL text where the engine's parser saw the thing. */
export function refused(kind: RefusalKind, message: string, position?: number, hint?: string): SkeinError {
  return new SkeinError('SKEIN_QUERY_REFUSED', message, {
    ...(hint === undefined ? {} : { hint }),
    context: { kind, ...(position === undefined ? {} : { position }) },
  });
}

/** One wording for what is not granted and for what is not there, so that nobody learns which. `name` is as the user wrote it. */
export function unknownProduct(name: string): SkeinError {
  return new SkeinError('SKEIN_PRODUCT_UNKNOWN', `no product ${JSON.stringify(name)} is visible to you`, { context: { product: name } });
}

/** A conflict names both places in its message; `place` is the second, the one that came later. */
export function conflict(message: string, first: Place, second: Place): SkeinError {
  return new SkeinError('SKEIN_CATALOG_CONFLICT', `${message}: ${formatPlace(first)} and ${formatPlace(second)}`, {
    place: second,
    context: { places: [first, second] },
  });
}
