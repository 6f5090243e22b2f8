/** Levels of a record that are looked into, and elements of one list. */
const DEEPEST = 8;
const MOST_ELEMENTS = 200;

type Leaf = readonly [name: string, value: string | null];

/**
 * The values of a JSON record by the names of their fields: `geo.country`; `items[].item_id` for each element of a list; and `event_params[campaign]` for the
 * entry of a list of `{key, value}`, where a value that is a record of typed alternatives counts as the one that is there.
 */
export function leavesOf(record: unknown): Leaf[] {
  const leaves: Leaf[] = [];
  collect(record, '', 0, leaves);
  return leaves;
}

function collect(value: unknown, name: string, depth: number, leaves: Leaf[]): void {
  if (value === null || typeof value !== 'object') {
    leaves.push([name, value === null || value === undefined ? null : String(value)]);
    return;
  }
  if (depth >= DEEPEST) return;
  if (!Array.isArray(value)) {
    for (const [field, inner] of Object.entries(value)) collect(inner, name === '' ? field : `${name}.${field}`, depth + 1, leaves);
    return;
  }
  for (const element of value.slice(0, MOST_ELEMENTS) as unknown[]) {
    if (isEntry(element)) leaves.push([`${name}[${element.key}]`, alternative(element.value)]);
    else collect(element, `${name}[]`, depth + 1, leaves);
  }
}

function isEntry(element: unknown): element is { readonly key: string; readonly value: unknown } {
  return element !== null && typeof element === 'object' && 'key' in element && 'value' in element && typeof element.key === 'string' && KEY.test(element.key);
}

const KEY = /^[^[\]]{1,100}$/;

function alternative(value: unknown): string | null {
  const one = value !== null && typeof value === 'object' && !Array.isArray(value) ? Object.values(value).find((inner) => inner !== null) : value;
  return one === null || one === undefined ? null : typeof one === 'object' ? JSON.stringify(one) : String(one);
}
