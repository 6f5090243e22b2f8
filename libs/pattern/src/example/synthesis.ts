import { compileText, type Run } from '../program/evaluate.ts';
import { concat, extract, lower, pad, sub, text, upper, VALUE, type Text } from '../program/program.ts';

/** A labelled change, both sides present. */
export interface Change {
  readonly input: string;
  readonly output: string;
}

/** A text program that takes every input to its output; `cost` is its description length in rough bits: less is more general. */
export interface Learned {
  readonly result: Text;
  readonly cost: number;
}

interface Atom {
  readonly node: Text;
  readonly cost: number;
  readonly says: readonly string[];
}

const MOST_STATES = 4_000;
const LONGEST = 300;

/**
 * Learns text programs from changes: concatenations of constants and of parts of the input, found as shortest paths over positions in all
 * outputs at once. This is the search of version-space algebra (Gulwani, "Automating string processing in spreadsheets", POPL 2011) with the
 * intersection taken first: a part is kept only if it occurs in the output of every change.
 */
export function synthesise(changes: readonly Change[], most = 3): Learned[] {
  const [first] = changes;
  if (first === undefined || changes.some(({ input, output }) => input.length > LONGEST || output.length > LONGEST || output === '')) return [];
  const atoms = atomsOf(changes);
  const outputs = changes.map(({ output }) => output);
  const found: Learned[] = [];
  const queue = new Queue();
  queue.push({ at: outputs.map(() => 0), cost: 0, path: [], inputs: 0 });
  const settled = new Map<string, number>();
  for (let states = 0; states < MOST_STATES && found.length < most; states += 1) {
    const state = queue.pop();
    if (state === undefined) break;
    if (found[0] !== undefined && state.cost > found[0].cost + 1) break;
    if (state.at.every((position, index) => position === outputs[index]?.length)) {
      if (state.inputs > 0)
        found.push({ result: state.path.length === 1 && state.path[0] !== undefined ? state.path[0] : concat(...state.path), cost: state.cost });
      continue;
    }
    const key = state.at.join(',');
    const times = settled.get(key) ?? 0;
    if (times >= most) continue;
    settled.set(key, times + 1);
    for (const atom of atoms) {
      if (atom.says.every((part, index) => outputs[index]?.startsWith(part, state.at[index]))) {
        queue.push({
          at: state.at.map((position, index) => position + (atom.says[index]?.length ?? 0)),
          cost: state.cost + atom.cost,
          path: [...state.path, atom.node],
          inputs: state.inputs + 1,
        });
      }
    }
    const common = commonPrefix(outputs.map((output, index) => output.slice(state.at[index], (state.at[index] ?? 0) + 40)));
    for (let length = 1; length <= common.length; length += 1) {
      // Two constants in a row are one.
      if (state.path.at(-1)?.op === 'const') break;
      const constant = common.slice(0, length);
      const cost = 2 + length * (/[0-9\p{L}]/u.test(constant) ? 1.5 : 0.6);
      queue.push({ at: state.at.map((position) => position + length), cost: state.cost + cost, path: [...state.path, text(constant)], inputs: state.inputs });
    }
  }
  return found;
}

function commonPrefix(texts: readonly string[]): string {
  const [first = ''] = texts;
  let length = first.length;
  for (const one of texts) while (length > 0 && !one.startsWith(first.slice(0, length))) length -= 1;
  return first.slice(0, length);
}

/** Parts of the input that occur in every output, the cheapest for each way they read. */
function atomsOf(changes: readonly Change[]): Atom[] {
  const kept = new Map<string, Atom>();
  const keep = (node: Text, cost: number): void => {
    const run: Run = compileText(node);
    const says: string[] = [];
    for (const { input, output } of changes) {
      const part = run({ value: input });
      if (part === null || part === '' || !output.includes(part)) return;
      says.push(part);
    }
    const key = JSON.stringify(says);
    const other = kept.get(key);
    if (other === undefined || other.cost > cost) kept.set(key, { node, cost, says });
  };
  for (const [node, cost] of partsOf(changes)) {
    keep(node, cost);
    keep(lower(node), cost + 1);
    keep(upper(node), cost + 1);
    keep(concat(upper({ op: 'slice', of: node, from: 0, length: 1 }), lower({ op: 'slice', of: node, from: 1 })), cost + 1.5);
    keep(pad(node, 2), cost + 1.5);
    keep(sub(node, '^0+'), cost + 1.5);
    for (const length of [1, 2, 3, 4]) keep({ op: 'slice', of: node, from: 0, length }, cost + 2);
    for (const length of [1, 2, 3, 4]) keep(extract(node, `(${`[^\\n]`.repeat(length)})$`), cost + 2);
  }
  return [...kept.values()];
}

const RUNS: readonly (readonly [inside: string, outside: string, cost: number])[] = [
  ['[0-9]', '[^0-9]', 2],
  ['[A-Za-z]', '[^A-Za-z]', 2],
  ['[0-9A-Za-z]', '[^0-9A-Za-z]', 2.2],
  ['[0-9.]', '[^0-9.]', 2.2],
  ['[0-9.,]', '[^0-9.,]', 2.4],
  ['[^ ]', '[ ]', 2.1],
];

