import { mkdir, open, rm, type FileHandle } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { DemoMaterial } from '../materials.ts';
import type { PlantedFault } from '../planted.ts';
import { randomFrom, type Random } from '../random.ts';
import { faultPlanter, ledger, plant, type Ga4Fault } from './faults.ts';
import { render, type EventDraft, type Style } from './record.ts';
import { truthKeeper, type Ga4Truth } from './truth.ts';
import { newVisitor, openShop, visit, type Visitor } from './visit.ts';

export interface Ga4SourceOptions {
  /** Folder to write into; it is made if it does not exist. */
  readonly directory: string;
  readonly seed: number;
  /** Lines in all files together, without the superseded one. */
  readonly rows: number;
  /** Calendar days; the last of them is still streaming, so it has an intraday table only. Default 8. */
  readonly days?: number;
  /** `YYYY-MM-DD`; default 2026-08-31. No clock is read. */
  readonly lastDay?: string;
  /** Of the property, which decides what day an instant belongs to; default Europe/Berlin. */
  readonly timeZone?: string;
  readonly materials: readonly DemoMaterial[];
  /** Rows written so far, about every 20,000. */
  readonly onProgress?: (rows: number) => void;
}

export interface Ga4SourceFile {
  readonly file: string;
  readonly rows: number;
}

export interface Ga4Source {
  readonly rows: number;
  readonly bytes: number;
  readonly files: readonly Ga4SourceFile[];
  /** A streaming table left behind beside the daily table that replaced it: its rows must not count a second time. */
  readonly superseded: Ga4SourceFile | undefined;
  readonly planted: Readonly<Record<Ga4Fault, PlantedFault>>;
  readonly truth: Ga4Truth;
}

const DAY = 86_400_000;
/** Visits by hour of the day, measured on no shop in particular: quiet nights, busy evenings. */
const HOURS = [2, 1, 1, 1, 1, 2, 3, 5, 7, 8, 8, 8, 9, 8, 8, 8, 9, 10, 12, 14, 15, 13, 9, 5];

/**
 * Writes what a BigQuery export of one GA4 property holds: one table of NDJSON a day, as files of the shapes that are met in
 * practice (shards, both null styles, a streaming table for the last day and one left over), with faults at stated rates. The same
 * options give the same bytes.
 */
