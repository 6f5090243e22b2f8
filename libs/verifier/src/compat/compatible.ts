import type { JsonSchema } from '@skein/contract';
import type { Dialect } from './char-set.ts';
import { SchemaCompiler } from './compile-schema.ts';
import { explain } from './explain.ts';
import { Judge } from './holds.ts';
import { canonicalValue } from './json-value.ts';
import { no, Nodes, Undecided, yes, type Node } from './node.ts';
import { SchemaFault } from './schema-source.ts';
import { Search } from './search.ts';

/** Why data that the old schema accepted may not be accepted by the new one. */
export interface Finding {
  /** The keyword of the new schema that refuses the witness; `schema` where one of the two is no schema; `undecided` where compatibility was not proven. */
  readonly rule: string;
  /** JSON pointer into the new schema (into the one that the message names, for `schema`). */
  readonly schemaPath: string;
  /** JSON pointer into the witness. */
  readonly instancePath: string;
  readonly message: string;
  /** A value that the old schema accepts and the new one refuses, found and checked; absent for `schema` and `undecided`. */
  readonly witness?: unknown;
}

export interface CompatibleOptions {
  /**
   * Whether `format` describes (the default of JSON Schema since 2019-09) or judges. A judging format is compared by its name:
   * equal formats agree, different ones are not proven to.
   */
  readonly formats?: 'annotation' | 'assertion';
  /** Whose regular expressions the patterns are: ECMA-262, as JSON Schema says, or RE2, as contracts do. */
  readonly patterns?: Dialect;
  /** Bound on the work, in steps of the search; what takes more is `undecided`. The default takes well below a second. */
  readonly steps?: number;
}

export interface Compatibility {
  readonly compatible: boolean;
  /** Empty exactly when compatible. */
  readonly findings: readonly Finding[];
}

const STEPS = 60_000;
const MOST_FINDINGS = 20;

/**
 * Whether a reader with the schema `next` can read everything that was written under `old`: every value valid under `old` is
 * valid under `next` (backward compatibility). Drafts 4 to 2020-12, by what their keywords say; references within each document.
 *
 * The answer is yes only where it is proven; a no carries a witness, or the finding `undecided`. Numbers are exact decimals,
 * text counts in code points, patterns are compared as automata (ECMA-262 without lookaround and back references).
 * Never throws for the content of a schema: what is no schema is a finding.
 */
export function compatible(old: JsonSchema | boolean, next: JsonSchema | boolean, options: CompatibleOptions = {}): Compatibility {
  const { formats = 'annotation', patterns = 'ecma-262', steps = STEPS } = options;
  const nodes = new Nodes();
  const judge = new Judge(patterns);
  const findings: Finding[] = [];
  const refuse = (rule: string, message: string, schemaPath = '') => void findings.push({ rule, schemaPath, instancePath: '', message });
  try {
    const before = compileSide(old, 'old', nodes, formats, refuse);
    const after = compileSide(next, 'new', nodes, formats, refuse);
    if (before && after) {
      const search = new Search(nodes, judge, steps);
      const parts = obligations(after.node, nodes, 0);
      // All at once is one question, and mostly answered by yes.
      if (parts.length > 1 && proven(search, before.node, after.node)) return { compatible: true, findings };
      const seen = new Set<string>();
      for (const part of parts) {
        if (findings.length >= MOST_FINDINGS) break;
        search.grant(Math.max(2_000, Math.ceil(steps / Math.min(parts.length, 8))));
        const outcome = ask(search, before.node, part);
        if (outcome.is === 'none') continue;
        if (outcome.is === 'unknown') {
          refuse('undecided', `it is not proven that what the old schema accepts is accepted: ${outcome.why}`);
          continue;
        }
        const witness = checked(judge, before.node, after.node, outcome.value);
        if (!witness) {
          refuse('undecided', 'a difference was found that no value could be written down for');
          continue;
        }
        for (const breach of explain(after.compiler, judge, outcome.value)) {
          const key = `${breach.schemaPath} ${breach.instancePath}`;
          if (seen.has(key) || findings.length >= MOST_FINDINGS) continue;
          seen.add(key);
          const message = `${breach.keyword} refuses ${shown(outcome.value)}${breach.instancePath === '' ? '' : ` at ${breach.instancePath}`}, which the old schema accepts`;
          findings.push({ rule: breach.keyword, schemaPath: breach.schemaPath, instancePath: breach.instancePath, message, witness: outcome.value });
        }
        if (findings.length === 0) refuse('undecided', 'the new schema refuses a value, and no keyword was found that says so');
      }
    }
  } catch (error) {
    if (error instanceof RangeError) refuse('undecided', 'the schemas nest too deeply to be compared');
    else if (error instanceof Undecided) refuse('undecided', error.message);
    else throw error;
  }
  return { compatible: findings.length === 0, findings };
}