function partsOf(changes: readonly Change[]): (readonly [Text, number])[] {
  const parts: (readonly [Text, number])[] = [[VALUE, 1]];
  for (const [inside, outside, cost] of RUNS) {
    for (let index = 0; index < 4; index += 1) {
      parts.push([extract(VALUE, `^${outside}*(?:${inside}+${outside}+){${index}}(${inside}+)`), cost + index * 0.3]);
      parts.push([extract(VALUE, `(?:^|${outside})(${inside}+)(?:${outside}+${inside}+){${index}}${outside}*$`), cost + 0.1 + index * 0.3]);
    }
  }
  const marks = new Set<string>();
  for (const { input } of changes.slice(0, 1)) for (const mark of input) if (/[^0-9\p{L}]/u.test(mark) && marks.size < 8) marks.add(mark);
  for (const mark of marks) {
    const sign = inClass(mark);
    for (const at of [1, 2, 3, -1, -2]) parts.push([{ op: 'part', of: VALUE, by: mark, at }, 2 + Math.abs(at) * 0.1]);
    parts.push([extract(VALUE, `^[^${sign}]*[${sign}]([^\\n]+)$`), 2.3], [extract(VALUE, `^([^\\n]+)[${sign}][^${sign}]*$`), 2.3]);
    parts.push([sub(VALUE, `[${sign}]+`), 2]);
  }
  for (const [change, cost] of editsOf(changes)) parts.push([change, cost]);
  return parts;
}

/** Edits of the whole input that the first change suggests: what was replaced, and what was left out at the ends or everywhere. */
function editsOf(changes: readonly Change[]): (readonly [Text, number])[] {
  const [first] = changes;
  if (first === undefined) return [];
  const { input, output } = first;
  const edits: (readonly [Text, number])[] = [];
  let before = 0;
  while (before < Math.min(input.length, output.length) && input[before] === output[before]) before += 1;
  let after = 0;
  while (after < Math.min(input.length, output.length) - before && input[input.length - 1 - after] === output[output.length - 1 - after]) after += 1;
  const [from, to] = [input.slice(before, input.length - after), output.slice(before, output.length - after)];
  if (from !== '' && from.length <= 24 && from.isWellFormed() && to.isWellFormed()) {
    edits.push([{ op: 'replace', of: VALUE, from, to }, 2 + (from.length + to.length) * 0.4]);
    if (to === '' && after === 0) edits.push([sub(VALUE, `${inText(from)}$`), 1.8 + from.length * 0.2]);
    if (to === '' && before === 0) edits.push([sub(VALUE, `^${inText(from)}`), 1.8 + from.length * 0.2]);
  }
  const kept = new Set(changes.flatMap((change) => [...change.output]));
  const gone = [...new Set(changes.flatMap((change) => [...change.input]))].filter((sign) => !kept.has(sign) && !/[0-9\p{L}]/u.test(sign));
  if (gone.length > 0 && gone.length <= 8) edits.push([sub(VALUE, `[${gone.map(inClass).join('')}]+`), 2 + gone.length * 0.3]);
  edits.push(
    [sub(VALUE, '[^0-9]+'), 2.2],
    [sub(VALUE, '[^0-9A-Za-z]+'), 2.2],
    [sub(VALUE, '[^0-9.]+$'), 2.3],
    [sub(VALUE, '[.]0+$'), 2],
    [sub(VALUE, ' *[(][^()]*[)]'), 2.4],
  );
  return edits;
}

/** A character within a class of a regular expression, by its code point: nothing in it can have a meaning. */
export function inClass(sign: string): string {
  return /^[\\\]^[-]$/.test(sign) ? `\\${sign}` : sign;
}

export function inText(literal: string): string {
  return [...literal]
    .map((sign) => (/[\p{L}\p{N} ]/u.test(sign) ? sign : `[${inClass(sign)}]`))
    .join('')
    .replaceAll('[\\^]', '\\^');
}

interface State {
  readonly at: readonly number[];
  readonly cost: number;
  readonly path: readonly Text[];
  readonly inputs: number;
}

/** A binary heap by cost. */
class Queue {
  readonly #items: State[] = [];

  push(state: State): void {
    const items = this.#items;
    let at = items.push(state) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if ((items[parent]?.cost ?? 0) <= state.cost) break;
      items[at] = items[parent] as State;
      at = parent;
    }
    items[at] = state;
  }

  pop(): State | undefined {
    const items = this.#items;
    const [top] = items;
    const last = items.pop();
    if (top === undefined || last === undefined || items.length === 0) return top;
    let at = 0;
    for (;;) {
      let child = at * 2 + 1;
      if (child >= items.length) break;
      if (child + 1 < items.length && (items[child + 1]?.cost ?? 0) < (items[child]?.cost ?? 0)) child += 1;
      if ((items[child]?.cost ?? 0) >= last.cost) break;
      items[at] = items[child] as State;
      at = child;
    }
    items[at] = last;
    return top;
  }
}