export async function writeGa4Source(options: Ga4SourceOptions): Promise<Ga4Source> {
  const { directory, seed, rows, days = 8, lastDay = '2026-08-31', timeZone = 'Europe/Berlin' } = options;
  if (!Number.isInteger(rows) || rows < 1) throw new RangeError(`a source needs at least one row, not ${rows}`);
  if (!Number.isInteger(days) || days < 1) throw new RangeError(`a source needs at least one day, not ${days}`);
  const last = Date.parse(`${lastDay}T00:00:00Z`);
  if (Number.isNaN(last)) throw new RangeError(`lastDay must be YYYY-MM-DD, not ${lastDay}`);
  await mkdir(directory, { recursive: true });

  const random = randomFrom(seed).fork('ga4');
  const shop = openShop(options.materials);
  const planter = faultPlanter(random.fork('faults'));
  const faultRandom = random.fork('fault values');
  const keeper = truthKeeper();
  const visitors: Visitor[] = [];
  const first = last - (days - 1) * DAY;
  const dateOf = localDate(timeZone);

  // A weekday's share of the rows; the last day is not over yet.
  const weights = Array.from(
    { length: days },
    (_, day) => ([1.1, 1, 0.95, 0.95, 1, 1.05, 1.2][new Date(first + day * DAY).getUTCDay()] ?? 1) * (day === days - 1 && days > 1 ? 0.55 : 1),
  );
  const quotas = share(rows, weights);
  const written: { file: string; rows: number; bytes: number }[] = [];
  let superseded: Ga4SourceFile | undefined;
  let total = 0;
  let carried: EventDraft[] = [];

  for (let day = 0; day < days; day++) {
    const midnight = localMidnight(first + day * DAY, timeZone);
    const today = dateOf(midnight + DAY / 2);
    const quota = quotas[day] ?? 0;
    const streaming = day === days - 1 && days > 1;
    // The first day was fetched by the console, with explicit nulls; the others by bq extract, the second in two shards.
    const style: Style = day === 0 ? 'console' : 'extract';
    const shards =
      day === 1
        ? [`events_${today}-000000000000.json`, `events_${today}-000000000001.json`]
        : [streaming ? `events_intraday_${today}.ndjson` : `events_${today}.${day === 0 ? 'json' : 'ndjson'}`];
    // Written while the day before was the last one, and forgotten there.
    const leftover = day === days - 2 && days > 2 ? await LineFile.open(directory, `events_intraday_${today}.ndjson`) : undefined;
    const files: LineFile[] = [];
    for (const shard of shards) files.push(await LineFile.open(directory, shard));
    let here = 0;
    const tomorrow: EventDraft[] = [];
    const echoes: { line: string; due: number }[] = [];

    const emit = async (line: string): Promise<void> => {
      const file = files[Math.min(files.length - 1, Math.floor((here * files.length) / quota))] as LineFile;
      here++;
      total++;
      await file.line(line);
      if (leftover && here <= quota * 0.2) await leftover.line(line);
      if (total % 20_000 === 0) options.onProgress?.(total);
    };
    const write = async (event: EventDraft): Promise<void> => {
      if (here >= quota) return;
      while (echoes.length > 0 && (echoes[0]?.due ?? 0) <= here && here < quota) await emit((echoes.shift() as { line: string }).line);
      if (here >= quota) return;
      // A second row follows some faults; where the file has no room for it, the fault waits for the next file.
      const fault = quota - here > 60 + echoes.length ? planter.choose(event) : undefined;
      if (fault === undefined) {
        keeper.see(event, undefined);
        return emit(render(event, style));
      }
      planter.count(fault);
      if (plant(fault, event, faultRandom, dateOf)) {
        keeper.see(event, fault);
        return emit(render(event, style));
      }
      const line = render(event, style);
      if (fault === 'malformed_line') {
        keeper.see(event, fault);
        return emit(line.slice(0, Math.floor(line.length * (0.2 + 0.6 * faultRandom.unit()))));
      }
      keeper.see(event, undefined);
      await emit(line);
      if (fault === 'duplicate') echoes.push({ line, due: here + 1 + faultRandom.below(40) });
      else {
        const again = reload(event, faultRandom);
        keeper.see(again, undefined);
        await emit(render(again, style));
      }
    };

    for (const event of carried) await write(event);
    const busy = hourly(streaming ? HOURS.slice(0, 14) : HOURS);
    while (here < quota) {
      const start = midnight + Math.floor(busy(random) * 3_600_000);
      const visitor = visitorOf(visitors, random, start, () => newVisitor(shop, random, start));
      for (const event of visit(shop, random, visitor, start, dateOf)) {
        if (event.date === today) await write(event);
        else tomorrow.push(event);
      }
    }
    for (const echo of echoes) if (here < quota) await emit(echo.line);
    for (const file of files) {
      const closed = await file.close();
      if (closed.rows > 0) written.push(closed);
    }
    if (leftover) {
      const { file, rows: count } = await leftover.close();
      if (count > 0) superseded = { file, rows: count };
    }
    // Visits over midnight go on in the next day's table.
    carried = tomorrow;
  }
  options.onProgress?.(total);
  return {
    rows: total,
    bytes: written.reduce((sum, file) => sum + file.bytes, 0),
    files: written.map(({ file, rows: count }) => ({ file, rows: count })),
    superseded,
    planted: ledger(planter.counts),
    truth: keeper.truth(),
  };
}

