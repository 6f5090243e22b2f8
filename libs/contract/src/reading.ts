import type { ErrorCode, Place } from '@skein/kernel';
import type { Fault } from './fault.ts';
import { exactNumber, LIMITS, type Tree, type TreeMap, type YamlText } from './yaml-tree.ts';

/** One reading of a document whose shape was found sound: collects the faults of meaning. */
export class Reading {
  readonly source: YamlText;
  readonly faults: Fault[] = [];

  constructor(source: YamlText) {
    this.source = source;
  }

  invalid(rule: string, at: number, message: string, fix: string): void {
    this.#note('SKEIN_CONTRACT_INVALID', rule, at, message, fix);
  }

  unsupported(rule: string, at: number, message: string, fix: string): void {
    this.#note('SKEIN_CONTRACT_UNSUPPORTED', rule, at, message, fix);
  }

  #note(code: ErrorCode, rule: string, at: number, message: string, fix: string): void {
    if (this.faults.length < LIMITS.faults) this.faults.push(this.source.fault(code, rule, at, message, fix));
  }

  place(at: number): Place {
    return this.source.place(at);
  }
}

export function nodeAt(map: TreeMap, name: string): Tree | undefined {
  return map.entries.get(name)?.node;
}

/** Offset of the value of a field, or of its map where it is absent. */
export function offsetOf(map: TreeMap, name: string): number {
  return map.entries.get(name)?.node.at ?? map.at;
}

export function textAt(map: TreeMap, name: string): string | undefined {
  const node = nodeAt(map, name);
  return node?.kind === 'scalar' && typeof node.value === 'string' ? node.value : undefined;
}

export function booleanAt(map: TreeMap, name: string): boolean | undefined {
  const node = nodeAt(map, name);
  return node?.kind === 'scalar' && typeof node.value === 'boolean' ? node.value : undefined;
}

/** Exact decimal text of a number. */
export function numberAt(map: TreeMap, name: string): string | undefined {
  const node = nodeAt(map, name);
  return node?.kind === 'scalar' && typeof node.value === 'number' ? exactNumber(node.text) : undefined;
}

export function mapAt(map: TreeMap, name: string): TreeMap | undefined {
  const node = nodeAt(map, name);
  return node?.kind === 'map' ? node : undefined;
}

export function itemsAt(map: TreeMap, name: string): readonly Tree[] {
  const node = nodeAt(map, name);
  return node?.kind === 'list' ? node.items : [];
}

export function mapsAt(map: TreeMap, name: string): TreeMap[] {
  return itemsAt(map, name).filter((item) => item.kind === 'map');
}

/** The value of a custom property, `customProperties: [{ property, value }]`. */
export function customAt(map: TreeMap, name: string): Tree | undefined {
  const entry = mapsAt(map, 'customProperties').find((custom) => textAt(custom, 'property') === name);
  return entry && nodeAt(entry, 'value');
}
