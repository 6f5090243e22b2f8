import { advise } from './check-shape.ts';
import { customAt, type Reading } from './reading.ts';
import type { TreeMap } from './yaml-tree.ts';

/**
 * What a new version of a contract must not break. The transitive modes ask it of every earlier version, the others of the last
 * one. BACKWARD: what was written before stays valid. FORWARD: who reads by an earlier version can read on. FULL: both. NONE: nothing.
 */
export const COMPATIBILITY_MODES = ['BACKWARD', 'BACKWARD_TRANSITIVE', 'FORWARD', 'FORWARD_TRANSITIVE', 'FULL', 'FULL_TRANSITIVE', 'NONE'] as const;
export type CompatibilityMode = (typeof COMPATIBILITY_MODES)[number];

/** The custom property `compatibilityMode` of the document. */
export function readCompatibilityMode(root: TreeMap, reading: Reading): { compatibilityMode?: CompatibilityMode } {
  const node = customAt(root, 'compatibilityMode');
  if (!node) return {};
  const text = node.kind === 'scalar' ? node.text : node.kind;
  const mode = COMPATIBILITY_MODES.find((known) => known === text);
  if (!mode) reading.invalid('compatibilityMode', node.at, `${JSON.stringify(text)} is no compatibility mode`, advise(text, COMPATIBILITY_MODES));
  return mode ? { compatibilityMode: mode } : {};
}