/** Two of five visits are by somebody who has been here before. */
function visitorOf(known: Visitor[], random: Random, at: number, make: () => Visitor): Visitor {
  if (known.length > 20 && random.chance(0.4)) {
    const visitor = known[random.below(known.length)] as Visitor;
    if (visitor.firstSeen < at) return visitor;
  }
  const visitor = make();
  known.push(visitor);
  return visitor;
}

/** The thank-you page loaded again: same transaction, a later event. */
function reload(event: EventDraft, random: Random): EventDraft {
  const later = event.at + 1000 + random.below(30_000);
  return { ...event, at: later, batch: { page: String(later), ordering: event.batch.ordering + 1, index: 1 } };
}

/** Splits `rows` by weight into whole numbers that add up to it. */
function share(rows: number, weights: readonly number[]): number[] {
  const sum = weights.reduce((total, weight) => total + weight, 0);
  let before = 0;
  let given = 0;
  return weights.map((weight) => {
    before += weight;
    const upTo = Math.round((rows * before) / sum);
    const own = upTo - given;
    given = upTo;
    return own;
  });
}

function hourly(weights: readonly number[]): (random: Random) => number {
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return (random) => {
    let aim = random.unit() * sum;
    for (const [hour, weight] of weights.entries()) {
      if (aim < weight) return hour + aim / weight;
      aim -= weight;
    }
    return weights.length - 0.001;
  };
}

/** `YYYYMMDD` of an instant in a time zone; asks Intl once for each quarter of an hour, the finest step of any zone. */
function localDate(timeZone: string): (at: number) => string {
  const format = new Intl.DateTimeFormat('en-CA', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit' });
  const known = new Map<number, string>();
  return (at) => {
    const quarter = Math.floor(at / 900_000);
    let date = known.get(quarter);
    if (date === undefined) known.set(quarter, (date = format.format(at).replaceAll('-', '')));
    return date;
  };
}

/** The instant at which a calendar day (given as its UTC midnight) begins in a time zone. */
function localMidnight(utcMidnight: number, timeZone: string): number {
  const wanted = new Date(utcMidnight).toISOString().slice(0, 10).replaceAll('-', '');
  const dateOf = localDate(timeZone);
  let at = utcMidnight - DAY;
  while (dateOf(at) < wanted) at += 900_000;
  return at;
}

/** Lines gathered in one buffer: encoding each by itself is twice as fast as joining them first. */
class LineFile {
  private readonly handle: FileHandle;
  private readonly path: string;
  private readonly buffer = Buffer.allocUnsafe(1 << 20);
  private filled = 0;
  private rows = 0;
  private bytes = 0;

  private constructor(handle: FileHandle, path: string) {
    this.handle = handle;
    this.path = path;
  }

  static async open(directory: string, file: string): Promise<LineFile> {
    return new LineFile(await open(join(directory, file), 'w'), join(directory, file));
  }

  /** Resolves to nothing at once unless the buffer has to be written first. */
  line(text: string): Promise<void> | undefined {
    // A UTF-16 unit takes three bytes at most.
    if (this.filled + text.length * 3 + 1 > this.buffer.length) return this.flush().then(() => this.put(text));
    this.put(text);
    return undefined;
  }

  private put(text: string): void {
    if (text.length * 3 + 1 > this.buffer.length) throw new RangeError(`a line of ${text.length} characters does not fit`);
    this.filled += this.buffer.write(text, this.filled);
    this.buffer[this.filled++] = 10;
    this.rows++;
  }

  private async flush(): Promise<void> {
    await this.handle.writeFile(this.buffer.subarray(0, this.filled));
    this.bytes += this.filled;
    this.filled = 0;
  }

  async close(): Promise<{ file: string; rows: number; bytes: number }> {
    await this.flush();
    await this.handle.close();
    // BigQuery exports no empty files, and a reader may take one for a broken copy.
    if (this.rows === 0) await rm(this.path);
    return { file: basename(this.path), rows: this.rows, bytes: this.bytes };
  }
}
