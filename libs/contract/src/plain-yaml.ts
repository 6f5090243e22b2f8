import type { Tree, TreeEntry, TreeMap } from './yaml-tree.ts';

/** The longest text that is read here: no character makes two words or signs of YAML, so that it is within the limit of those. */
const LONGEST = 30_000;
/** Levels of maps and lists; far below the limit of a document. */
const DEEPEST = 24;

/** Characters of plain documents: no tab, no carriage return, nothing that YAML or an editor takes for a line end, no byte order mark, no surrogates. */
const PLAIN_TEXT = /^[\n\x20-\x7e\u00a0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd]*$/;
const KEY = /([A-Za-z_][A-Za-z0-9_]{0,99}):(?: |$)/y;
/** Begins no number that YAML writes in another way, no sign, no quote. */
const WORD = /^[A-Za-z0-9_($]|^-[0-9]/;
/** Of what stands in brackets: no sign of YAML, and a colon only within a word. */
const FLOW_WORD = /(?:[A-Za-z_(]|-?[0-9])(?:[-+A-Za-z0-9_./%()]|:(?=[A-Za-z0-9_./])| (?=[A-Za-z0-9_(]))*/y;
/** 1., 1e3, 0x1f, a number of more digits than a double holds. */
const OTHER_NUMBER = /^-?(?:[0-9]*\.?[0-9]*(?:e[-+]?[0-9]+)?|0x[0-9a-f]+|0o[0-7]+)$/i;
const SINGLE_QUOTED = /'((?:[^'\n]|'')*)'/y;
const DOUBLE_QUOTED = /"([^"\\\n]*)"/y;
const BLOCK = /^(?:\||>-)$/;

/** Thrown where the text is beyond what is read here; never seen outside. */
const BEYOND = Symbol('beyond plain YAML');

interface Line {
  /** Offset of the first character that is no blank. */
  readonly at: number;
  readonly indent: number;
  /** Without the blanks before it. */
  readonly text: string;
}

/**
 * Reads the YAML that contracts are mostly written in: block maps with plain keys, block lists, words, quoted texts on one line, short lists and maps in
 * brackets, block texts without blank lines, comments on lines of their own. Undefined for all else, faulty or not: that is for the full reader, which
 * gives the same tree for what is read here, and takes long to load.
 */
export function readPlainYaml(text: string): TreeMap | undefined {
  if (text.length > LONGEST || !PLAIN_TEXT.test(text)) return undefined;
  try {
    return new PlainReader(text).document();
  } catch (error) {
    if (error === BEYOND) return undefined;
    throw error;
  }
}

class PlainReader {
  readonly #lines: Line[] = [];
  #next = 0;
  #depth = 0;

  constructor(text: string) {
    for (let start = 0; start < text.length;) {
      const found = text.indexOf('\n', start);
      const end = found < 0 ? text.length : found;
      let at = start;
      while (at < end && text.charCodeAt(at) === 0x20) at += 1;
      if (end > start && text.charCodeAt(end - 1) === 0x20) throw BEYOND;
      this.#lines.push({ at, indent: at - start, text: text.slice(at, end) });
      start = end + 1;
    }
  }

  document(): TreeMap {
    const first = this.#peek();
    if (first?.indent !== 0 || isItem(first)) throw BEYOND;
    const root = this.#map(0, first.at);
    if (this.#peek()) throw BEYOND;
    return root;
  }

  /** The next line that says something. */
  #peek(): Line | undefined {
    for (let line = this.#lines[this.#next]; line; line = this.#lines[(this.#next += 1)]) if (line.text !== '' && line.text[0] !== '#') return line;
    return undefined;
  }

  /** A map whose keys stand in column `indent`; the first of them at offset `at` of the line that comes next. */
  #map(indent: number, at: number): TreeMap {
    this.#enter();
    const entries = new Map<string, TreeEntry>();
    for (let keyAt: number | undefined = at; keyAt !== undefined;) {
      const line = this.#peek() as Line;
      KEY.lastIndex = keyAt - line.at;
      const name = KEY.exec(line.text)?.[1];
      // A key that stands twice is told of by the full reader.
      if (name === undefined || entries.has(name)) throw BEYOND;
      const valueAt = KEY.lastIndex;
      this.#next += 1;
      entries.set(name, { at: keyAt, node: valueAt < line.text.length ? this.#value(line, valueAt, indent) : this.#below(indent) });
      const next = this.#peek();
      if (next && next.indent > indent) throw BEYOND;
      keyAt = next?.indent === indent && !isItem(next) ? next.at : undefined;
      // A list in the column of its key is for the full reader.
      if (next?.indent === indent && keyAt === undefined) throw BEYOND;
    }
    this.#depth -= 1;
    return { kind: 'map', entries, at };
  }

  /** What stands below a key or nothing. */
  #below(indent: number): Tree {
    const line = this.#peek();
    if (!line || line.indent <= indent) throw BEYOND;
    return isItem(line) ? this.#list(line.indent, line.at) : this.#map(line.indent, line.at);
  }

  #list(indent: number, at: number): Tree {
    this.#enter();
    const items: Tree[] = [];
    for (let line = this.#peek(); line?.indent === indent && isItem(line); line = this.#peek()) {
      KEY.lastIndex = 2;
      if (KEY.test(line.text)) items.push(this.#map(indent + 2, line.at + 2));
      else {
        this.#next += 1;
        items.push(this.#value(line, 2, indent));
      }
      const next = this.#peek();
      if (next && (next.indent > indent || (next.indent === indent && !isItem(next)))) throw BEYOND;
    }
    this.#depth -= 1;
    return { kind: 'list', items, at };
  }

  /** What stands on a line from column `from` on, all of it. */
  #value({ at: lineAt, text: line }: Line, from: number, indent: number): Tree {
    const at = lineAt + from;
    const sign = line[from];
    if (sign === "'" || sign === '"') {
      const [node, end] = quoted(line, from, lineAt);
      if (end !== line.length) throw BEYOND;
      return node;
    }
    if (sign === '[' || sign === '{') {
      this.#enter();
      const [node, end] = sign === '[' ? flowList(line, from, lineAt) : flowMap(line, from, lineAt);
      if (end !== line.length) throw BEYOND;
      this.#depth -= 1;
      return node;
    }
    const word = line.slice(from);
    if (BLOCK.test(word)) return this.#block(word === '|', at, indent);
    if (!WORD.test(word) || word.includes(': ') || word.includes(' #') || word.endsWith(':')) throw BEYOND;
    return { kind: 'scalar', value: meaning(word), text: word, at };
  }

  /** A block text: lines right of the key's column, those of a folded one in one column. */
  #block(literal: boolean, at: number, indent: number): Tree {
    const first = this.#lines[this.#next];
    if (!first || first.text === '' || first.indent <= indent) throw BEYOND;
    const lines: string[] = [];
    for (let line: Line | undefined = first; line && line.indent > indent; line = this.#lines[(this.#next += 1)]) {
      if (line.text === '' || line.indent < first.indent || (line.indent > first.indent && !literal)) throw BEYOND;
      lines.push(' '.repeat(line.indent - first.indent) + line.text);
    }
    // Blank lines, and a text that the file ends in, are for the full reader.
    const after = this.#lines[this.#next];
    if (!after || after.text === '' || after.text[0] === '#') throw BEYOND;
    const value = literal ? `${lines.join('\n')}\n` : lines.join(' ');
    return { kind: 'scalar', value, text: value, at };
  }

