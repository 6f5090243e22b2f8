import { SkeinError } from '@skein/kernel';
import type { RoyaltyShare } from './listing.ts';
import { splitByWeight } from './money.ts';

/** One line of a journal entry; amounts in minor units as decimal text. */
export interface LedgerLine {
  readonly line: number;
  /** `buyer:<subject>` or `royalty:<domain>.<product>`. */
  readonly account: string;
  readonly domain: string | null;
  readonly product: string | null;
  readonly debit: string;
  readonly credit: string;
}

/** One charge: what the buyer owes, and whom it goes to. Debits equal credits. */
export interface Charge {
  /** `usage:<id>`, `once:<agreement>` or `period:<agreement>:<n>`: charged once. */
  readonly id: string;
  readonly agreement: string;
  readonly listing: string;
  readonly consumer: string;
  readonly reason: 'use' | 'once' | 'period';
  readonly currency: string;
  readonly cents: string;
  readonly lines: readonly LedgerLine[];
}

/** Journal lines of an amount: none for nothing. */
export function ledgerLines(consumer: string, cents: bigint, shares: readonly RoyaltyShare[]): LedgerLine[] {
  if (cents === 0n) return [];
  const parts = splitByWeight(
    cents,
    shares.map(({ weight }) => BigInt(weight)),
  );
  const credits = shares.map(({ domain, product }, index) => ({
    account: `royalty:${product}`,
    domain,
    product,
    debit: '0',
    credit: (parts[index] ?? 0n).toString(),
  }));
  const lines = [
    { account: `buyer:${consumer}`, domain: null, product: null, debit: cents.toString(), credit: '0' },
    ...credits.filter(({ credit }) => credit !== '0'),
  ];
  return lines.map((line, index) => ({ line: index + 1, ...line }));
}

/** Throws SKEIN_INTERNAL unless the charge's debits, its credits and its amount are the same. */
export function checkBalance({ id, cents, lines }: Charge): void {
  const sum = (side: 'debit' | 'credit'): bigint => lines.reduce((total, line) => total + BigInt(line[side]), 0n);
  if (sum('debit') !== BigInt(cents) || sum('credit') !== BigInt(cents))
    throw new SkeinError('SKEIN_INTERNAL', `the entry ${id} does not balance: ${sum('debit')} against ${sum('credit')} of ${cents}`);
}
