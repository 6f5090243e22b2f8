import { mkdir, open, readFile, readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { sha256, SkeinError } from '@skein/kernel';
import type { Brought, Connector } from '@skein/ports';
import { AnswerTooLarge, guardedFetch } from './guarded-fetch.ts';
import { pace, retryAfterMs, systemTiming, type PaceOptions, type Timing } from './pace.ts';
import type { Lookup } from './public-address.ts';
import { CutShort, readRecords, type RecordsOptions } from './records.ts';
import { replaceFile, textOf } from './source-folder.ts';

/** How a source says what follows: `Link: <…>; rel="next"` (RFC 8288), or pages by number until one has no records. */
export type Paging = 'link' | { readonly parameter: string; readonly first: number };

export interface HttpSourceOptions extends RecordsOptions {
  /** Names the file: `accounts` is `accounts.ndjson` or `accounts.csv`. */
  readonly name: string;
  /** Of the first page. */
  readonly url: string;
  /** The folder of sources to write into. */
  readonly directory: string;
  /** Default `link`: a source that says nothing has one page. */
  readonly paging?: Paging;
  readonly headers?: Readonly<Record<string, string>>;
  /** Hosts that may be reached though they are loopback or private. Default none. */
  readonly allowHosts?: readonly string[];
  /** Of one page; default 64 MiB. */
  readonly maxPageBytes?: number;
  /** Default 10,000: a source that never ends is none. */
  readonly maxPages?: number;
  /** Attempts at one page; default 5. */
  readonly attempts?: number;
  /** Of one request with its answer; default 60 s. */
  readonly timeoutMs?: number;
  readonly pace?: PaceOptions;
  readonly timing?: Timing;
  readonly lookup?: Lookup;
}

/** A page that was taken: where it came from, and how to ask whether it has changed. */
interface Page {
  readonly url: string;
  readonly etag: string | null;
  readonly lastModified: string | null;
  readonly next: string | null;
  readonly sha256: string;
  readonly records: number;
}

interface Delivery {
  /** Whether the file was made of these pages. */
  readonly complete: boolean;
  readonly pages: readonly Page[];
}

const NONE: Delivery = { complete: true, pages: [] };
/** Answers that may be others when they are asked for again. */
const PASSING = new Set([408, 425, 429, 500, 502, 503, 504]);

/**
 * Takes a list of records from an HTTP address, page by page, into one file of the source folder. Pages are kept beside it, in `.<name>.delivery`: a
 * delivery that broke off goes on where it did, and what the source says has not changed (ETag, Last-Modified) is not sent again.
 */
export function httpSource(options: HttpSourceOptions): Connector {
  const { name, directory, format, paging = 'link', attempts = 5, timing = systemTiming } = options;
  const file = `${name}.${format}`;
  const folder = path.join(directory, `.${name}.delivery`);
  const own = pace(options.pace, timing);
  const fetch = guardedFetch({
    allowHosts: options.allowHosts ?? [],
    maxBytes: options.maxPageBytes ?? 64 << 20,
    ...(options.lookup ? { lookup: options.lookup } : {}),
  });
  const bodyOf = (index: number) => path.join(folder, `page-${String(index + 1).padStart(6, '0')}`);
  const titleOf = (index: number) => `${name} page ${index + 1}`;

  /** One page; undefined where it is as it was. */
  const ask = async (
    index: number,
    url: string,
    known: Page | undefined,
    signal: AbortSignal | undefined,
  ): Promise<{ page: Page; body: Uint8Array } | undefined> => {
    const title = titleOf(index);
    const headers = {
      accept: format === 'ndjson' ? 'application/x-ndjson' : 'text/csv',
      ...options.headers,
      ...(known?.etag ? { 'if-none-match': known.etag } : {}),
      ...(known?.lastModified ? { 'if-modified-since': known.lastModified } : {}),
    };
    for (let attempt = 1; ; attempt++) {
      await own.take(signal);
      let problem: unknown;
      let why: string;
      try {
        const timeout = AbortSignal.timeout(options.timeoutMs ?? 60_000);
        const response = await fetch(url, { method: 'GET', headers, signal: signal ? AbortSignal.any([signal, timeout]) : timeout });
        if (response.status === 304 && known) return undefined;
        if (response.status === 200) {
          const body = new Uint8Array(await response.arrayBuffer());
          const { records } = readRecords(body, title, options);
          own.answered();
          const next = nextOf(response.headers.get('link'), url, paging, records.length, index);
          const [etag, lastModified] = [response.headers.get('etag'), response.headers.get('last-modified')];
          return { page: { url, etag, lastModified, next, sha256: sha256(body), records: records.length }, body };
        }
        why = `HTTP ${response.status}`;
        if (!PASSING.has(response.status))
          throw new SkeinError('SKEIN_SOURCE_ANSWER', `${title}: ${why}`, { place: { file: title }, context: { page: index + 1, status: response.status } });
        if (response.status === 429 || response.status === 503) own.limited(retryAfterMs(response.headers.get('retry-after'), timing));
      } catch (error) {
        signal?.throwIfAborted();
        if (error instanceof SkeinError && error.code !== 'SKEIN_SOURCE_UNAVAILABLE') throw error;
        if (error instanceof AnswerTooLarge)
          throw new SkeinError('SKEIN_SOURCE_ANSWER', `${title}: ${error.message}`, {
            place: { file: title },
            hint: 'Ask for smaller pages, or raise maxPageBytes.',
            cause: error,
          });
        problem = error;
        why = error instanceof CutShort || error instanceof Error ? error.message : String(error);
      }
      if (attempt >= attempts)
        throw new SkeinError('SKEIN_SOURCE_UNAVAILABLE', `${title}: ${why} (${attempt} attempts)`, {
          place: { file: title },
          cause: problem,
          context: { page: index + 1, attempt },
        });
      const most = Math.min(30_000, 200 * 2 ** attempt);
      await timing.sleep(most / 2 + (timing.random() * most) / 2, signal);
    }
  };

  /** Whether the page that was taken before is still there as it was. */
  const isKept = async (index: number, page: Page): Promise<boolean> => {
    const body = await readFile(bodyOf(index)).catch(() => undefined);
    return body !== undefined && sha256(body) === page.sha256;
  };

  return {
    directory,
    async bring(signal) {
      signal?.throwIfAborted();
      await mkdir(folder, { recursive: true });
      await sweep(directory, folder, file);
      const state = path.join(folder, 'delivery.json');
      const before = deliveryOf(await textOf(state));
      const pages: Page[] = [];
      let changed = !before.complete;
      const keep = async (complete: boolean) => replaceFile(state, JSON.stringify({ complete, pages } satisfies Delivery));
      const seen = new Set<string>();
      for (let url: string | null = firstUrl(options.url, paging); url !== null;) {
        const index: number = pages.length;
        if (seen.has(url)) throw untrue(titleOf(index), 'leads back to a page before it: the list would never end', { page: index });
        if (index >= (options.maxPages ?? 10_000)) throw untrue(titleOf(index), `is one too many: more than ${index} pages`, { page: index });
        seen.add(url);
        const last: Page | undefined = before.pages[index]?.url === url ? before.pages[index] : undefined;
        const known: Page | undefined = last && (await isKept(index, last)) ? last : undefined;
        // Of a delivery that broke off, what came is not asked for again.
        const taken: { page: Page; body: Uint8Array } | undefined = known && !before.complete ? undefined : await ask(index, url, known, signal);
        if (taken) {
          const { page, body } = taken;
          if (paging !== 'link' && page.records > 0 && page.sha256 === pages.at(-1)?.sha256)
            throw untrue(titleOf(index), 'is the page before it once more: the source does not count pages', { page: index + 1 });
          await replaceFile(bodyOf(index), body);
          changed ||= page.sha256 !== last?.sha256;
          pages.push(page);
          await keep(false);
        } else if (known) pages.push(known);
        url = pages.at(-1)?.next ?? null;
      }
      changed ||= pages.length !== before.pages.length || (await textOf(path.join(directory, file))) === undefined;
      if (!changed) {
        await keep(true);
        return { files: [], records: 0, repeated: 0 };
      }
      const joined = await join(path.join(directory, file), pages, bodyOf, titleOf, options);
      await keep(true);
      for (const name of await readdir(folder))
        if (Number(/^page-(\d+)$/.exec(name)?.[1] ?? 0) > pages.length) await rm(path.join(folder, name), { force: true });
      return { files: [file], ...joined };
    },
  };
}

/** Makes one file of the pages: the header once, and each record once. */
async function join(
  target: string,
  pages: readonly Page[],
  bodyOf: (index: number) => string,
  titleOf: (index: number) => string,
  options: RecordsOptions,
): Promise<Pick<Brought, 'records' | 'repeated'>> {
  const aside = path.join(path.dirname(target), `.${path.basename(target)}.${process.pid}.tmp`);
  const handle = await open(aside, 'w');
  const seen = new Set<string>();
  let [records, repeated] = [0, 0];
  let header: string | undefined;
  try {
    for (const index of pages.keys()) {
      const page = readRecords(await readFile(bodyOf(index)), titleOf(index), options);
      if (index > 0 && page.header !== header)
        throw new SkeinError('SKEIN_SOURCE_ANSWER', `${titleOf(index)}:1 has other columns than the page before it`, {
          place: { file: titleOf(index), line: 1 },
        });
      header = page.header;
      const fresh = page.records.filter((record) => {
        const key = sha256(record);
        return !seen.has(key) && seen.add(key);
      });
      records += fresh.length;
      repeated += page.records.length - fresh.length;
      const lines = index === 0 && header !== undefined ? [header, ...fresh] : fresh;
      await handle.writeFile(lines.map((line) => `${line}\n`).join(''));
    }
    await handle.sync();
    await handle.close();
    await rename(aside, target);
  } catch (error) {
    await handle.close().catch(() => undefined);
    await rm(aside, { force: true });
    throw error;
  }
  return { records, repeated };
}

/** What a kill left behind under names of its own. */
async function sweep(directory: string, folder: string, file: string): Promise<void> {
  for (const name of await readdir(directory)) if (name.startsWith(`.${file}.`) && name.endsWith('.tmp')) await rm(path.join(directory, name), { force: true });
  for (const name of await readdir(folder)) if (name.endsWith('.tmp')) await rm(path.join(folder, name), { force: true });
}

/** What was noted of the delivery before; what cannot be read is taken anew. */
function deliveryOf(text: string | undefined): Delivery {
  try {
    return text === undefined ? NONE : (JSON.parse(text) as Delivery);
  } catch {
    return NONE;
  }
}

function firstUrl(url: string, paging: Paging): string {
  return paging === 'link' ? url : numbered(url, paging.parameter, paging.first);
}

function numbered(url: string, parameter: string, page: number): string {
  const address = new URL(url);
  address.searchParams.set(parameter, String(page));
  return address.href;
}

function nextOf(link: string | null, url: string, paging: Paging, records: number, index: number): string | null {
  if (paging !== 'link') return records === 0 ? null : numbered(url, paging.parameter, paging.first + index + 1);
  const target = link
    ?.split(/,(?=\s*<)/)
    .map((one) => /^\s*<([^>]*)>.*;\s*rel="?next"?(?:\s*;|\s*$)/.exec(one)?.[1])
    .find((one) => one !== undefined);
  if (target === undefined) return null;
  const next = new URL(target, url);
  if (next.origin !== new URL(url).origin)
    throw new SkeinError('SKEIN_SOURCE_ADDRESS', `the page after ${new URL(url).pathname} is said to be at ${next.host}, which is not followed`, {
      hint: 'A source has one origin: what it was told, credentials among it, goes nowhere else.',
      context: { host: next.host },
    });
  return next.href;
}

function untrue(title: string, why: string, context: Readonly<Record<string, unknown>>): SkeinError {
  return new SkeinError('SKEIN_SOURCE_UNTRUE', `${title} ${why}`, { place: { file: title }, context: { ...context } });
}
