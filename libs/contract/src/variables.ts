import type { Fault } from './fault.ts';
import { quote } from './check-shape.ts';
import { LIMITS, type Tree, type TreeEntry, type YamlText } from './yaml-tree.ts';

/** Values for the `${NAME}` references of a document. They come from the caller alone: no environment is looked at. */
export type Variables = Readonly<Record<string, string>>;

/** `${NAME}` and `${NAME:-default}`; the default ends at the first `}`. */
const REFERENCE = /\$\{([A-Za-z_][A-Za-z0-9_]{0,127})(?::-([^}]*))?\}/g;
/** What begins like a reference and is none: `${NAME-x}`, `${NAME:?x}`, `${NAME`. */
const BROKEN = /\$\{[A-Za-z_]/;

/** What SQL rules of ODCS 3.0 and 3.1 write for their table and column: the rule binds them where no variable has the name. */
const PLACEHOLDERS: ReadonlySet<string> = new Set(['table', 'column', 'object', 'property']);

/**
 * The tree with every reference in its texts replaced (RFC 0050 of the Bitol standards). A variable that is unset or empty takes
 * its default, verbatim; without one it is a fault, and the reference stays as it stands. What is put in is not looked at again,
 * and stays text, whatever it looks like. Keys, numbers and booleans hold no references.
 */
export function resolveVariables(root: Tree, variables: Variables, source: YamlText, faults: Fault[]): Tree {
  let room: number = LIMITS.bytes;
  const fault = (code: 'SKEIN_CONTRACT_INVALID' | 'SKEIN_CONTRACT_LIMIT', at: number, message: string, fix: string) => {
    if (faults.length < LIMITS.faults) faults.push(source.fault(code, 'variable', at, message, fix));
  };
  const textOf = (text: string, at: number, bound: boolean): string => {
    if (BROKEN.test(text.replace(REFERENCE, '')))
      fault('SKEIN_CONTRACT_INVALID', at, `${quote(text)} holds a variable that cannot be read`, 'Write ${NAME} or ${NAME:-default}.');
    const resolved = text.replace(REFERENCE, (whole, name: string, fallback: string | undefined) => {
      const given = Object.hasOwn(variables, name) ? variables[name] : undefined;
      const value = given === undefined || given === '' ? fallback : given;
      if (value === undefined && bound && PLACEHOLDERS.has(name)) return whole;
      if (value === undefined)
        fault('SKEIN_CONTRACT_INVALID', at, `the variable ${name} has no value and no default`, `Give ${name} a value, or write \${${name}:-default}.`);
      return value ?? whole;
    });
    room -= resolved.length;
    if (room >= 0) return resolved;
    fault('SKEIN_CONTRACT_LIMIT', at, `with its variables the document is longer than ${LIMITS.bytes} characters`, 'Give the variables shorter values.');
    return text;
  };
  const visit = (node: Tree, key?: string): Tree => {
    if (node.kind === 'scalar') {
      if (typeof node.value !== 'string' || !node.value.includes('${')) return node;
      const text = textOf(node.value, node.at, key === 'query');
      return { ...node, value: text, text };
    }
    if (node.kind === 'list') return { ...node, items: node.items.map((item) => visit(item)) };
    return { ...node, entries: new Map([...node.entries].map(([key, entry]): [string, TreeEntry] => [key, { ...entry, node: visit(entry.node, key) }])) };
  };
  return visit(root);
}