  #enter(): void {
    if ((this.#depth += 1) > DEEPEST) throw BEYOND;
  }
}

function isItem({ text }: Line): boolean {
  return text.startsWith('- ');
}

function quoted(line: string, from: number, lineAt: number): [node: Tree, end: number] {
  const single = line[from] === "'";
  const pattern = single ? SINGLE_QUOTED : DOUBLE_QUOTED;
  pattern.lastIndex = from;
  const inner = pattern.exec(line)?.[1];
  if (inner === undefined) throw BEYOND;
  const value = single ? inner.replaceAll("''", "'") : inner;
  return [{ kind: 'scalar', value, text: value, at: lineAt + from }, pattern.lastIndex];
}

/** A quoted text or a word in brackets. */
function flowScalar(line: string, from: number, lineAt: number): [node: Tree, end: number] {
  if (line[from] === "'" || line[from] === '"') return quoted(line, from, lineAt);
  FLOW_WORD.lastIndex = from;
  const word = FLOW_WORD.exec(line)?.[0];
  if (word === undefined) throw BEYOND;
  return [{ kind: 'scalar', value: meaning(word), text: word, at: lineAt + from }, FLOW_WORD.lastIndex];
}

/** `[a, 'b', 3]`. */
function flowList(line: string, from: number, lineAt: number): [node: Tree, end: number] {
  const items: Tree[] = [];
  let at = from + 1;
  while (line[at] !== ']' || items.length === 0) {
    const [item, end] = flowScalar(line, at, lineAt);
    items.push(item);
    at = end;
    if (line[at] === ']') break;
    if (line[at] !== ',' || line[at + 1] !== ' ') throw BEYOND;
    at += 2;
  }
  return [{ kind: 'list', items, at: lineAt + from }, at + 1];
}

/** `{ a: b, c: 'd' }`. */
function flowMap(line: string, from: number, lineAt: number): [node: Tree, end: number] {
  const entries = new Map<string, TreeEntry>();
  let at = from + 1;
  for (;;) {
    if (line[at] !== ' ') throw BEYOND;
    KEY.lastIndex = at + 1;
    const name = KEY.exec(line)?.[1];
    if (name === undefined || KEY.lastIndex >= line.length || entries.has(name)) throw BEYOND;
    const [node, end] = flowScalar(line, KEY.lastIndex, lineAt);
    entries.set(name, { at: lineAt + at + 1, node });
    at = end;
    if (line.startsWith(' }', at)) return [{ kind: 'map', entries, at: lineAt + from }, at + 2];
    if (line[at] !== ',') throw BEYOND;
    at += 1;
  }
}

/** What a word means in YAML 1.2: true, false, null, a decimal number, or itself. */
function meaning(word: string): string | number | boolean | null {
  if (word === 'true') return true;
  if (word === 'false') return false;
  if (word === 'null') return null;
  if (/^[-0-9]/.test(word)) {
    if (/^-?[0-9]{1,16}$/.test(word) && Number.isSafeInteger(Number(word))) return Number(word);
    if (/^-?[0-9]{1,15}\.[0-9]{1,15}$/.test(word)) return Number(word);
    if (OTHER_NUMBER.test(word)) throw BEYOND;
  } else if (/^(?:true|false|null)$/i.test(word)) throw BEYOND;
  return word;
}
