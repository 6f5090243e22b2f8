import type { Landing, Source } from '@skein/product';

const KINDS = ['daily', 'fresh', 'intraday'] as const;
type Kind = (typeof KINDS)[number];

interface ExportTable {
  readonly kind: Kind;
  /** `YYYYMMDD` */
  readonly date: string;
  /** Part of the table that the file holds; undefined when the file is the whole table. */
  readonly shard: string | undefined;
}

const TABLE = /^events_(intraday_|fresh_)?(\d{8})$/;
const FILE = /^events_(intraday_|fresh_)?(\d{8})(?:[-_.](?!json|ndjson|parquet|csv|avro)([\w.-]+?))?(?:\.(?:json|jsonl|ndjson)(?:\.gz)?|\.parquet|\.gz)$/i;
/** BigQuery names a shard as it is told to, an ending is no must. */
const BARE_FILE = /^events_(intraday_|fresh_)?(\d{8})(?:[-_]([\w-]+))?$/i;
const RECORDS = /(?:\.(?:json|jsonl|ndjson)(?:\.gz)?|\.parquet|\.gz|^[\w-]+)$/i;

/**
 * Which table of a GA4 export a file holds: `events_20260801.json`, a shard `events_20260801-000000000003.json.gz`, a file in a
 * folder that is named like the table (`events_20260801/part-0.parquet`, `table=events_20260801/…`); `events_intraday_*` and
 * `events_fresh_*` alike. Undefined for everything else, `users_*`, `pseudonymous_users_*` and dates that no calendar has included.
 */
export function exportTable(file: string): ExportTable | undefined {
  const segments = file.split('/');
  const name = segments.pop() ?? '';
  const own = FILE.exec(name) ?? BARE_FILE.exec(name);
  if (own) return table(own[1], own[2], own[3]);
  if (!RECORDS.test(name)) return undefined;
  for (const segment of segments.reverse()) {
    const folder = TABLE.exec(segment.slice(segment.indexOf('=') + 1));
    if (folder) return table(folder[1], folder[2], name.replace(/\..*$/, ''));
  }
  return undefined;
}

function table(kind: string | undefined, date: string | undefined, shard: string | undefined): ExportTable | undefined {
  if (date === undefined || !isDate(date)) return undefined;
  return { kind: kind?.toLowerCase() === 'intraday_' ? 'intraday' : kind?.toLowerCase() === 'fresh_' ? 'fresh' : 'daily', date, shard };
}

function isDate(text: string): boolean {
  const iso = `${text.slice(0, 4)}-${text.slice(4, 6)}-${text.slice(6)}`;
  const at = Date.parse(`${iso}T00:00:00Z`);
  return !Number.isNaN(at) && new Date(at).toISOString().startsWith(iso) && text > '2010';
}

/** Parts of a path that tell nothing of the property the file belongs to. */
const PLAIN_SEGMENT = /^(?:daily|intraday|fresh|[\w-]+=.*|events_.*|\d{4}-?\d{2}-?\d{2}|\d{4}|\d{2})$/i;

/** Files of one property: the dataset `analytics_<property_id>` where the path has it, else the folder. */
function propertyOf({ origin, file }: Landing): string {
  const segments = file.split('/').slice(0, -1);
  const dataset = segments.find((segment) => /^analytics_\d+$/i.test(segment));
  return JSON.stringify([origin, dataset ?? segments.filter((segment) => !PLAIN_SEGMENT.test(segment)).join('/')]);
}

/**
 * The landings whose rows count.
 *
 * - Of a file that came several times, the newest.
 * - Of a day, one kind of table: the daily table replaces the fresh one, and that the intraday one (Google deletes intraday
 *   tables when the daily table lands; a copy of the export may keep both, and every event would count twice).
 * - Google rewrites daily tables for up to 72 hours. A table fetched again as one file replaces the shards that it was fetched
 *   as before, and shards replace an earlier single file. Shards that come later than other shards of their table join
 *   them: nothing tells a late shard from a rewritten one, equal events are one event by their key, and a lost shard could not be made good.
 *
 * `landings` come oldest first.
 */
export function liveExports(landings: readonly Landing[]): Landing[] {
  const tables = new Map<string, { date: string; kind: Kind; files: Map<string, { landing: Landing; whole: boolean }> }>();
  for (const landing of landings) {
    const found = exportTable(landing.file);
    if (!found) continue;
    const key = JSON.stringify([propertyOf(landing), found.date, found.kind]);
    const known = tables.get(key) ?? { date: found.date, kind: found.kind, files: new Map() };
    tables.set(key, known);
    const whole = found.shard === undefined;
    for (const [name, other] of known.files) if (whole || other.whole) known.files.delete(name);
    // The ending says how the same part was fetched, not which part it is.
    known.files.set(whole ? '' : landing.file.replace(/(?:\.(?:json|jsonl|ndjson|parquet|gz))+$/i, ''), { landing, whole });
  }
  const best = new Map<string, number>();
  const dayOf = (key: string) => (JSON.parse(key) as string[]).slice(0, 2).join('\n');
  for (const [key, { kind }] of tables) best.set(dayOf(key), Math.min(best.get(dayOf(key)) ?? KINDS.length, KINDS.indexOf(kind)));
  return [...tables]
    .filter(([key, { kind }]) => KINDS.indexOf(kind) === best.get(dayOf(key)))
    .flatMap(([, { files }]) => [...files.values()].map(({ landing }) => landing))
    .sort((a, b) => a.sequence - b.sequence);
}

/** The BigQuery export of Google Analytics 4, as files. */
export const exportFiles: Source = {
  name: 'export',
  describes:
    'events_YYYYMMDD, events_intraday_YYYYMMDD or events_fresh_YYYYMMDD as NDJSON (.json, .jsonl, .ndjson, also .gz) or .parquet, whole or in shards, or folders of these names',
  shape: 'json',
  tableOf(file) {
    const found = exportTable(file);
    return found && `events_${found.kind === 'daily' ? '' : `${found.kind}_`}${found.date}`;
  },
  live: liveExports,
};