interface Side {
  readonly compiler: SchemaCompiler;
  readonly node: Node;
}

function compileSide(
  schema: JsonSchema | boolean,
  side: 'old' | 'new',
  nodes: Nodes,
  formats: 'annotation' | 'assertion',
  refuse: (rule: string, message: string, schemaPath?: string) => void,
): Side | undefined {
  try {
    const compiler = new SchemaCompiler(schema, nodes, { formats, label: side });
    const node = compiler.compile();
    refuseLoops(node);
    return { compiler, node };
  } catch (error) {
    if (!(error instanceof SchemaFault)) throw error;
    refuse('schema', `the ${side} schema is no JSON Schema: ${error.message}`, error.pointer);
    return undefined;
  }
}

/** A schema that refers to itself without entering a part of the value says nothing. */
function refuseLoops(start: Node): void {
  const state = new Map<number, 'open' | 'done'>();
  const visit = (node: Node): void => {
    const known = state.get(node.id);
    if (known === 'done') return;
    if (known === 'open') throw new SchemaFault('', 'it refers to itself without end');
    state.set(node.id, 'open');
    if (node.is === 'and' || node.is === 'or' || node.is === 'one') node.of.forEach(visit);
    else if (node.is === 'not') visit(node.of);
    else if (node.is === 'ref') visit(node.target());
    state.set(node.id, 'done');
    // Parts of the value begin afresh.
    if (node.is === 'items') inner.push(...node.prefix, node.rest);
    else if (node.is === 'contains' || node.is === 'member' || node.is === 'names') inner.push(node.of);
  };
  const inner: Node[] = [start];
  for (let node = inner.pop(); node; node = inner.pop()) visit(node);
}

function ask(search: Search, before: Node, part: Node) {
  try {
    return search.find([yes(before), no(part)]);
  } catch (error) {
    if (error instanceof Undecided) return { is: 'unknown', why: error.message } as const;
    throw error;
  }
}

function proven(search: Search, before: Node, after: Node): boolean {
  return ask(search, before, after).is === 'none';
}

/** What the new schema asks for, one thing at a time, so that each difference has a finding of its own. */
function obligations(node: Node, nodes: Nodes, depth: number): Node[] {
  if (depth > 6) return [node];
  if (node.is === 'and') return node.of.flatMap((part) => obligations(part, nodes, depth));
  if (node.is === 'ref') return obligations(node.target(), nodes, depth + 1);
  if (node.is === 'member') return obligations(node.of, nodes, depth + 1).map((part) => nodes.member(node.keys, part));
  if (node.is === 'items' && node.prefix.length === 0) return obligations(node.rest, nodes, depth + 1).map((part) => nodes.items([], part));
  return [node];
}

function checked(judge: Judge, before: Node, after: Node, value: unknown): boolean {
  try {
    return judge.holds(before, value) && !judge.holds(after, value);
  } catch (error) {
    if (error instanceof Undecided) return false;
    throw error;
  }
}

function shown(value: unknown): string {
  const text = canonicalValue(value);
  return text.length > 120 ? `${text.slice(0, 117)}…` : text;
}
