import { createReadStream } from 'node:fs';
import path from 'node:path';
import type { Contract } from '@skein/contract';
import { SkeinError } from '@skein/kernel';
import { BytesOut } from './bytes-out.ts';
import { membersOf, type JsonMember } from './json-members.ts';
import { loadLines } from './load-lines.ts';
import { editsByRow, type HealSource, type WrittenCell } from './source.ts';
import { encodingOf } from './text-encoding.ts';

/** A file of one JSON object a line. Keys, nested values, spaces and the order of keys stay as they are; blank lines are no rows. */
export async function ndjsonSource(file: string, folder: string, contract: Contract): Promise<HealSource> {
  if ((await encodingOf(file)).name !== 'utf-8')
    throw new SkeinError('SKEIN_SOURCE_UNREADABLE', `${path.basename(file)} is not UTF-8, which JSON is`, { hint: 'Export the file again.' });
  const types = new Map(contract.properties.map(({ name, type }) => [name, type.kind]));
  const state = { malformed: 0 };
  const columns = new Set<string>();
  for await (const { members } of linesOf(file)) for (const name of members?.keys() ?? []) columns.add(name);
  return {
    columns: [...columns],
    get malformed() {
      return state.malformed;
    },
    async load(session, name, wanted) {
      const held = wanted.filter((column) => columns.has(column));
      state.malformed = 0;
      async function* rows(): AsyncGenerator<(string | null)[]> {
        for await (const { row, members } of linesOf(file)) {
          if (row === 0) continue;
          if (!members) state.malformed++;
          else yield [String(row), ...held.map((column) => textOf(members.get(column)))];
        }
      }
      await loadLines(session, name, held, rows(), path.join(folder, 'rows.ndjson'));
      return held;
    },
    async write(to, edits) {
      const out = new BytesOut(to);
      const written: WrittenCell[] = [];
      const pending = editsByRow(edits);
      try {
        let next = await pending.next();
        for await (const { row, text, members, end } of linesOf(file)) {
          let line = text;
          while (!next.done && next.value[0] < row) next = await pending.next();
          if (!next.done && next.value[0] === row && members && row > 0) {
            // From the end to the beginning, so that the places of the others hold.
            const spots = next.value[1].map((edit) => ({ edit, member: members.get(edit.column) }));
            spots.sort((a, b) => (b.member?.start ?? text.length) - (a.member?.start ?? text.length));
            for (const { edit, member } of spots) {
              const brace = line.lastIndexOf('}');
              const [from, stop] = member ? [member.start, member.stop] : [brace, brace];
              // A member that was put in is taken out with its key.
              const whole = edit.expected !== undefined && stop - edit.expected.length < from ? stop - edit.expected.length : from;
              const start = line.slice(whole, stop) === edit.expected ? whole : from;
              const before = line.slice(start, stop);
              const inserted = `${members.size > 0 ? ',' : ''}${JSON.stringify(edit.column)}:`;
              const after = edit.raw ?? `${member ? '' : inserted}${jsonOf(edit.value, types.get(edit.column))}`;
              if (edit.expected !== undefined && edit.expected !== before) continue;
              line = line.slice(0, start) + after + line.slice(stop);
              written.push({ row, column: edit.column, before, after });
            }
          }
          await out.write(Buffer.from(line, 'utf8'), Buffer.from(end));
        }
        await out.finish();
      } catch (error) {
        await out.abandon();
        throw error;
      }
      return written;
    },
  };
}

interface Line {
  /** From 1; 0 for a blank line. */
  readonly row: number;
  readonly text: string;
  readonly end: string;
  /** Undefined where the line is no object, or a key stands twice. */
  readonly members: ReadonlyMap<string, JsonMember> | undefined;
}

async function* linesOf(file: string): AsyncGenerator<Line> {
  let row = 0;
  let rest = '';
  const line = (raw: string): Line => {
    const end = raw.endsWith('\r\n') ? '\r\n' : raw.endsWith('\n') ? '\n' : '';
    const text = raw.slice(0, raw.length - end.length);
    const blank = /^\ufeff?\s*$/.test(text);
    if (!blank) row++;
    return { row: blank ? 0 : row, text, end, members: blank ? undefined : membersOf(text) };
  };
  const stream = createReadStream(file, { highWaterMark: 1 << 20, encoding: 'utf8' });
  for await (const chunk of stream as AsyncIterable<string>) {
    rest += chunk;
    let at = 0;
    for (let found = rest.indexOf('\n'); found >= 0; found = rest.indexOf('\n', at)) {
      yield line(rest.slice(at, found + 1));
      at = found + 1;
    }
    rest = rest.slice(at);
  }
  if (rest !== '') yield line(rest);
}

function textOf(member: JsonMember | undefined): string | null {
  if (member === undefined || member.text === 'null') return null;
  return member.text.startsWith('"') ? (JSON.parse(member.text) as string) : member.text;
}

/** A value in the JSON form of its column: numbers and booleans bare, all else text. */
function jsonOf(value: string | null, kind: string | undefined): string {
  if (value === null) return 'null';
  const bare = (kind === 'int' || kind === 'decimal' || kind === 'float') && /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?$/.test(value);
  if (bare) return value;
  return kind === 'boolean' && /^(?:true|false)$/i.test(value) ? value.toLowerCase() : JSON.stringify(value);
}
