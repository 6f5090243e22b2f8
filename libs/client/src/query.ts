import { RecordBatchReader, Table, type RecordBatch } from 'apache-arrow';
import type { BoundSql } from './bind.ts';
import { ArrowFrames } from './arrow-frames.ts';
import { batchRows } from './arrow-rows.ts';
import { SkeinClientError } from './client-error.ts';
import { lost, type Transport } from './transport.ts';

export interface QueryOptions {
  /** What the data is for; the policy may ask. */
  readonly purpose?: string;
  /** Snapshots to read instead of the live ones: version by product, or one ISO 8601 time for all. */
  readonly asOf?: Readonly<Record<string, number>> | string;
  readonly timeoutMs?: number;
  readonly maxRows?: number;
  /** Refuse products whose data is older than this, such as `24h`. */
  readonly maxStaleness?: string;
  readonly signal?: AbortSignal;
}

/** Age of a product's snapshot; `unstated`: its contract promises nothing. */
export interface Freshness {
  readonly state: 'fresh' | 'stale' | 'unstated';
  readonly ageSeconds: number;
  readonly limitSeconds: number | undefined;
}

/** What the gateway says about an answer. */
export interface QueryMeta {
  readonly queryId: string;
  /** Version of each product that was read. */
  readonly snapshots: Readonly<Record<string, number>>;
  /** How old each product is that was read, against what its contract promises. */
  readonly freshness: Readonly<Record<string, Freshness>>;
  /** Names the policies that shaped the answer. */
  readonly policy: string | undefined;
  readonly rows: number;
  /** True when there were more rows than the answer may hold; undefined when the gateway no longer knows. */
  readonly truncated: boolean | undefined;
}

/** Rows of an answer, and what the gateway says about it. */
export type Rows<Row> = Row[] & { readonly meta: QueryMeta };

const ARROW = 'application/vnd.apache.arrow.stream';

/** A query that is sent when its result is first asked for, once. Awaiting it gives rows. */
export class Query<Row> implements PromiseLike<Rows<Row>> {
  readonly #transport: Transport;
  readonly #bound: BoundSql;
  readonly #options: QueryOptions;
  readonly #meta = Promise.withResolvers<QueryMeta>();
  #table: Promise<Table> | undefined;
  #streamed = false;

  constructor(transport: Transport, bound: BoundSql, options: QueryOptions) {
    this.#transport = transport;
    this.#bound = bound;
    this.#options = options;
    // Whoever never asks for the meta data must not be told of its failure as an unhandled rejection.
    this.#meta.promise.catch(() => undefined);
  }

