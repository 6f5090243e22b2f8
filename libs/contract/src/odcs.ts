import { checkShape } from './check-shape.ts';
import { throwFaults, type Fault } from './fault.ts';
import { ODCS } from './odcs-shape.ts';
import { readYaml, type TreeMap, type YamlText } from './yaml-tree.ts';

/** An ODCS document as written, checked against the standard's shape and nothing else. */
export interface OdcsDocument {
  readonly root: TreeMap;
  readonly source: YamlText;
  /** What differs from the standard; empty for a sound document. */
  readonly faults: readonly Fault[];
}

/** Reads an ODCS document and lists its faults. Throws only for what cannot be read at all (syntax, limits). */
export function inspectOdcs(text: string, file: string): OdcsDocument {
  const { source, root, faults } = readYaml(text, file);
  const all = [...faults, ...checkShape(root, ODCS, source)];
  if (root.kind !== 'map') throwFaults(all);
  return { root: root as TreeMap, source, faults: all };
}

/**
 * Reads an ODCS document, versions 3.0 to 3.2: its structure, not Skein's reading of it (that is `readContract`).
 * Throws a SkeinError with the first fault; `context.faults` lists all.
 */
export function readOdcs(text: string, file: string): OdcsDocument {
  const document = inspectOdcs(text, file);
  throwFaults(document.faults);
  return document;
}
