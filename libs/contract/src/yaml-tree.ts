import { createRequire } from 'node:module';
import type * as Yaml from 'yaml';
import type { CST, Document, Node } from 'yaml';
import { SkeinError, type ErrorCode } from '@skein/kernel';
import { codeFrame, type Fault } from './fault.ts';
import { readPlainYaml } from './plain-yaml.ts';

/** Loaded for the first text that is not plain: seventy files, which a mesh of plain contracts starts without. */
const load = createRequire(import.meta.url);
const yaml = (): typeof Yaml => load('yaml') as typeof Yaml;

/** A YAML value with its position (offset into the text). Maps are Maps: a key such as `__proto__` is a key and nothing more. */
export type Tree = TreeScalar | TreeList | TreeMap;

export interface TreeScalar {
  readonly kind: 'scalar';
  /** Numbers are read for their kind only; their digits stand in `text`. */
  readonly value: string | number | boolean | null;
  /** As written, without quotes. */
  readonly text: string;
  readonly at: number;
}

export interface TreeList {
  readonly kind: 'list';
  readonly items: readonly Tree[];
  readonly at: number;
}

export interface TreeMap {
  readonly kind: 'map';
  readonly entries: ReadonlyMap<string, TreeEntry>;
  readonly at: number;
}

export interface TreeEntry {
  readonly node: Tree;
  /** Offset of the key. */
  readonly at: number;
}

/** Contracts come from other teams, so they are bounded before they are looked at. */
export const LIMITS = { bytes: 256 * 1024, depth: 64, lexemes: 64_000, faults: 50 } as const;

/** One YAML document with positions. */
export class YamlText {
  readonly file: string;
  readonly text: string;
  /** Offsets at which lines begin; made for the first place that is asked for. */
  #starts: readonly number[] | undefined;

  constructor(file: string, text: string) {
    this.file = file;
    this.text = text;
  }

  place(at: number): { file: string; line: number; column: number } {
    const starts = this.#lineStarts();
    const offset = Math.max(0, Math.min(at, this.text.length));
    let [line, beyond] = [0, starts.length];
    while (beyond - line > 1) {
      const middle = (line + beyond) >> 1;
      if ((starts[middle] as number) <= offset) line = middle;
      else beyond = middle;
    }
    return { file: this.file, line: line + 1, column: offset - (starts[line] as number) + 1 };
  }

  fault(code: ErrorCode, rule: string, at: number, message: string, fix: string): Fault {
    const place = this.place(at);
    const start = this.#lineStarts()[place.line - 1] ?? 0;
    return { code, rule, message, fix, place, frame: codeFrame(this.text, start, place.line, place.column) };
  }

