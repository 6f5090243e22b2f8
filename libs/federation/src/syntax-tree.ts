import { SkeinError } from '@skein/kernel';
import type { SerializedAst } from '@skein/ports';

/** A node of DuckDB's serialized syntax tree. Numbers that JavaScript cannot hold exactly are raw JSON (see `JSON.rawJSON`). */
export type TreeValue = string | number | boolean | null | RawNumber | TreeValue[] | TreeNode;
export interface TreeNode {
  [key: string]: TreeValue;
}

/** What `JSON.rawJSON` makes: JSON text that `JSON.stringify` prints as it is (ECMAScript, JSON.parse source text access). */
export interface RawNumber {
  readonly rawJSON: string;
}

interface JsonWithSource {
  parse(text: string, reviver: (key: string, value: unknown, context: { readonly source?: string }) => unknown): unknown;
  rawJSON(text: string): RawNumber;
  isRawJSON(value: unknown): value is RawNumber;
}
const json = JSON as unknown as JsonWithSource;

// DuckDB writes 2^64 - 1 where a node has no position, in half of all nodes. It is set aside as null, which DuckDB never writes
// there. A JSON string cannot hold the sequence: its quotes would be escaped.
const NO_LOCATION = '"query_location":18446744073709551615';
const SET_ASIDE = '"query_location":null';
const MAYBE_INEXACT = /\d{16}|\d[.eE]/;

/** JSON nests at most this much deeper than the tree's own depth: three levels a node. */
const MAX_NESTING = 1_000;

export function isRawNumber(value: unknown): value is RawNumber {
  return json.isRawJSON(value);
}

/**
 * Parses a serialized tree so that `printTree` gives back every digit. Throws SKEIN_QUERY_SYNTAX with the parser's words when
 * the text holds the parser's error, and SKEIN_QUERY_REFUSED when it is too large, too deep, or not JSON.
 */
export function parseTree(ast: SerializedAst, maxCharacters: number): TreeNode {
  if (ast.length > maxCharacters) throw refuseText('size', `the query's syntax tree has ${ast.length} characters; the limit is ${maxCharacters}`);
  if (nesting(ast) > MAX_NESTING) throw refuseText('depth', 'the query is nested too deeply');
  const text = ast.replaceAll(NO_LOCATION, SET_ASIDE);
  let tree: unknown;
  try {
    tree = MAYBE_INEXACT.test(text) ? json.parse(text, keepDigits) : JSON.parse(text);
  } catch (cause) {
    // DuckDB prints an overflowing constant such as 1e400 as Infinity, which is no JSON
    throw new SkeinError('SKEIN_QUERY_REFUSED', 'the query holds a constant that cannot be written down exactly', {
      hint: 'Write the constant within the range of DOUBLE, or as text with a cast.',
      context: { kind: 'constant' },
      cause,
    });
  }
  if (tree === null || typeof tree !== 'object' || Array.isArray(tree) || isRawNumber(tree)) throw refuseText('statement', 'the parser gave no syntax tree');
  return tree as TreeNode;
}

/** The exact inverse of `parseTree`. */
export function printTree(tree: TreeNode): SerializedAst {
  return JSON.stringify(tree).replaceAll(SET_ASIDE, NO_LOCATION);
}

function keepDigits(_key: string, value: unknown, context: { readonly source?: string }): unknown {
  return typeof value === 'number' && context.source !== undefined && String(value) !== context.source ? json.rawJSON(context.source) : value;
}

/** Deepest nesting of brackets outside strings, counted before anything recursive touches the text. */
function nesting(text: string): number {
  let depth = 0;
  let deepest = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === 34) {
      at = endOfString(text, at);
    } else if (code === 123 || code === 91) {
      depth += 1;
      if (depth > deepest) deepest = depth;
    } else if (code === 125 || code === 93) depth -= 1;
  }
  return deepest;
}

function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  while (end !== -1) {
    let slashes = 0;
    while (text.charCodeAt(end - 1 - slashes) === 92) slashes += 1;
    if (slashes % 2 === 0) return end;
    end = text.indexOf('"', end + 1);
  }
  return text.length;
}

function refuseText(kind: string, message: string): SkeinError {
  return new SkeinError('SKEIN_QUERY_REFUSED', message, { context: { kind } });
}
