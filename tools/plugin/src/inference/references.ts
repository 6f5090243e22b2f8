import { parse } from 'yaml';

/** What of a contract's text names other products: `<domain>.<product>`, sorted, without its own. */
export function referencedProducts(text: string, own: { readonly domain: string; readonly name: string }): string[] {
  // Most contracts name none, and the graph of projects is made for every command.
  if (!text.includes('relationships')) return [];
  const found = new Set<string>();
  try {
    collect(parse(text), own.domain, found);
  } catch {
    // What does not read names nothing; the check of contracts says where and why.
    return [];
  }
  found.delete(`${own.domain}.${own.name}`);
  return [...found].sort();
}

function collect(value: unknown, domain: string, found: Set<string>): void {
  if (value === null || typeof value !== 'object') return;
  for (const [key, member] of Object.entries(value)) {
    if (key === 'relationships' && Array.isArray(member)) {
      for (const relationship of member as readonly unknown[]) {
        const { to } = Object(relationship) as { to?: unknown };
        for (const target of Array.isArray(to) ? (to as readonly unknown[]) : [to]) if (typeof target === 'string') add(target, domain, found);
      }
    } else collect(member, domain, found);
  }
}

/** The forms that the reader of contracts takes: `domain.product.column`, `product.column`, and the paths of ODCS 3.1. */
function add(target: string, domain: string, found: Set<string>): void {
  const [first = '', second = '', third] = target.split('.');
  if (!target.includes('/')) {
    found.add(third === undefined ? `${domain}.${first}` : `${first}.${second}`);
    return;
  }
  const file = /([a-z][a-z0-9_]*)\/([a-z][a-z0-9_]*)\/v\d+\/contract\.odcs\.yaml#/.exec(target);
  const object = /(?:^|#)\/?schema\/([A-Za-z0-9_-]+)\//.exec(target)?.[1];
  if (object !== undefined) found.add(`${file?.[1] ?? domain}.${object}`);
}

/** Products whose answers the sources of a domain land, as its code declares them: `answers: ['ga4.events']`. */
export function answeredProducts(source: string): string[] {
  const lists = [...source.matchAll(/\banswers: \[([^\]]*)\]/g)].map(([, list = '']) => list);
  return lists.flatMap((list) => [...list.matchAll(/'([a-z][a-z0-9_]*\.[a-z][a-z0-9_]*)'/g)].map(([, product = '']) => product));
}
