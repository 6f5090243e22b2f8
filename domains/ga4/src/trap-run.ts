import type { RunOptions, RunReport } from '@skein/swarm';
import { event, ndjson, params, type ExportRecord } from './export-record.ts';

/** Test support: the traps of GA4 exports, each as a file that holds it, through the real swarm to the published tables. */

export const DAY = 'events_20260828.json';
/** Rows outside the crowd. */
export const OWN = `stream_id <> 'crowd'`;

/** What these tests need of the workbench. */
interface Bench extends AsyncDisposable {
  readonly directory: string;
  put(files: Readonly<Record<string, string | Uint8Array>>): void;
  run(options?: RunOptions): Promise<RunReport>;
  rows<Row>(product: string, query?: string): Promise<Row[]>;
}

/** One workbench for each test, opened when first used; `close` belongs into afterEach. */
export function trapRun<B extends Bench>(open: () => Promise<B>) {
  let opened: Promise<B> | undefined;
  const bench = (): Promise<B> => (opened ??= open());
  return {
    bench,
    /** Adds files to the source folder and runs; throws the error of a product that was not published. */
    async run(files: Readonly<Record<string, readonly (ExportRecord | string)[] | Uint8Array>>): Promise<RunReport> {
      const swarm = await bench();
      swarm.put(Object.fromEntries(Object.entries(files).map(([name, content]) => [name, content instanceof Uint8Array ? content : ndjson(content)])));
      const report = await swarm.run();
      for (const product of report.products) if (product.error) throw product.error;
      return report;
    },
    /** Rows of a product; `select` reads it as `t`. */
    rows: async <Row = Record<string, unknown>>(product: string, select: string): Promise<Row[]> => (await bench()).rows<Row>(`ga4.${product}`, select),
    async close(): Promise<void> {
      const swarm = await opened;
      opened = undefined;
      await swarm?.[Symbol.asyncDispose]();
    },
  };
}

export const of = (report: RunReport, product: string) => report.products.find((one) => one.product === `ga4.${product}`);

export const purchase = (changes: ExportRecord = {}): ExportRecord =>
  event({
    event_name: 'purchase',
    event_params: params({ ga_session_id: 1787918400, currency: 'EUR', value: 99.8, transaction_id: 'T-1' }),
    ecommerce: { transaction_id: 'T-1', purchase_revenue: 99.8, tax_value: '15.93', shipping_value: 5 },
    items: [{ item_id: '000000000100000127', item_name: 'Chain', price: 49.9, quantity: '2', item_revenue: 99.8 }],
    ...changes,
  });
