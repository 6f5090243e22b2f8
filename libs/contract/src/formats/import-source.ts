import { SkeinError, type Place } from '@skein/kernel';
import { plainTree, readYaml, type Tree, type TreeMap, type YamlText } from '../yaml-tree.ts';

/** A document to import: JSON or YAML, read with places, exact digits and limits (JSON is YAML, but for its tabs). */
export interface ImportSource {
  readonly root: TreeMap | Tree;
  readonly source: YamlText;
}

export function readImport(text: string, file: string): ImportSource {
  const { source, root, faults } = readYaml(text.replaceAll('\t', ' '), file);
  const [first] = faults;
  if (first) throw new SkeinError(first.code, first.message, { place: first.place, frame: first.frame, hint: first.fix });
  return { root, source };
}

/** Refuses at a place of the imported file. */
export function refuse(source: YamlText, at: number, message: string, hint: string): never {
  const fault = source.fault('SKEIN_CONTRACT_UNSUPPORTED', 'import', at, message, hint);
  throw new SkeinError('SKEIN_CONTRACT_UNSUPPORTED', message, { place: fault.place, frame: fault.frame, hint });
}

export function refuseAt(place: Place, message: string, hint: string): never {
  throw new SkeinError('SKEIN_CONTRACT_UNSUPPORTED', message, { place, hint });
}

export function asMap(node: Tree | undefined): TreeMap | undefined {
  return node?.kind === 'map' ? node : undefined;
}

export function member(node: Tree | undefined, name: string): Tree | undefined {
  return node?.kind === 'map' ? node.entries.get(name)?.node : undefined;
}

export function members(node: Tree | undefined): [name: string, node: Tree][] {
  return node?.kind === 'map' ? [...node.entries].map(([name, entry]) => [name, entry.node]) : [];
}

export function listOf(node: Tree | undefined): readonly Tree[] {
  return node?.kind === 'list' ? node.items : [];
}

export function textOf(node: Tree | undefined): string | undefined {
  return node?.kind === 'scalar' && typeof node.value === 'string' ? node.value : undefined;
}

/** Text of any scalar but null: what a person wrote. */
export function wordOf(node: Tree | undefined): string | undefined {
  return node?.kind === 'scalar' && node.value !== null ? node.text : undefined;
}

/** Examples that a contract may carry: single values only. */
export function examplesOf(nodes: readonly Tree[]): (string | number | boolean)[] {
  return nodes.map(plainTree).filter((value) => typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean');
}
