import { checkName, SkeinError } from '@skein/kernel';

/** Words that SQL keeps for itself (DuckDB's reserved words, and its own schemas), and those that no TypeScript name may be. */
const SQL =
  'all analyse analyze and any array as asc asymmetric both case cast check collate column constraint create default deferrable desc describe distinct do else end except false fetch for foreign from group having in initially intersect into lambda lateral leading limit not null offset on only or order pivot pivot_longer pivot_wider placing primary qualify references returning select show some summarize symmetric table then to trailing true union unique unpivot using variadic when where window with main temp system information_schema pg_catalog';
const TYPESCRIPT =
  'arguments async await break catch class const continue debugger delete enum eval export extends finally function get if implements import instanceof interface let new package private protected public return set static super switch this throw try type typeof undefined var void while yield contracts contract';
/** Names that the code of a domain, and that of a product, has from elsewhere. */
const USED: Readonly<Partial<Record<Named, readonly string[]>>> = {
  domain: 'it expect workbench bench products made promised'.split(' '),
  product: 'named_files conformed_step conformed_table'.split(' '),
};
const RESERVED: ReadonlySet<string> = new Set(`${SQL} ${TYPESCRIPT}`.split(' '));
/** Leaves room for `_feedback` behind a product's name, within the 63 characters that names may have. */
const LONGEST = 50;

/** What generators give names to. */
export type Named = 'domain' | 'product' | 'adapter' | 'source';

/** A name for something new: a path, SQL and TypeScript take it as it stands. Throws SKEIN_NAME_INVALID with what would do. */
export function checkNewName(kind: Named, name: string): string {
  const suggestion = name
    .normalize('NFKD')
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '_')
    .replaceAll(/^[^a-z]+|_+$/g, '')
    .slice(0, LONGEST);
  const hint =
    suggestion !== '' && suggestion !== name && !RESERVED.has(suggestion)
      ? `Take ${suggestion}, for example.`
      : `Take small letters, digits and _, a letter first, at most ${LONGEST}.`;
  if (!isPlain(kind, name) || name.length > LONGEST)
    throw new SkeinError('SKEIN_NAME_INVALID', `${kind} name ${JSON.stringify(name.length > 80 ? `${name.slice(0, 80)}…` : name)} is not allowed`, {
      hint,
      context: { kind, name },
    });
  if (RESERVED.has(name) || USED[kind]?.includes(name) === true)
    throw new SkeinError('SKEIN_NAME_INVALID', `${kind} name ${JSON.stringify(name)} is a reserved word`, {
      hint: `Take ${name}_data, for example: the name stands in SQL and in code.`,
      context: { kind, name },
    });
  if (/_(?:feedback|v[0-9]+)$/.test(name) || (kind === 'product' && name === 'lineage') || name === 'skein')
    throw new SkeinError('SKEIN_NAME_INVALID', `${kind} name ${JSON.stringify(name)} belongs to the mesh itself`, {
      hint: 'Names that end in _feedback or _v1, lineage and skein are given by the mesh.',
      context: { kind, name },
    });
  return name;
}

function isPlain(kind: Named, name: string): boolean {
  try {
    return checkName(kind === 'adapter' ? 'source' : kind, name) === name;
  } catch {
    return false;
  }
}

/** `order_lines` as `orderLines`. */
export function identifier(name: string): string {
  return name.replaceAll(/_+([a-z0-9])/g, (_, letter: string) => letter.toUpperCase()).replaceAll('_', '');
}

/** `order_lines` as `order-lines`: how files are named. */
export function fileName(name: string): string {
  return name.replaceAll('_', '-');
}
