import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { SkeinError } from '@skein/kernel';
import type { MarketEvent } from '@skein/market';
import type { MarketStore } from '@skein/ports';

export interface LogExportOptions {
  readonly market: Pick<MarketStore, 'events'>;
  /** Source folder of the brokerage domain. */
  readonly folder: string;
  /** Told how many events came, after they are on disk. */
  readonly onEvents?: (events: number) => void;
  readonly onError: (error: unknown) => void;
  /** Milliseconds between two looks at the log. */
  readonly everyMs?: number;
  /** Events of a file. Files of one folder have one size. */
  readonly eventsInFile?: number;
}

export interface LogExport {
  /** Writes what the folder lacks; resolves with how many events that were. Calls wait for each other. */
  run(): Promise<number>;
  close(): Promise<void>;
}

const EVERY_MS = 1_000;
/** Small: the last file is written, and taken in, anew with what comes. */
const EVENTS_IN_FILE = 2_000;
const FILE = /^market_(\d{6,})\.ndjson$/;

/**
 * Keeps a folder of `market_NNNNNN.ndjson` in step with the market's log. What is there says where to go on, so an export that was killed is resumed, and
 * several gateways may export into one folder: the n-th file holds the same events whoever writes it, and is whole whenever it is there.
 */
export function exportLog({ market, folder, onEvents, onError, everyMs = EVERY_MS, eventsInFile = EVENTS_IN_FILE }: LogExportOptions): LogExport {
  let closed = false;
  let turn: Promise<unknown> = Promise.resolve();

  let left: { readonly place: Place; readonly mark: string } | undefined;

  async function write(): Promise<number> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    // read again only where somebody else has written
    const mark = await markOf(folder);
    const place = left?.mark === mark ? left.place : await placeIn(folder, eventsInFile);
    let { file, after } = place;
    left = { place, mark };
    let written = 0;
    for (;;) {
      const first = (file - 1) * eventsInFile;
      const fresh = await market.events(after, first + eventsInFile - after);
      if (fresh.length === 0) return written;
      // the file that is not full is written anew: what it held and what came since
      const whole = after === first ? fresh : await market.events(first, eventsInFile);
      checkOrder(whole, first);
      await put(join(folder, nameOf(file)), whole);
      written += whole.length - (after - first);
      after = first + whole.length;
      if (whole.length < eventsInFile) return written;
      file += 1;
    }
  }

  const run = (): Promise<number> => {
    const mine = turn.then(async () => {
      const events = closed ? 0 : await write();
      if (events > 0) onEvents?.(events);
      return events;
    });
    turn = mine.catch(() => undefined);
    return mine;
  };
  const look = (): void => void run().catch(onError);
  look();
  const timer = setInterval(look, everyMs);
  timer.unref();
  return {
    run,
    async close() {
      clearInterval(timer);
      await turn;
      closed = true;
    },
  };
}

interface Place {
  readonly file: number;
  readonly after: number;
}

async function numbersIn(folder: string): Promise<number[]> {
  const numbers = (await readdir(folder)).map((name) => FILE.exec(name)?.[1]).filter((number) => number !== undefined);
  return numbers.map(Number).sort((a, b) => a - b);
}

/** Changes with every file that comes, and with every change of the last. */
async function markOf(folder: string): Promise<string> {
  const numbers = await numbersIn(folder);
  const last = numbers.at(-1);
  if (last === undefined) return '';
  const { size, mtimeMs, ino } = await stat(join(folder, nameOf(last)));
  return [numbers.length, last, size, mtimeMs, ino].join(' ');
}

/** The file that is written next, and the number of the last event that is there. A file that is not what it should be is written anew, and so are those after it. */
async function placeIn(folder: string, eventsInFile: number): Promise<Place> {
  const numbers = await numbersIn(folder);
  const gap = numbers.findIndex((number, index) => number !== index + 1);
  const last = gap === -1 ? numbers.length : gap;
  if (last === 0) return { file: 1, after: 0 };
  const first = (last - 1) * eventsInFile;
  const lines = (await readFile(join(folder, nameOf(last)), 'utf8')).split('\n').slice(0, -1);
  const fits = lines.length > 0 && lines.length <= eventsInFile && seqOf(lines[0] ?? '') === first + 1 && seqOf(lines.at(-1) ?? '') === first + lines.length;
  if (!fits) return { file: last, after: first };
  return lines.length === eventsInFile ? { file: last + 1, after: first + eventsInFile } : { file: last, after: first + lines.length };
}

function seqOf(line: string): unknown {
  try {
    return (JSON.parse(line) as { seq?: unknown }).seq;
  } catch {
    return undefined;
  }
}

function checkOrder(events: readonly MarketEvent[], after: number): void {
  const wrong = events.findIndex(({ seq }, index) => seq !== after + index + 1);
  if (wrong !== -1) throw new SkeinError('SKEIN_STORAGE_FAILED', `the market's log lacks the event ${after + wrong + 1}`);
}

/** On disk before it has its name. */
async function put(file: string, events: readonly MarketEvent[]): Promise<void> {
  const aside = `${file}.${randomUUID()}.writing`;
  try {
    const handle = await open(aside, 'w', 0o600);
    try {
      await handle.writeFile(events.map((event) => `${JSON.stringify(event)}\n`).join(''));
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(aside, file);
  } catch (error) {
    await rm(aside, { force: true });
    throw error;
  }
}

function nameOf(file: number): string {
  return `market_${String(file).padStart(6, '0')}.ndjson`;
}
