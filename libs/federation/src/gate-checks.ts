import type { Slot } from './gate-grammar.ts';
import { refused } from './refusal.ts';
import { isRawNumber, type TreeNode, type TreeValue } from './syntax-tree.ts';
import { SkeinError } from '@skein/kernel';

/** Slots without anything below them. */
export function plainSlot(slot: Slot | undefined, key: string, value: TreeValue, node: TreeNode, owner: string): void {
  const fits = ((): boolean => {
    switch (slot) {
      case 'name':
        return typeof value === 'string';
      case 'names':
        return Array.isArray(value) && value.every((item) => typeof item === 'string');
      case 'collation':
        return typeof value === 'string' && /^[a-z_.]{1,40}$/i.test(value);
      case 'functionSchema':
        return value === '' || value === 'main';
      case 'flag':
        return typeof value === 'boolean';
      case 'location':
      case 'number':
        return value === null || typeof value === 'number' || isRawNumber(value);
      case 'groupSets':
        return Array.isArray(value) && value.every((set) => Array.isArray(set) && set.every((item) => typeof item === 'number'));
      case 'empty':
        return value === '';
      case 'emptyList':
        return Array.isArray(value) && value.length === 0;
      case 'null':
        return value === null;
      case 'no':
        return value === false;
      default:
        return false;
    }
  })();
  if (fits) return;
  if (slot === undefined) throw unlisted(owner, key);
  throw clauseRefusal(owner, key, value, node);
}

function clauseRefusal(owner: string, key: string, value: TreeValue, node: TreeNode): SkeinError {
  if (key === 'schema' || key === 'catalog')
    return refused(
      'function',
      `function ${String(node['schema'])}.${String(node['function_name'])} is not allowed: functions are called without a schema`,
      position(node),
      'Write f(x), not x.f().',
    );
  if (key === 'at_clause') return refused('clause', 'AT is not allowed', position(node), 'Ask for a version with the asOf member of the request.');
  if (key === 'export_state') return refused('clause', 'EXPORT_STATE is not allowed', position(node));
  return refused('clause', `${owner}.${key} does not allow ${JSON.stringify(value)?.slice(0, 60)}`, position(node));
}

export function unlisted(owner: string, key: string): SkeinError {
  return refused('syntax', `${owner} holds ${JSON.stringify(key)}, which is not allowed`);
}

export function oneOf(value: TreeValue, allowed: readonly string[], what: string, at?: number): void {
  if (typeof value !== 'string' || !allowed.includes(value)) throw refused('clause', `${what} does not allow ${JSON.stringify(value)?.slice(0, 60)}`, at);
}

export function position(node: TreeNode): number | undefined {
  const at = node['query_location'];
  return typeof at === 'number' ? at : undefined;
}

/** The engine folds ASCII letters only: a Kelvin sign is no k. */
export function lower(text: string): string {
  return /[A-Z]/.test(text) ? text.replace(/[A-Z]/g, (letter) => letter.toLowerCase()) : text;
}

export function own<Value>(table: Readonly<Record<string, Value>>, key: string): Value | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined;
}

export function isNode(value: TreeValue | undefined): value is TreeNode {
  return value !== null && typeof value === 'object' && !Array.isArray(value) && !isRawNumber(value);
}

export function asNode(value: TreeValue | undefined, what: string): TreeNode {
  if (!isNode(value)) throw malformed(what);
  return value;
}

export function asList(value: TreeValue | undefined, what: string): TreeValue[] {
  if (!Array.isArray(value)) throw malformed(what);
  return value;
}

export function asText(value: TreeValue | undefined, what: string): string {
  if (typeof value !== 'string') throw malformed(what);
  return value;
}

function malformed(what: string): SkeinError {
  return refused('syntax', `the syntax tree is malformed: ${what}`);
}

export function unlistedRelation(type: string, node: TreeNode): SkeinError {
  if (type !== 'SHOW_REF') return refused('clause', `${type} is not allowed in FROM`, position(node));
  return refused('statement', 'SHOW, DESCRIBE and SUMMARIZE are not allowed', position(node), 'See the columns with GET /v1/products/:id.');
}

/** The parser's own error, as it stands in place of a tree. */
export function parserError(tree: TreeNode): SkeinError {
  const message = String(tree['error_message'] ?? 'the SQL could not be parsed');
  if (tree['error_type'] === 'not implemented') return refused('statement', 'the SQL is not a SELECT', undefined, 'Send exactly one SELECT.');
  const at = Number(tree['position']);
  return new SkeinError('SKEIN_QUERY_SYNTAX', message, { context: Number.isSafeInteger(at) ? { position: at } : {} });
}