  #lineStarts(): readonly number[] {
    if (this.#starts) return this.#starts;
    const starts = [0];
    for (let at = this.text.indexOf('\n'); at >= 0; at = this.text.indexOf('\n', at + 1)) starts.push(at + 1);
    return (this.#starts = starts);
  }
}

/**
 * Parses one YAML 1.2 document of at most 256 KB and 64 levels. Aliases, tags, duplicate keys and keys that are not
 * scalars are faults. Throws SKEIN_CONTRACT_LIMIT (too large or deep) or SKEIN_CONTRACT_SYNTAX at once.
 */
export function readYaml(text: string, file: string): { source: YamlText; root: Tree; faults: Fault[] } {
  const plain = readPlainYaml(text);
  return plain ? { source: new YamlText(file, text), root: plain, faults: [] } : readFullYaml(text, file);
}

/** The same by the library for YAML alone, which reads and places all that a text may hold. */
export function readFullYaml(text: string, file: string): { source: YamlText; root: Tree; faults: Fault[] } {
  const bytes = Buffer.byteLength(text);
  if (bytes > LIMITS.bytes) {
    throw new SkeinError('SKEIN_CONTRACT_LIMIT', `the contract has ${bytes} bytes, ${LIMITS.bytes} are allowed`, {
      place: { file, line: 1, column: 1 },
      hint: 'Split the contract: one document for each output port.',
    });
  }
  const source = new YamlText(file, text);
  const stop = (fault: Fault): never => {
    throw new SkeinError(fault.code, fault.message, {
      place: fault.place,
      frame: fault.frame,
      hint: fault.fix,
      context: { rule: fault.rule, faults: [{ code: fault.code, rule: fault.rule, message: fault.message, fix: fault.fix, place: fault.place }] },
    });
  };
  const syntax = (at: number, message: string) => stop(source.fault('SKEIN_CONTRACT_SYNTAX', 'yaml', at, message, 'Mend the YAML at the place shown.'));

  const tokens = tokenize(text, (at, message, fix) => stop(source.fault('SKEIN_CONTRACT_LIMIT', 'limit', at, message, fix)));
  const broken = tokens.find((token) => token.type === 'error');
  if (broken) syntax(broken.offset, 'message' in broken ? broken.message : 'the YAML cannot be read');
  const { Composer } = yaml();
  const composer = new Composer({ uniqueKeys: false, keepSourceTokens: false, version: '1.2', merge: false });
  const documents = withoutStacks(() => {
    const composed: Document.Parsed[] = [];
    for (const document of composer.compose(tokens, true, text.length)) if (composed.push(document) > 1) break;
    return composed;
  });
  const [document, second] = documents;
  if (second) syntax(second.range[0], 'the file holds more than one YAML document');
  if (!document?.contents) return syntax(0, 'the file holds no YAML document');
  for (const problem of [...document.errors, ...document.warnings]) syntax(problem.pos[0], problem.message.split('\n')[0] ?? problem.code);

  const faults: Fault[] = [];
  return { source, root: treeOf(document.contents, source, faults), faults };
}

/**
 * The concrete syntax, token by token. The lexer and the token parser are iterative and linear, the composer after them
 * recursive: so depth is judged here, while the parser's stack grows, before a deep document costs anything.
 */
function tokenize(text: string, stop: (at: number, message: string, fix: string) => never): CST.Token[] {
  const { Lexer, Parser } = yaml();
  const parser = new Parser();
  const tokens: CST.Token[] = [];
  let lexemes = 0;
  for (const lexeme of new Lexer().lex(text)) {
    for (const token of parser.next(lexeme)) tokens.push(token);
    if (tokens.at(-1)?.type === 'error') break;
    if (++lexemes > LIMITS.lexemes)
      stop(parser.offset, `the contract has more than ${LIMITS.lexemes} words and signs`, 'Split the contract: one document for each output port.');
    if (parser.stack.length > LIMITS.depth)
      stop(parser.offset, `the contract nests deeper than ${LIMITS.depth} levels`, 'Flatten the structure; no ODCS document needs that depth.');
  }
  for (const token of parser.end()) tokens.push(token);
  return tokens;
}

/** The composer makes an Error for each fault of the YAML, and a hostile file has thousands: their stacks are never read. */
function withoutStacks<Result>(work: () => Result): Result {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  try {
    return work();
  } finally {
    Error.stackTraceLimit = limit;
  }
}

/** Faults beyond the limit are not told: the first ones have to be mended first. */
function note(faults: Fault[], make: () => Fault): void {
  if (faults.length < LIMITS.faults) faults.push(make());
}

function treeOf(node: Node | null, source: YamlText, faults: Fault[], at = 0): Tree {
  const { isAlias, isMap, isScalar, isSeq } = yaml();
  if (node === null) return { kind: 'scalar', value: null, text: '', at };
  const start = node.range?.[0] ?? at;
  if (isAlias(node)) {
    note(faults, () =>
      source.fault(
        'SKEIN_CONTRACT_LIMIT',
        'alias',
        start,
        `the alias *${node.source} is not allowed`,
        'Write the aliased value out; aliases can multiply a small file beyond measure.',
      ),
    );
    return { kind: 'scalar', value: null, text: '', at: start };
  }
  if (isScalar(node)) {
    const value = node.value;
    const known = value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
    return { kind: 'scalar', value: known ? value : String(value), text: node.source ?? (value === null ? '' : String(value)), at: start };
  }
  if (isSeq(node)) return { kind: 'list', items: node.items.map((item) => treeOf(item as Node | null, source, faults, start)), at: start };
  if (isMap(node)) {
    const entries = new Map<string, TreeEntry>();
    for (const pair of node.items) {
      const key = pair.key as Node | null;
      const keyAt = key?.range?.[0] ?? start;
      if (!isScalar(key)) {
        note(faults, () =>
          source.fault('SKEIN_CONTRACT_INVALID', 'yaml.key', keyAt, 'a key must be a plain word', 'Write the key as one word or a quoted text.'),
        );
        continue;
      }
      const name = key.source ?? String(key.value);
      if (entries.has(name)) {
        note(faults, () =>
          source.fault('SKEIN_CONTRACT_INVALID', 'yaml.unique', keyAt, `the key ${JSON.stringify(name)} stands twice in one map`, 'Keep one of the two.'),
        );
        continue;
      }
      entries.set(name, { node: treeOf(pair.value as Node | null, source, faults, keyAt), at: keyAt });
    }
    return { kind: 'map', entries, at: start };
  }
  return { kind: 'scalar', value: null, text: '', at: start };
}

/**
 * The exact decimal text of a YAML number: `1e3` is `1000`, `0x1F` is `31`, `-0.50` is `-0.5`. Undefined for what has no
 * finite exact value, or more than 400 digits (a double needs 330).
 */
export function exactNumber(text: string): string | undefined {
  if (/^0[xo][0-9a-fA-F]+$/.test(text)) return text.length > 80 ? undefined : BigInt(text).toString();
  const match = /^([-+]?)([0-9]*)(?:\.([0-9]*))?(?:[eE]([-+]?[0-9]{1,3}))?$/.exec(text);
  if (!match) return undefined;
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = match;
  const shift = Number(exponent);
  let digits = whole + fraction;
  if (digits === '' || digits.length + Math.abs(shift) > 400) return undefined;
  let point = whole.length + shift;
  if (point < 0) [digits, point] = ['0'.repeat(-point) + digits, 0];
  digits = digits.padEnd(point, '0');
  const left = digits.slice(0, point).replace(/^0+(?=[0-9])/, '') || '0';
  const right = digits.slice(point).replace(/0+$/, '');
  const magnitude = right === '' ? left : `${left}.${right}`;
  return sign === '-' && magnitude !== '0' ? `-${magnitude}` : magnitude;
}

/** Plain data of a tree for hashing and examples: numbers become exact text in a one-member object so that `1` and `"1"` differ. */
export function canonicalTree(node: Tree): unknown {
  if (node.kind === 'list') return node.items.map(canonicalTree);
  if (node.kind === 'map') return Object.fromEntries([...node.entries].map(([key, entry]) => [`.${key}`, canonicalTree(entry.node)]));
  return typeof node.value === 'number' ? { number: exactNumber(node.text) ?? node.text } : node.value;
}

/** Plain data of a tree as a reader means it; integers beyond 2^53 and decimals that a double cannot hold stay text. */
export function plainTree(node: Tree): unknown {
  if (node.kind === 'list') return node.items.map(plainTree);
  if (node.kind === 'map') {
    const plain: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
    for (const [key, entry] of node.entries) plain[key] = plainTree(entry.node);
    return plain;
  }
  if (typeof node.value !== 'number') return node.value;
  const exact = exactNumber(node.text);
  return exact !== undefined && exactNumber(String(node.value)) === exact ? node.value : (exact ?? node.text);
}
