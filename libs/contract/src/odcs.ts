import { documentFaults, openDocument, type OpenDocument, type ReadOptions } from './document.ts';
import { throwFaults, type Fault } from './fault.ts';
import { ODCS } from './odcs-shape.ts';
import type { TreeMap, YamlText } from './yaml-tree.ts';

/** An ODCS document as written, its variables replaced, checked against the standard's shape and nothing else. */
export interface OdcsDocument {
  readonly root: TreeMap;
  readonly source: YamlText;
  /** What differs from the standard; empty for a sound document. */
  readonly faults: readonly Fault[];
}

/** Reads an ODCS document and lists its faults. Throws only for what cannot be read at all (syntax, limits, no map). */
export function inspectOdcs(text: string, file: string, options: ReadOptions = {}): OdcsDocument {
  return odcsDocument(openDocument(text, file, options));
}

export function odcsDocument(open: OpenDocument): OdcsDocument {
  return { root: open.root, source: open.source, faults: documentFaults(open, ODCS) };
}

/**
 * Reads an ODCS document, versions 3.0 to 3.2: its structure, not Skein's reading of it (that is `readContract`).
 * Throws a SkeinError with the first fault; `context.faults` lists all.
 */
export function readOdcs(text: string, file: string, options: ReadOptions = {}): OdcsDocument {
  const document = inspectOdcs(text, file, options);
  throwFaults(document.faults);
  return document;
}
