import { checkShape } from './check-shape.ts';
import { throwFaults, type Fault } from './fault.ts';
import { textAt } from './reading.ts';
import type { Shape } from './shape.ts';
import { resolveVariables, type Variables } from './variables.ts';
import { readYaml, type TreeMap, type YamlText } from './yaml-tree.ts';

export interface ReadOptions {
  /** Values for `${NAME}` in the texts of the document; none are taken from the environment. */
  readonly variables?: Variables;
}

/** A document of a Bitol standard: its variables replaced, its shape not yet looked at. */
export interface OpenDocument {
  readonly root: TreeMap;
  readonly source: YamlText;
  readonly kind: string | undefined;
  readonly faults: readonly Fault[];
}

/** Versions of the standards that know no variables: what looks like one in such a document is text. */
const WITHOUT_VARIABLES = new Set(['v3.0.0', 'v3.0.1', 'v3.0.2', 'v3.1.0', 'v0.9.0', 'v1.0.0']);

/** Parses a document and replaces its variables. Throws for what cannot be read at all (syntax, limits), and where it is no map. */
export function openDocument(text: string, file: string, options: ReadOptions = {}): OpenDocument {
  const { source, root, faults } = readYaml(text, file);
  if (root.kind !== 'map')
    throwFaults([
      source.fault('SKEIN_CONTRACT_INVALID', 'document', root.at, `the document must be a map, here stands a ${root.kind}`, 'Write a map.'),
      ...faults,
    ]);
  const map = root as TreeMap;
  const knows = !WITHOUT_VARIABLES.has(textAt(map, 'apiVersion') ?? '');
  const resolved = knows && text.includes('${') ? (resolveVariables(map, options.variables ?? {}, source, faults) as TreeMap) : map;
  return { root: resolved, source, kind: textAt(resolved, 'kind'), faults };
}

/** The faults of an open document, those of its shape included. */
export function documentFaults({ root, source, faults }: OpenDocument, shape: Shape): Fault[] {
  return [...faults, ...checkShape(root, shape, source)];
}
