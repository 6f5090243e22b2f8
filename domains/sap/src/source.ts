import type { Source } from '@skein/product';

/** Tables of SAP ERP (ECC and S/4HANA) that this domain reads. */
export const ERP_TABLES = ['mara', 'makt', 'marc', 'mard', 'mbew', 'vbak', 'vbap', 'tcurx', 't001', 't001k', 't001w', 'bseg', 'bkpf', 'bsid'] as const;

const ERP_FILE = new RegExp(`^(${ERP_TABLES.join('|')})([_.-].*)?\\.(csv|tsv|txt)$`, 'i');

/** Extracts of SAP tables with their technical column names, one file or several for each table; change records of SLT too. */
export const erpTables: Source = {
  name: 'erp',
  describes: `${ERP_TABLES.map((table) => table.toUpperCase()).join(', ')} as delimited text (MARA.csv, mara_2026.csv)`,
  shape: 'columns',
  tableOf: (file) => ERP_FILE.exec(baseName(file))?.[1]?.toLowerCase(),
};

const CONTENT_FILES: Readonly<Record<string, string>> = {
  'products.csv': 'products',
  'producttexts.csv': 'product_texts',
  'salesorders.csv': 'sales_orders',
  'salesorderitems.csv': 'sales_order_items_content',
};

/** SAP's sample business content for Datasphere: one folder for each system, in whatever dialect it was exported. */
export const datasphereContent: Source = {
  name: 'datasphere',
  describes: 'Products.csv, ProductTexts.csv, SalesOrders.csv, SalesOrderItems.csv of SAP Datasphere content',
  shape: 'columns',
  tableOf: (file) => CONTENT_FILES[baseName(file).toLowerCase()],
};

function baseName(file: string): string {
  return file.slice(file.lastIndexOf('/') + 1);
}
