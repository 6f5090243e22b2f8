import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SkeinError } from '@skein/kernel';
import type { MarketEvent } from '@skein/market';
import type { PlantedFault } from '../planted.ts';
import { randomFrom, type Random } from '../random.ts';
import { trading } from './trading.ts';

export type BrokerageFault = 'events_repeated' | 'bytes_unreadable' | 'rows_negative';

export interface BrokerageSourceOptions {
  /** Folder to write into; it is made if it does not exist. */
  readonly directory: string;
  readonly seed: number;
  /** Events of the shop's source: the market answers a twentieth as many queries. */
  readonly rows: number;
  readonly onProgress?: (rows: number) => void;
}

export interface BrokerageSource {
  /** Lines in all files together. */
  readonly rows: number;
  readonly bytes: number;
  readonly files: readonly { readonly file: string; readonly rows: number }[];
  readonly planted: Readonly<Record<BrokerageFault, PlantedFault>>;
}

const LEAST_USES = 400;
const LINES = 10_000;
const RATES = { events_repeated: 0.01, bytes_unreadable: 0.005, rows_negative: 0.005 } as const;

/**
 * Writes the log of a market that traded, in files of 10,000 events, with faults at stated rates: lines that were exported twice, and
 * uses whose figures were damaged. The same options give the same bytes.
 */
export async function writeBrokerageSource({ directory, seed, rows, onProgress }: BrokerageSourceOptions): Promise<BrokerageSource> {
  if (!Number.isInteger(rows) || rows < 1) throw new SkeinError('SKEIN_CONFIG_INVALID', `a source needs at least one row, not ${rows}`);
  const random = randomFrom(seed).fork('brokerage');
  const events = trading(random.fork('trading'), Math.max(LEAST_USES, Math.ceil(rows / 20)));
  const { lines, planted } = withFaults(events, random.fork('faults'));
  await mkdir(directory, { recursive: true });
  const files: { file: string; rows: number }[] = [];
  let bytes = 0;
  for (let from = 0; from < lines.length; from += LINES) {
    const part = lines.slice(from, from + LINES);
    const file = `market_${String(files.length + 1).padStart(6, '0')}.ndjson`;
    const text = `${part.join('\n')}\n`;
    await writeFile(join(directory, file), text);
    bytes += Buffer.byteLength(text);
    files.push({ file, rows: part.length });
  }
  onProgress?.(rows);
  return { rows: lines.length, bytes, files, planted };
}

function withFaults(events: readonly MarketEvent[], random: Random): { lines: string[]; planted: BrokerageSource['planted'] } {
  const counts = { events_repeated: 0, bytes_unreadable: 0, rows_negative: 0 };
  let could = 0;
  const lines = events.flatMap((event) => {
    const line = JSON.stringify(event);
    if (event.type !== 'usage.charged') return [line];
    could += 1;
    const dice = random.unit();
    const first = (fault: BrokerageFault): boolean => counts[fault] === 0 && could > 20 * (Object.keys(counts).indexOf(fault) + 1);
    if (dice < RATES.events_repeated || first('events_repeated')) {
      counts.events_repeated += 1;
      return [line, line];
    }
    if (dice < RATES.events_repeated + RATES.bytes_unreadable || first('bytes_unreadable')) {
      counts.bytes_unreadable += 1;
      return [JSON.stringify({ ...event, bytes: 'n/a' })];
    }
    if (dice < RATES.events_repeated + RATES.bytes_unreadable + RATES.rows_negative || first('rows_negative')) {
      counts.rows_negative += 1;
      return [JSON.stringify({ ...event, rows: `-${event.rows === '0' ? '1' : event.rows}` })];
    }
    return [line];
  });
  const fault = (name: BrokerageFault, more: Omit<PlantedFault, 'count' | 'rate' | 'product'>): PlantedFault => ({
    count: counts[name],
    rate: RATES[name],
    product: 'brokerage.usage_events',
    ...more,
  });
  return {
    lines,
    planted: {
      events_repeated: fault('events_repeated', { expected: 'deduplicated', rule: 'usage_id', description: 'Uses that were exported twice.' }),
      bytes_unreadable: fault('bytes_unreadable', { expected: 'refused', rule: 'answered_bytes.type', description: 'Uses whose bytes are no number.' }),
      rows_negative: fault('rows_negative', { expected: 'refused', rule: 'answered_rows.minimum', description: 'Uses that answered fewer than no rows.' }),
    },
  };
}
