/** A block of commands in a page: fenced as ```sh. Output is shown in blocks of other languages; what is fenced as ```output is held to it. */
export interface CommandBlock {
  /** Line of the page on which the first command stands, from 1. */
  readonly line: number;
  readonly text: string;
  /** One entry for each command; comments and empty lines are none, a continued line is part of its command. */
  readonly commands: readonly string[];
  readonly marker: Marker;
  /** What the page says that it prints, in the block fenced as ```output that follows; undefined where the page does not say. */
  readonly shown?: string;
}

/**
 * How a test runs a block; written in the page as `<!-- docs: KIND args="…" -->` on the line before the fence.
 * - `run` (no marker): to its end, which has to be good.
 * - `serve`: its last command stays up for the blocks that follow, until the page ends.
 * - `long`: run by `npm run test:soak` only; in `npm test` the names it uses are looked up.
 */
export interface Marker {
  readonly kind: 'run' | 'serve' | 'long';
  /** Arguments that a test appends to the block's last command: a free port, a small volume. */
  readonly args: string;
}

/** Something that a page mentions and that must exist. */
export interface Mention {
  readonly line: number;
  readonly kind: 'link' | 'path' | 'file' | 'script';
  readonly text: string;
}

export interface Page {
  readonly blocks: readonly CommandBlock[];
  readonly mentions: readonly Mention[];
  /** Anchors of the headings, as web pages of repositories make them. */
  readonly anchors: ReadonlySet<string>;
  /** The body rows of every table, by the header's cells. */
  readonly tables: readonly { readonly header: readonly string[]; readonly rows: readonly (readonly string[])[] }[];
}

const FENCE = /^\s*(`{3,}|~{3,})\s*(\S*)/;
const MARKER = /^\s*<!--\s*docs:\s*(\S+)(?:\s+args="([^"]*)")?\s*-->\s*$/;

/**
 * Reads the Markdown of a page.
 * @throws Error at `file:line` for an unknown marker, or a fence without an end.
 */
export function readPage(file: string, text: string): Page {
  const blocks: CommandBlock[] = [];
  const mentions: Mention[] = [];
  const anchors = new Set<string>();
  const tables: { header: string[]; rows: string[][] }[] = [];
  const lines = text.split('\n');
  let marker: Marker | undefined;
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] ?? '';
    const fence = FENCE.exec(line);
    if (fence) {
      const end = lines.findIndex((one, index) => index > at && one.trim() === fence[1]);
      if (end < 0) throw new Error(`${file}:${at + 1}: the fence is never closed`);
      if (fence[2] === 'sh') blocks.push(commandBlock(at + 2, lines.slice(at + 1, end), marker ?? { kind: 'run', args: '' }));
      else if (fence[2] === 'output') {
        const last = blocks.pop();
        if (!last || last.shown !== undefined) throw new Error(`${file}:${at + 1}: output stands behind no block of commands`);
        blocks.push({ ...last, shown: lines.slice(at + 1, end).join('\n') });
      } else if (marker) throw new Error(`${file}:${at + 1}: the marker above stands before a block that holds no commands`);
      marker = undefined;
      at = end;
      continue;
    }
    if (marker && line.trim() !== '') throw new Error(`${file}:${at + 1}: the marker above stands before no block of commands`);
    marker = readMarker(file, at + 1, line) ?? marker;
    const heading = /^#+\s+(.*)$/.exec(line)?.[1];
    if (heading !== undefined) anchors.add(anchorOf(heading));
    if (/^\s*\|?\s*:?-{3,}/.test(line) && at > 0) tables.push({ header: cells(lines[at - 1] ?? ''), rows: bodyRows(lines, at + 1) });
    mentions.push(...mentionsOf(line, at + 1));
  }
  return { blocks, mentions, anchors, tables };
}

function readMarker(file: string, line: number, text: string): Marker | undefined {
  const match = MARKER.exec(text);
  if (!match) {
    if (/<!--\s*docs:/.test(text)) throw new Error(`${file}:${line}: a marker reads <!-- docs: serve args="…" --> or <!-- docs: long -->`);
    return undefined;
  }
  const kind = match[1];
  if (kind !== 'run' && kind !== 'serve' && kind !== 'long') throw new Error(`${file}:${line}: no such kind of block: ${kind}`);
  return { kind, args: match[2] ?? '' };
}

function commandBlock(line: number, lines: readonly string[], marker: Marker): CommandBlock {
  const text = lines.join('\n');
  const commands = text
    .replaceAll(/\s*\\\n\s*/g, ' ')
    .split('\n')
    .map((one) => one.trim())
    .filter((one) => one !== '' && !one.startsWith('#'));
  return { line, text, commands, marker };
}

function mentionsOf(line: string, at: number): Mention[] {
  const found: Mention[] = [];
  for (const [, target = ''] of line.matchAll(/\]\(([^)\s]+)\)/g)) if (!/^[a-z]+:/.test(target)) found.push({ line: at, kind: 'link', text: target });
  for (const [, span = ''] of line.matchAll(/`([^`]+)`/g)) {
    const script = /^(?:npm run|npm) ([\w:-]+)/.exec(span)?.[1];
    if (script !== undefined && script !== 'ci' && script !== 'install') found.push({ line: at, kind: 'script', text: script === 'run' ? '' : script });
    else if (/^(contracts|libs|domains|platform|tools|e2e|docs|\.ci)\/[^\s]*$/.test(span)) found.push({ line: at, kind: 'path', text: span });
    else if (/^[\w.-]+\.(ts|js|json|md)$/.test(span)) found.push({ line: at, kind: 'file', text: span });
  }
  return found;
}

function bodyRows(lines: readonly string[], start: number): string[][] {
  const rows: string[][] = [];
  for (let at = start; (lines[at] ?? '').trim().startsWith('|'); at++) rows.push(cells(lines[at] ?? ''));
  return rows;
}

function cells(line: string): string[] {
  return line
    .trim()
    .replace(/^\|/, '')
    .replace(/\|$/, '')
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim());
}

function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replaceAll(/\s/g, '-');
}
