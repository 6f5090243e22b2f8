import { canonicalJson } from '@skein/kernel';
import { distance } from 'fastest-levenshtein';
import type { Fault } from './fault.ts';
import type { Shape } from './shape.ts';
import type { Tree, YamlText } from './yaml-tree.ts';
import { canonicalTree, exactNumber, LIMITS } from './yaml-tree.ts';

/** Walks a document beside its shape and reports the differences, up to the limit of faults; it never throws and never stops at the first. */
export function checkShape(root: Tree, shape: Shape, source: YamlText): Fault[] {
  const faults: Fault[] = [];
  const report = (rule: string, at: number, message: string, fix: string) => {
    if (faults.length < LIMITS.faults) faults.push(source.fault('SKEIN_CONTRACT_INVALID', rule, at, message, fix));
  };

  const visit = (node: Tree, wanted: Shape, path: string): void => {
    if (faults.length >= LIMITS.faults) return;
    switch (wanted.is) {
      case 'any':
        return;
      case 'lazy':
        return visit(node, wanted.to(), path);
      case 'variant':
        return visit(
          node,
          wanted.choose((name) => scalarAt(node, name)),
          path,
        );
      case 'either':
        return visit(node, wanted.of.find((shape) => fitsKind(node, shape)) ?? (wanted.of[0] as Shape), path);
      case 'open':
        if (node.kind !== 'map') wrong(node, 'a map', path);
        return;
      case 'scalar':
        if (node.kind !== 'scalar') wrong(node, 'a single value', path);
        return;
      case 'boolean':
        if (node.kind !== 'scalar' || typeof node.value !== 'boolean') wrong(node, 'true or false', path);
        return;
      case 'number':
      case 'integer': {
        const exact = node.kind === 'scalar' && typeof node.value === 'number' ? exactNumber(node.text) : undefined;
        if (exact === undefined || (wanted.is === 'integer' && exact.includes('.')))
          return wrong(node, wanted.is === 'integer' ? 'a whole number' : 'a finite number', path);
        if (wanted.is === 'number' && wanted.above !== undefined && Number(exact) <= wanted.above)
          report(path, node.at, `${last(path)} is ${exact}, it must be above ${wanted.above}`, `Write a number above ${wanted.above}.`);
        if (wanted.is === 'integer' && wanted.least !== undefined && Number(exact) < wanted.least)
          report(path, node.at, `${last(path)} is ${exact}, it must be at least ${wanted.least}`, `Write a number from ${wanted.least} on.`);
        return;
      }
      case 'text': {
        if (node.kind !== 'scalar' || typeof node.value !== 'string') return wrong(node, 'text', path);
        const value = node.value;
        if (wanted.oneOf && !wanted.oneOf.includes(value))
          report(path, node.at, `${last(path)} is ${quote(value)}, which the standard does not know`, advise(value, wanted.oneOf));
        if (wanted.pattern && !(value.length <= 2048 && wanted.pattern.test(value)))
          report(
            path,
            node.at,
            `${last(path)} is ${quote(value)}, which has not the form it must have`,
            `Write it like ${wanted.like ?? String(wanted.pattern)}.`,
          );
        return;
      }
      case 'list': {
        if (node.kind !== 'list') return wrong(node, 'a list', path);
        const { least = 0, most = Infinity } = wanted;
        if (node.items.length < least || node.items.length > most)
          report(path, node.at, `${last(path)} has ${node.items.length} entries`, least === most ? `Give exactly ${least}.` : `Give at least ${least}.`);
        const seen = new Set<string>();
        for (const item of node.items) {
          visit(item, wanted.of, path);
          if (!wanted.unique) continue;
          const key = canonicalJson(canonicalTree(item));
          if (seen.has(key))
            report(path, item.at, `${item.kind === 'scalar' ? quote(item.text) : `one ${item.kind}`} stands twice in ${last(path)}`, 'Name each entry once.');
          seen.add(key);
        }
        return;
      }
      case 'map': {
        if (node.kind !== 'map') return wrong(node, `a map (${wanted.name})`, path);
        const names = Object.keys(wanted.fields);
        for (const [key, entry] of node.entries) {
          const field = Object.hasOwn(wanted.fields, key) ? wanted.fields[key] : undefined;
          if (field) visit(entry.node, field, path === '' ? key : `${path}.${key}`);
          else if (wanted.open !== true && faults.length < LIMITS.faults)
            report(path === '' ? 'unknown' : `${path}.unknown`, entry.at, `a ${wanted.name} has no field ${quote(key)}`, advise(key, names));
        }
        for (const key of wanted.required ?? []) {
          if (!node.entries.has(key)) report(path === '' ? key : `${path}.${key}`, node.at, `a ${wanted.name} needs the field ${quote(key)}`, `Add ${key}.`);
        }
        if (wanted.oneOf) {
          const given = wanted.oneOf.filter((key) => node.entries.has(key));
          if (given.length !== 1) {
            const at = node.entries.get(given[1] ?? '')?.at ?? node.at;
            report(
              path,
              at,
              given.length === 0 ? `a ${wanted.name} needs a comparison` : `a ${wanted.name} compares once, not with ${given.join(' and ')}`,
              `Give exactly one of ${wanted.oneOf.join(', ')}.`,
            );
          }
        }
      }
    }
  };

  const wrong = (node: Tree, expected: string, path: string): void => {
    const found =
      node.kind === 'scalar'
        ? node.value === null
          ? 'nothing'
          : `${typeof node.value === 'string' ? 'the text' : `the ${typeof node.value}`} ${quote(node.text)}`
        : `a ${node.kind}`;
    const quoted = expected === 'text' && node.kind === 'scalar' && node.value !== null;
    report(
      path === '' ? 'document' : path,
      node.at,
      `${path === '' ? 'the document' : last(path)} must be ${expected}, here stands ${found}`,
      quoted ? `Put it in quotes: "${node.text}".` : `Write ${expected}.`,
    );
  };

  visit(root, shape, '');
  return faults;
}