  /** What the gateway says about the answer; there when the answer has come whole. */
  get meta(): Promise<QueryMeta> {
    if (!this.#streamed) this.arrow().catch(() => undefined);
    return this.#meta.promise;
  }

  /** The whole answer as an Arrow table. */
  arrow(): Promise<Table> {
    this.#table ??= this.#collect();
    return this.#table;
  }

  /** The whole answer as objects. */
  async rows(): Promise<Rows<Row>> {
    const table = await this.arrow();
    const rows = table.batches.flatMap((batch) => [...batchRows<Row>(batch)]);
    return Object.assign(rows, { meta: await this.#meta.promise });
  }

  // oxlint-disable-next-line unicorn/no-thenable -- a query is awaited like a promise, and must not be sent before that
  then<Result = Rows<Row>, Failure = never>(
    onfulfilled?: ((rows: Rows<Row>) => Result | PromiseLike<Result>) | null,
    onrejected?: ((reason: unknown) => Failure | PromiseLike<Failure>) | null,
  ): Promise<Result | Failure> {
    return this.rows().then(onfulfilled, onrejected);
  }

  /**
   * Batches as they come; leaving the loop cancels the query. A loop that ends without an error has seen the whole answer:
   * one that breaks off on the way throws SKEIN_CLIENT_INCOMPLETE.
   */
  async *stream(): AsyncGenerator<RecordBatch, void, undefined> {
    for await (const batch of this.#open()) if (batch.numRows > 0) yield batch;
  }

  /** As `stream`, row by row. */
  async *each(): AsyncGenerator<Row, void, undefined> {
    for await (const batch of this.stream()) yield* batchRows<Row>(batch);
  }

  async #collect(): Promise<Table> {
    const batches: RecordBatch[] = [];
    for await (const batch of this.#open()) batches.push(batch);
    const [first] = batches;
    if (!first) throw new SkeinClientError('SKEIN_CLIENT_ANSWER', 'the answer has no schema');
    return new Table(
      first.schema,
      batches.filter((batch) => batch.numRows > 0),
    );
  }

  async *#open(): AsyncGenerator<RecordBatch, void, undefined> {
    if (this.#streamed)
      throw new SkeinClientError('SKEIN_CLIENT_VALUE', 'the answer of this query has been taken already', {
        hint: 'Make a new query, or keep what the first reading gave.',
      });
    this.#streamed = true;
    const stop = new AbortController();
    const { purpose, signal: given, ...options } = this.#options;
    const signal = given ? AbortSignal.any([given, stop.signal]) : stop.signal;
    let finished = false;
    try {
      const response = await this.#transport.request('v1/sql', {
        body: { sql: this.#bound.sql, params: this.#bound.params, ...options },
        accept: ARROW,
        headers: purpose === undefined ? {} : { 'skein-purpose': purpose },
        signal,
      });
      const queryId = response.headers.get('skein-query-id') ?? undefined;
      const type = response.headers.get('content-type')?.split(';')[0]?.trim();
      if (type !== ARROW || response.body === null)
        throw new SkeinClientError('SKEIN_CLIENT_ANSWER', `the answer is ${type ?? 'of no type'}, not ${ARROW}`, { status: response.status, queryId });
      let rows = 0;
      for await (const batch of wholeBatches(response.body, signal, given, queryId)) {
        rows += batch.numRows;
        yield batch;
      }
      this.#meta.resolve(await this.#settle(response.headers, queryId, rows));
      finished = true;
    } catch (error) {
      this.#meta.reject(error);
      finished = true;
      throw error;
    } finally {
      if (!finished) {
        stop.abort();
        this.#meta.reject(new SkeinClientError('SKEIN_CLIENT_CANCELLED', 'the stream was left before its end'));
      }
    }
  }

  /** Compares what came with what was sent: in the header of a short answer, and of a long one by asking how it ended. */
  async #settle(headers: Headers, queryId: string | undefined, rows: number): Promise<QueryMeta> {
    let told: { rows?: unknown; truncated?: unknown } = {};
    if (headers.has('skein-rows')) told = { rows: Number(headers.get('skein-rows')), truncated: headers.get('skein-truncated') === 'true' };
    else if (queryId !== undefined) {
      told = await this.#transport
        .request(`v1/queries/${encodeURIComponent(queryId)}`, { accept: 'application/json', signal: this.#options.signal })
        .then((response) => response.json() as Promise<{ rows?: unknown; truncated?: unknown }>)
        .catch(() => ({}));
    }
    if (told.rows !== undefined && told.rows !== rows) {
      throw new SkeinClientError('SKEIN_CLIENT_INCOMPLETE', `${rows} rows came of the ${String(told.rows)} that were sent`, { queryId });
    }
    return {
      queryId: queryId ?? '',
      snapshots: Object.fromEntries(members(headers.get('skein-snapshots'), '@').map(([product, version]) => [product, Number(version)])),
      freshness: Object.fromEntries(members(headers.get('skein-freshness'), '=').map(([product, text]) => [product, freshness(text)])),
      policy: headers.get('skein-policy') ?? undefined,
      rows,
      truncated: typeof told.truncated === 'boolean' ? told.truncated : undefined,
    };
  }
}

/** `ga4.sessions@12,sap.material@3`, or `ga4.sessions=fresh;age=7, sap.material=stale;age=90000;limit=86400`. */
function members(text: string | null, separator: '@' | '='): [product: string, value: string][] {
  if (!text) return [];
  return text.split(',').map((part) => {
    const at = part.indexOf(separator);
    return [part.slice(0, at).trim(), part.slice(at + 1).trim()];
  });
}

function freshness(text: string): Freshness {
  const [state, ...parameters] = text.split(';');
  const values = new Map(parameters.map((parameter) => parameter.trim().split('=', 2) as [string, string]));
  const limit = values.get('limit');
  return { state: state as Freshness['state'], ageSeconds: Number(values.get('age')), limitSeconds: limit === undefined ? undefined : Number(limit) };
}

/** The batches of an Arrow stream, and an error at its end unless it was whole. The first carries the schema, even without rows. */
async function* wholeBatches(
  body: ReadableStream<Uint8Array>,
  signal: AbortSignal,
  given: AbortSignal | undefined,
  queryId: string | undefined,
): AsyncGenerator<RecordBatch, void, undefined> {
  const frames = new ArrowFrames();
  const source = body.getReader();
  // Not every browser can iterate a ReadableStream, and Arrow's own adapter swallows its errors.
  async function* bytes(): AsyncGenerator<Uint8Array, void, undefined> {
    for (;;) {
      const { done, value } = await source.read();
      if (done) return;
      frames.push(value);
      yield value;
    }
  }
  try {
    const reader = await RecordBatchReader.from(bytes());
    await reader.open({ autoDestroy: false });
    for await (const batch of reader) yield batch;
    // The reader stops at the end marker; what follows it has to be seen too.
    for (let rest = await source.read(); !rest.done; rest = await source.read()) frames.push(rest.value);
  } catch (error) {
    throw lost(
      error,
      given ?? (signal.aborted ? signal : undefined),
      'SKEIN_CLIENT_INCOMPLETE',
      `the answer broke off${frames.fault === undefined ? '' : ` (${frames.fault})`}`,
      queryId,
    );
  } finally {
    source.cancel().catch(() => undefined);
  }
  if (!frames.complete) throw new SkeinClientError('SKEIN_CLIENT_INCOMPLETE', `the answer broke off: ${frames.fault}`, { queryId });
}
