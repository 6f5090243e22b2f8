import { parseSync } from 'vite';

/** A module that a source file names, and where (`line` and `column` count from 1). */
export interface Import {
  readonly specifier: string;
  readonly line: number;
  readonly column: number;
}

/** What the checks need to know of one TypeScript file. */
export interface Source {
  readonly lines: number;
  /** Static, dynamic, re-exporting and type imports. A dynamic import of a computed name is not listed. */
  readonly imports: readonly Import[];
  /** Every string constant, so that a package named to a resolver counts as used. */
  readonly strings: ReadonlySet<string>;
  /** Where the environment of the process is read. */
  readonly environment: readonly { readonly line: number; readonly column: number }[];
  /** `export *` and `export default`: what an index may not hold. */
  readonly unnamedExports: readonly { readonly line: number; readonly column: number; readonly what: string }[];
}

interface Node {
  readonly type: string;
  readonly start: number;
  readonly [key: string]: unknown;
}

/**
 * Parses TypeScript by the parser of the test runner. The types are part of the answer: a type import makes one project
 * depend on another as much as a value import does.
 * @throws Error when it cannot be parsed.
 */
export function readSource(file: string, text: string): Source {
  const { program, errors } = parseSync(file, text, { lang: 'ts', sourceType: 'module' });
  if (errors.length > 0) throw new Error(`cannot be parsed: ${errors[0]?.message ?? 'no reason given'}`);
  const place = placer(text);
  const imports: Import[] = [];
  const strings = new Set<string>();
  const environment: { line: number; column: number }[] = [];
  const unnamedExports: { line: number; column: number; what: string }[] = [];

  walk(program as unknown as Node, (node) => {
    if (node.type === 'Literal' && typeof node['value'] === 'string') strings.add(node['value']);
    const named = MODULE_OF[node.type]?.(node);
    if (named && typeof named['value'] === 'string') imports.push({ specifier: named['value'], ...place(named.start) });
    if (node.type === 'ExportAllDeclaration' && !node['exported']) unnamedExports.push({ ...place(node.start), what: 'export *' });
    if (node.type === 'ExportDefaultDeclaration') unnamedExports.push({ ...place(node.start), what: 'export default' });
    if (readsEnvironment(node)) environment.push(place(node.start));
  });
  return { lines: text.split('\n').length - (text.endsWith('\n') ? 1 : 0), imports, strings, environment, unnamedExports };
}

/** Where each kind of node keeps the name of a module. */
const MODULE_OF: Readonly<Record<string, (node: Node) => Node | undefined>> = {
  ImportDeclaration: (node) => child(node, 'source'),
  ExportNamedDeclaration: (node) => child(node, 'source'),
  ExportAllDeclaration: (node) => child(node, 'source'),
  ImportExpression: (node) => child(node, 'source'),
  TSImportType: (node) => child(node, 'source'),
  TSExternalModuleReference: (node) => child(node, 'expression'),
};

/** `process.env` in its three spellings: a member, a destructured member, an import from node:process. */
function readsEnvironment(node: Node): boolean {
  if (node.type === 'MemberExpression') {
    const object = child(node, 'object');
    return nameOf(child(node, 'property')) === 'env' && (nameOf(object) === 'process' || nameOf(object && child(object, 'property')) === 'process');
  }
  if (node.type === 'VariableDeclarator') {
    const pattern = child(node, 'id');
    if (nameOf(child(node, 'init')) !== 'process' || pattern?.type !== 'ObjectPattern') return false;
    return (pattern['properties'] as readonly Node[]).some((property) => nameOf(child(property, 'key')) === 'env');
  }
  if (node.type === 'ImportDeclaration' && ['process', 'node:process'].includes(String(child(node, 'source')?.['value']))) {
    return (node['specifiers'] as readonly Node[]).some((specifier) => nameOf(child(specifier, 'imported')) === 'env');
  }
  return false;
}

function nameOf(node: Node | undefined): string | undefined {
  if (node?.type === 'Identifier') return String(node['name']);
  return node?.type === 'Literal' ? String(node['value']) : undefined;
}

function child(node: Node, key: string): Node | undefined {
  const value = node[key];
  return isNode(value) ? value : undefined;
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && typeof (value as { type?: unknown }).type === 'string';
}

function walk(node: Node, visit: (node: Node) => void): void {
  visit(node);
  for (const value of Object.values(node)) {
    if (Array.isArray(value)) {
      for (const item of value) if (isNode(item)) walk(item, visit);
    } else if (isNode(value)) walk(value, visit);
  }
}

function placer(text: string): (offset: number) => { line: number; column: number } {
  const starts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return (offset) => {
    let line = starts.length;
    while ((starts[line - 1] ?? 0) > offset) line--;
    return { line, column: offset - (starts[line - 1] ?? 0) + 1 };
  };
}
