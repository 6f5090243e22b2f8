import { literal } from '@skein/kernel';

/**
 * Decimal places other than two, for systems whose TCURX was not delivered: ISO 4217 minor units (list one, 2024), which is
 * what SAP delivers in TCURX. Where TCURX is there, it alone counts, and a currency it lacks has two.
 */
const DECIMALS: Readonly<Record<string, number>> = {
  BIF: 0,
  CLP: 0,
  DJF: 0,
  GNF: 0,
  ISK: 0,
  JPY: 0,
  KMF: 0,
  KRW: 0,
  PYG: 0,
  RWF: 0,
  UGX: 0,
  UYI: 0,
  VND: 0,
  VUV: 0,
  XAF: 0,
  XOF: 0,
  XPF: 0,
  BHD: 3,
  IQD: 3,
  JOD: 3,
  KWD: 3,
  LYD: 3,
  OMR: 3,
  TND: 3,
  CLF: 4,
  UYW: 4,
};

/** CTE `currency_decimals(currency, decimals)` over the bronze table `tcurx`; `decimals` NULL means that TCURX is unreadable there. */
export const CURRENCY_DECIMALS = `currency_decimals AS (
  SELECT currkey AS currency, currdec AS decimals FROM tcurx WHERE currkey IS NOT NULL
  UNION ALL
  SELECT * FROM (VALUES ${Object.entries(DECIMALS)
    .map(([currency, decimals]) => `(${literal(currency)}, ${decimals})`)
    .join(', ')}) AS iso(currency, decimals) WHERE NOT EXISTS (SELECT 1 FROM tcurx))`;

/**
 * The true amount of a CURR field, which the database keeps as if every currency had two decimals:
 * stored × 10^(2 − decimals). NULL where the currency has more than four decimals or its decimals are unknown.
 */
export function trueAmount(stored: string, decimals: string): string {
  return `CASE ${decimals} WHEN 2 THEN ${stored} WHEN 0 THEN ${stored} * 100 WHEN 1 THEN ${stored} * 10 WHEN 3 THEN ${stored} * 0.1 WHEN 4 THEN ${stored} * 0.01 END::DECIMAL(23, 4)`;
}