/** So many names are shown beside the nearest one. */
const FEW = 8;

/** `Did you mean "x"?` where one of the names is nearer than the others, else all of them. */
export function advise(word: string, names: readonly string[]): string {
  // Levenshtein is quadratic, and a contract's words may be as long as the contract.
  const short = word.slice(0, 64).toLowerCase();
  const near = names
    .map((name) => ({ name, away: distance(short, name.toLowerCase()) }))
    .filter(({ name, away }) => away <= Math.max(1, Math.floor(name.length / 3)))
    .sort((a, b) => a.away - b.away);
  const [first, second] = near;
  const allowed = `Allowed: ${[...names].sort().join(', ')}.`;
  if (first && first.away !== second?.away) return `Did you mean ${JSON.stringify(first.name)}?${names.length <= FEW ? ` ${allowed}` : ''}`;
  return names.length === 0 ? 'Remove it; nothing may stand here.' : allowed;
}

/** A value for messages: quoted and cut. */
export function quote(value: string): string {
  return JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}…` : value);
}

function fitsKind(node: Tree, shape: Shape): boolean {
  if (shape.is === 'lazy') return fitsKind(node, shape.to());
  if (shape.is === 'any') return true;
  if (shape.is === 'list') return node.kind === 'list';
  if (shape.is === 'map' || shape.is === 'variant' || shape.is === 'open') return node.kind === 'map';
  if (node.kind !== 'scalar') return false;
  if (shape.is === 'text') return typeof node.value === 'string';
  if (shape.is === 'number' || shape.is === 'integer') return typeof node.value === 'number';
  return shape.is !== 'boolean' || typeof node.value === 'boolean';
}

function scalarAt(node: Tree, name: string): unknown {
  const entry = node.kind === 'map' ? node.entries.get(name) : undefined;
  return entry?.node.kind === 'scalar' ? entry.node.value : entry && null;
}

function last(path: string): string {
  return path.slice(path.lastIndexOf('.') + 1);
}
