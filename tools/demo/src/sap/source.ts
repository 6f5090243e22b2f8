import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { SkeinError } from '@skein/kernel';
import type { DemoMaterial } from '../materials.ts';
import type { PlantedFault } from '../planted.ts';
import { randomFrom } from '../random.ts';
import { demoDocuments } from './accounting.ts';
import { company } from './company.ts';
import { plantFaults, type SapFault } from './faults.ts';
import { outlet } from './outlet.ts';
import { writeTable, type DemoTable } from './table.ts';

export interface SapSourceOptions {
  /** Folder to write into; it is made if it does not exist. */
  readonly directory: string;
  readonly seed: number;
  /** Events of the shop's source: stocks are sized by what it sells, and sales documents hold a tenth as many items. */
  readonly rows: number;
  readonly materials: readonly DemoMaterial[];
  /** Told as a share of `rows`, like the shop's source does. */
  readonly onProgress?: (rows: number) => void;
}

export interface SapSource {
  /** Lines in all files together, without headers. */
  readonly rows: number;
  readonly bytes: number;
  readonly files: readonly { readonly file: string; readonly rows: number }[];
  readonly planted: Readonly<Record<SapFault, PlantedFault>>;
}

/** Fewer items would not hold one fault of each kind. */
const LEAST_ITEMS = 300;

/**
 * Writes what two SAP systems would hand over: tables of an ERP system (`erp/`), some under lower-case names and one as a
 * replication log, and the sales of a subsidiary in the dialect of Datasphere content (`outlet/`), with faults at stated rates.
 * The same options give the same bytes.
 */
export async function writeSapSource(options: SapSourceOptions): Promise<SapSource> {
  const { directory, seed, rows, materials } = options;
  if (!Number.isInteger(rows) || rows < 1) throw new SkeinError('SKEIN_CONFIG_INVALID', `a source needs at least one row, not ${rows}`);
  const random = randomFrom(seed).fork('sap');
  const erp = company(random, materials, rows, Math.max(LEAST_ITEMS, Math.ceil(rows / 10)));
  const accounting = demoDocuments(seed, rows);
  const content = outlet(random.fork('outlet'), Math.max(LEAST_ITEMS, Math.ceil(rows / 20)));
  markSingles(erp.vbak, erp.vbap);
  const planted = plantFaults(random.fork('faults'), {
    mara: erp.mara,
    mard: erp.mard,
    vbak: erp.vbak,
    vbap: erp.vbap,
    bseg: accounting.bseg,
    products: content.products,
    items: content.items,
  });

  const folders: [string, readonly DemoTable[]][] = [
    ['erp', [erp.mara, erp.mard, erp.vbak, erp.vbap, accounting.bseg, accounting.bkpf, ...erp.plain, erp.valuation()]],
    ['outlet', [content.products, content.orders, content.items, ...content.plain]],
  ];
  const all = folders.flatMap(([, tables]) => tables).reduce((sum, table) => sum + table.rows.length, 0);
  const files: { file: string; rows: number; bytes: number }[] = [];
  let before = 0;
  for (const [folder, tables] of folders) {
    await mkdir(join(directory, folder), { recursive: true });
    for (const table of tables) {
      const written = await writeTable(join(directory, folder), table, (done) =>
        options.onProgress?.(Math.min(rows, Math.round(((before + done) / all) * rows))),
      );
      before += table.rows.length;
      files.push({ file: `${folder}/${table.file}`, ...written });
    }
  }
  options.onProgress?.(rows);
  return {
    rows: files.reduce((sum, file) => sum + file.rows, 0),
    bytes: files.reduce((sum, file) => sum + file.bytes, 0),
    files: files.map(({ file, rows: count }) => ({ file, rows: count })),
    planted,
  };
}

/** A fault in a header is a fault of every item under it, so such faults go to documents of one item. */
function markSingles(vbak: DemoTable, vbap: DemoTable): void {
  const items = new Map<string, number[]>();
  for (const [index, { values }] of vbap.rows.entries()) items.set(values['VBELN'] ?? '', [...(items.get(values['VBELN'] ?? '') ?? []), index]);
  for (const { values } of vbak.rows) {
    const [only, ...others] = items.get(values['VBELN'] ?? '') ?? [];
    if (only !== undefined && others.length === 0) values['item'] = String(only);
  }
}
