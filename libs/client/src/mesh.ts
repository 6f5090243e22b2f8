import { bind, type SqlInput } from './bind.ts';
import type { SqlValue } from './arrow-rows.ts';
import { SkeinClientError } from './client-error.ts';
import { Query, type QueryOptions } from './query.ts';
import { createTransport, type Token, type Transport } from './transport.ts';

export interface ConnectOptions extends QueryOptions {
  readonly token?: Token;
  /** In place of the global `fetch`. */
  readonly fetch?: typeof fetch;
}

/** A product as `GET /v1/products` lists it; the gateway may tell more than is typed here. */
export interface ProductSummary {
  readonly id: string;
  readonly [more: string]: unknown;
}

/** One product: its rows, and what the gateway tells about it. */
export interface ProductHandle<Row> {
  readonly id: string;
  /** All columns that the principal may see, of at most `limit` rows. */
  rows(limit?: number): Query<Row>;
  /** Contract, schema, freshness, last verdict, lineage, versions. */
  describe(): Promise<ProductSummary>;
}

type AnyRow = Record<string, SqlValue>;

/** All products of a mesh as one database. `Products` maps product ids to row types; contracts generate it. */
export interface Mesh<Products extends object = Record<string, AnyRow>> {
  /** `` mesh.sql<Row>`select … where id = ${id}` `` : values are bound, never written into the text. */
  sql<Row = AnyRow>(strings: TemplateStringsArray, ...values: readonly SqlInput[]): Query<Row>;
  /** SQL from elsewhere, with values for `$1`, `$2` … */
  query<Row = AnyRow>(sql: string, params?: readonly (string | number | bigint | boolean | null)[], options?: QueryOptions): Query<Row>;
  /** The same mesh with other options: `mesh.with({ purpose: 'planning' })`. */
  with(options: QueryOptions): Mesh<Products>;
  product<Id extends keyof Products & string>(id: Id): ProductHandle<Products[Id]>;
  products(): Promise<ProductSummary[]>;
}

/** Connects to a gateway, such as `http://127.0.0.1:7070`. Nothing is sent before the first query. */
export function connect<Products extends object = Record<string, AnyRow>>(
  url: string | URL,
  { token, fetch: send, ...options }: ConnectOptions = {},
): Mesh<Products> {
  if (!URL.canParse(String(url))) throw new SkeinClientError('SKEIN_CLIENT_VALUE', `${JSON.stringify(String(url))} is not an address`);
  const base = new URL(url);
  if (!base.pathname.endsWith('/')) base.pathname += '/';
  return mesh<Products>(createTransport(base, token, send ?? ((...args) => globalThis.fetch(...args))), options);
}

const PRODUCT = /^[a-z][a-z0-9_]{0,62}\.[a-z][a-z0-9_]{0,62}$/;

function mesh<Products extends object>(transport: Transport, options: QueryOptions): Mesh<Products> {
  const json = async (path: string): Promise<unknown> => {
    const response = await transport.request(path, { accept: 'application/json', signal: options.signal });
    return response.json().catch((cause: unknown) => {
      throw new SkeinClientError('SKEIN_CLIENT_ANSWER', 'the answer is not JSON', { status: response.status, cause });
    });
  };
  return {
    sql: <Row>(strings: TemplateStringsArray, ...values: readonly SqlInput[]) => new Query<Row>(transport, bind(strings, values), options),
    query: <Row>(sql: string, params: readonly (string | number | bigint | boolean | null)[] = [], more: QueryOptions = {}) =>
      new Query<Row>(transport, { sql, params }, { ...options, ...more }),
    with: (more) => mesh<Products>(transport, { ...options, ...more }),
    product<Id extends keyof Products & string>(id: Id): ProductHandle<Products[Id]> {
      if (!PRODUCT.test(id)) throw new SkeinClientError('SKEIN_CLIENT_VALUE', `${JSON.stringify(id)} is not a product: write <domain>.<name>`);
      const table = id
        .split('.')
        .map((part) => `"${part}"`)
        .join('.');
      return {
        id,
        rows(limit) {
          if (limit !== undefined && (!Number.isSafeInteger(limit) || limit < 0))
            throw new SkeinClientError('SKEIN_CLIENT_VALUE', `a limit must be a whole number, not ${limit}`);
          return new Query<Products[Id]>(transport, { sql: `SELECT * FROM ${table}${limit === undefined ? '' : ` LIMIT ${limit}`}`, params: [] }, options);
        },
        describe: async () => (await json(`v1/products/${encodeURIComponent(id)}`)) as ProductSummary,
      };
    },
    async products() {
      const answer = (await json('v1/products')) as { products?: ProductSummary[] };
      if (!Array.isArray(answer?.products)) throw new SkeinClientError('SKEIN_CLIENT_ANSWER', 'the answer lists no products');
      return answer.products;
    },
  };
}
