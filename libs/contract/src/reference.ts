import { quote } from './check-shape.ts';
import type { Reference } from './contract.ts';
import { itemsAt, mapsAt, nodeAt, offsetOf, type Reading } from './reading.ts';
import type { TreeMap } from './yaml-tree.ts';

interface Own {
  readonly domain: string;
  readonly name: string;
}

/** The `relationships` of a property: each target as product and column. */
export function readReferences(property: TreeMap, own: Own, reading: Reading): Reference[] {
  return mapsAt(property, 'relationships').flatMap((relationship) => {
    const to = nodeAt(relationship, 'to');
    const targets = to?.kind === 'list' ? to.items : to ? [to] : [];
    if (targets.length !== 1) {
      reading.unsupported(
        'relationships.to',
        offsetOf(relationship, 'to'),
        'a property refers to one column',
        'Write one target; composite keys are not judged yet.',
      );
      return [];
    }
    return targets.flatMap((target) => (target.kind === 'scalar' ? (readTarget(target.text, target.at, own, reading) ?? []) : []));
  });
}

/**
 * The `relationships` of the schema object, by column. One column to one column is the same as a relationship of the
 * property; composite keys are refused rather than left unjudged.
 */
export function readObjectReferences(object: TreeMap, own: Own, columns: ReadonlySet<string>, reading: Reading): Map<string, Reference[]> {
  const byColumn = new Map<string, Reference[]>();
  for (const relationship of mapsAt(object, 'relationships')) {
    const side = (name: 'from' | 'to') => {
      const node = nodeAt(relationship, name);
      return node?.kind === 'list' ? itemsAt(relationship, name) : node ? [node] : [];
    };
    const [from, ...more] = side('from');
    const [to, ...others] = side('to');
    if (!from || !to || more.length > 0 || others.length > 0) {
      reading.unsupported(
        'relationships',
        relationship.at,
        'a relationship over several columns is not judged',
        'Refer by one column, or write a SQL quality rule.',
      );
      continue;
    }
    const source = from.kind === 'scalar' ? parseReference(from.text, own) : undefined;
    if (!source || source.product !== `${own.domain}.${own.name}` || !columns.has(source.column)) {
      reading.invalid(
        'relationships.from',
        from.at,
        `${quote(from.kind === 'scalar' ? from.text : from.kind)} is no column of ${own.name}`,
        `Write ${own.name}.<column>.`,
      );
      continue;
    }
    const target = to.kind === 'scalar' ? readTarget(to.text, to.at, own, reading) : undefined;
    if (target) byColumn.set(source.column, [...(byColumn.get(source.column) ?? []), target]);
  }
  return byColumn;
}

function readTarget(text: string, at: number, own: Own, reading: Reading): Reference | undefined {
  const parsed = parseReference(text, own);
  if (parsed) return { ...parsed, place: reading.place(at) };
  reading.invalid(
    'relationships.to',
    at,
    `${quote(text)} names no column of a product`,
    'Write <domain>.<product>.<column>, or <product>.<column> within the same domain.',
  );
  return undefined;
}

/**
 * `domain.product.column`, `product.column` (same domain), or the path forms of ODCS 3.1:
 * `[…/<domain>/<product>/v<major>/contract.odcs.yaml#]/schema/<product>/properties/<column>`. Paths are names here: no file is opened.
 */
export function parseReference(text: string, own: Own): { product: string; column: string } | undefined {
  const dotted = text.split('.');
  if (!text.includes('/')) {
    const [first = '', second = '', third] = dotted;
    if (dotted.length === 2) return { product: `${own.domain}.${first}`, column: second };
    return dotted.length === 3 && third !== undefined ? { product: `${first}.${second}`, column: third } : undefined;
  }
  const [file, path = ''] = text.includes('#') ? text.split('#') : ['', text];
  const match = /^\/?schema\/([A-Za-z0-9_-]+)\/properties\/([A-Za-z0-9_-]+)$/.exec(path);
  if (!match) return undefined;
  const [, object = '', column = ''] = match;
  if (!file) return { product: `${own.domain}.${object}`, column };
  const domain = /([a-z][a-z0-9_]*)\/([a-z][a-z0-9_]*)\/v\d+\/contract\.odcs\.yaml$/.exec(file)?.[1];
  return domain === undefined ? undefined : { product: `${domain}.${object}`, column };
}
