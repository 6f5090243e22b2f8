import type { Random } from '../random.ts';
import { demoInvoices, type DemoInvoice } from '../sap/accounting.ts';
import { data, deposit, erc20, hex, topic, ZERO, type DemoLog } from './abi.ts';
import type { DemoBlock, DemoToken, DemoTransaction } from './chain.ts';

/** Where customers of the demo company pay. */
export const COMPANY_WALLET = '0x5e771ed0000000000000000000000000000000c0';
/** Tokens that the company takes as money, each pegged to a currency. The same on every demo chain. */
export const MONEY = {
  EURX: { address: '0xe0000000000000000000000000000000000000e6', symbol: 'EURX', decimals: 6, currency: 'EUR' },
  EURW: { address: '0xe000000000000000000000000000000000000e18', symbol: 'EURW', decimals: 18, currency: 'EUR' },
  JPYX: { address: '0xe000000000000000000000000000000000000a18', symbol: 'JPYX', decimals: 18, currency: 'JPY' },
} as const;
/** What may be missing or too much of a payment, in 10^-18 of the currency: a cent, a yen. */
const TOLERANCE = { EUR: 10n ** 16n, JPY: 10n ** 18n } as const;

/** keccak256 of `TransferWithMemo(address,address,uint256,bytes32)` (TIP-20): a token reports it right after the Transfer that it belongs to. */
const WITH_MEMO = '0x57bc7354aa85aed339e000bccffabbc529466af35f0772c8f8ee1145927de7f0';
const COUPON = '0xc0c0c0c0000000000000000000000000000000c0';

export type Standing = 'paid' | 'short' | 'over' | 'open';

/** One payment: of a token, with what it names, in its smallest unit. `counts`: it is final, of the company, and in the chain that holds. */
export interface DemoPayment {
  readonly reference: string;
  readonly token: string;
  readonly decimals: number;
  readonly currency: string;
  readonly units: bigint;
  readonly counts: boolean;
}

/** What came in coins whose worth changes, in the smallest unit, at a time of the chain (seconds). */
export interface DemoReceipt {
  readonly token: string;
  readonly units: bigint;
  readonly at: number;
  readonly counts: boolean;
}

/** What customers paid on the chain: the payments, what each invoice that one names comes to, as it was issued, and receipts in coins. */
export interface DemoPayments {
  readonly receipts: readonly DemoReceipt[];
  readonly payments: readonly DemoPayment[];
  readonly standings: Readonly<Record<string, { readonly standing: Standing; readonly story: string }>>;
}

type Money = keyof typeof MONEY;
interface Part {
  /** In 10^-18 of the currency. */
  readonly amount: bigint;
  readonly money?: Money;
  /** Default: final. `lost` is in an orphaned block alone, `again` in one and in the block that replaced it. */
  readonly when?: 'final' | 'pending' | 'lost' | 'again';
  /** Default: a payment to the company that names the invoice. */
  readonly how?: 'elsewhere' | 'memo alone' | 'no memo';
}
interface Story {
  readonly story: string;
  readonly standing: Standing;
  parts(owed: bigint, tolerance: bigint): readonly Part[];
}

const STORIES: readonly Story[] = [
  { story: 'paid at once', standing: 'paid', parts: (owed) => [{ amount: owed }] },
  { story: 'paid in a token of 18 decimals', standing: 'paid', parts: (owed) => [{ amount: owed, money: 'EURW' }] },
  { story: 'short by all that is tolerated', standing: 'paid', parts: (owed, tolerance) => [{ amount: owed - tolerance, money: 'EURW' }] },
  { story: 'short by the smallest unit more', standing: 'short', parts: (owed, tolerance) => [{ amount: owed - tolerance - 1n, money: 'EURW' }] },
  { story: 'over by all that is tolerated', standing: 'paid', parts: (owed, tolerance) => [{ amount: owed + tolerance, money: 'EURW' }] },
  { story: 'over by the smallest unit more', standing: 'over', parts: (owed, tolerance) => [{ amount: owed + tolerance + 1n, money: 'EURW' }] },
  { story: 'a part', standing: 'short', parts: (owed) => [{ amount: cut(owed / 3n) }] },
  {
    story: 'three parts in two tokens',
    standing: 'paid',
    parts: (owed) => [{ amount: cut(owed / 3n) }, { amount: cut(owed / 7n) }, { amount: owed - cut(owed / 3n) - cut(owed / 7n), money: 'EURW' }],
  },
  { story: 'paid twice', standing: 'over', parts: (owed) => [{ amount: owed }, { amount: owed }] },
  { story: 'not final yet', standing: 'open', parts: (owed) => [{ amount: owed, when: 'pending' }] },
  {
    story: 'one half final, the other not yet',
    standing: 'short',
    parts: (owed) => [{ amount: cut(owed / 2n) }, { amount: owed - cut(owed / 2n), when: 'pending', money: 'EURW' }],
  },
  { story: 'lost in a reorganisation', standing: 'open', parts: (owed) => [{ amount: owed, when: 'lost' }] },
  { story: 'in both blocks of a reorganisation', standing: 'paid', parts: (owed) => [{ amount: owed, when: 'again' }] },
  { story: 'to a wallet that is not the company’s', standing: 'open', parts: (owed) => [{ amount: owed, how: 'elsewhere' }] },
  { story: 'a memo without money', standing: 'open', parts: (owed) => [{ amount: owed, how: 'memo alone' }] },
  { story: 'money without a memo', standing: 'open', parts: (owed) => [{ amount: owed, how: 'no memo' }] },
];
/** Whole units of a token of 6 decimals. */
const cut = (amount: bigint): bigint => amount - (amount % 10n ** 12n);

/** Of each story of the list this many. */
const EACH = 3;
/** Receipts in each coin. */
const RECEIPTS = 30;

/**
 * The blocks with payments of the demo company's customers in them: stories of every kind, some of each. Tokens are minted as they are paid in, so that
 * nobody gives what he does not have. `orphans` are the numbers of blocks that a reorganisation replaced; `pending` is the first that is not final.
 * Returns too the transactions that are in orphaned blocks alone, by number.
 */
export function withPayments(
  random: Random,
  blocks: readonly DemoBlock[],
  at: { readonly seed: number; readonly rows: number; readonly orphans: readonly number[]; readonly pending: number; readonly coins: readonly DemoToken[] },
): { readonly blocks: DemoBlock[]; readonly lost: ReadonlyMap<number, readonly DemoTransaction[]>; readonly truth: DemoPayments } {
  const open = demoInvoices(at.seed, at.rows).filter(({ owed }) => owed > 10n ** 19n);
  const euros = shuffled(random, open.filter(({ currency }) => currency === 'EUR')); // prettier-ignore
  const yens = shuffled(random, open.filter(({ currency }) => currency === 'JPY')); // prettier-ignore
  const added = new Map<number, DemoTransaction[]>();
  const lost = new Map<number, DemoTransaction[]>();
  const payments: DemoPayment[] = [];
  const standings: Record<string, { standing: Standing; story: string }> = {};
  const numbers = blocks.map(({ number }) => number);
  const first = numbers[1] ?? 0;
  const places = {
    final: numbers.filter((number) => number >= first && number < at.pending && !at.orphans.includes(number)),
    pending: numbers.filter((number) => number >= at.pending),
  };
  const put = (into: Map<number, DemoTransaction[]>, number: number, logs: DemoLog[], from: string): void => {
    const made = { hash: hex(random, 64), from, to: logs[0]?.address ?? COMPANY_WALLET, value: 0n, failed: false, gas: 21_000 + 40_000 * logs.length, logs };
    into.set(number, [...(into.get(number) ?? []), made]);
  };
  const logsOf = (payer: string, reference: string, { address, decimals }: (typeof MONEY)[Money], amount: bigint, how: Part['how']): DemoLog[] => {
    const units = amount / 10n ** BigInt(18 - decimals);
    const to = how === 'elsewhere' ? hex(random, 40) : COMPANY_WALLET;
    const moved = [erc20(address, ZERO, payer, units), erc20(address, payer, to, units)];
    if (how === 'no memo') return moved;
    if (how === 'memo alone') return [withMemo(COUPON, payer, to, units, reference)];
    return [...moved, withMemo(address, payer, to, units, reference)];
  };
  const pay = (reference: string, part: Part, fallback: Money): void => {
    const money = MONEY[part.money ?? fallback];
    const payer = hex(random, 40);
    const when = part.when ?? 'final';
    const reorganised = when === 'lost' || when === 'again';
    const number = reorganised ? random.pick(at.orphans) : random.pick(places[when]);
    put(when === 'lost' ? lost : added, number, logsOf(payer, reference, money, part.amount, part.how), payer);
    const counts = (when === 'final' || when === 'again') && part.how === undefined;
    const units = part.amount / 10n ** BigInt(18 - money.decimals);
    payments.push({ reference, token: money.address, decimals: money.decimals, currency: money.currency, units, counts });
  };

  const tell = ({ reference, owed, currency }: DemoInvoice, { story, standing, parts }: Story, fallback: Money): void => {
    for (const part of parts(owed, TOLERANCE[currency as 'EUR' | 'JPY'])) pay(reference, currency === 'JPY' ? { ...part, money: 'JPYX' } : part, fallback);
    standings[reference] = { standing, story };
  };
  for (const story of STORIES) for (const invoice of euros.splice(0, EACH)) tell(invoice, story, 'EURX');
  for (const story of STORIES.slice(0, 8)) for (const invoice of yens.splice(0, 1)) tell(invoice, story, 'JPYX');
  // Euros for what is owed in yen pay nothing.
  for (const invoice of yens.splice(0, 1)) {
    pay(invoice.reference, { amount: invoice.owed }, 'EURX');
    standings[invoice.reference] = { standing: 'open', story: 'another currency' };
  }
  // One transaction pays two invoices.
  const [one, two] = euros.splice(0, 2);
  if (one && two) {
    const payer = hex(random, 40);
    const both = [one, two].map(({ owed }, index) => (index === 0 ? cut(owed) : cut(owed / 2n)));
    put(added, random.pick(places.final), [one, two].flatMap(({ reference }, index) => logsOf(payer, reference, MONEY.EURX, both[index] ?? 0n, undefined)), payer); // prettier-ignore
    for (const [index, { reference }] of [one, two].entries()) {
      const { address: token, decimals, currency } = MONEY.EURX;
      payments.push({ reference, token, decimals, currency, units: (both[index] ?? 0n) / 10n ** 12n, counts: true });
      standings[reference] = { standing: index === 0 ? 'paid' : 'short', story: 'two invoices in one transaction' };
    }
  }
  // Who names no invoice of ours pays nothing that is owed.
  for (const reference of ['THANK YOU', 'SK0000000000']) pay(reference, { amount: 10n ** 20n }, 'EURX');
  const times = new Map(blocks.map(({ number, timestamp }) => [number, timestamp]));
  const receipts: DemoReceipt[] = [];
  for (const { address, symbol } of at.coins)
    for (let index = 0; index < RECEIPTS; index++) {
      const [payer, units] = [hex(random, 40), 10n ** 14n * BigInt(1 + random.below(30_000)) + BigInt(random.uint32())];
      const when = index === 0 ? 'lost' : index % 10 === 9 ? 'pending' : 'final';
      const number = when === 'lost' ? random.pick(at.orphans) : random.pick(places[when]);
      const minted = symbol === 'WETH' ? deposit(address, payer, units) : erc20(address, ZERO, payer, units);
      put(when === 'lost' ? lost : added, number, [minted, erc20(address, payer, COMPANY_WALLET, units)], payer);
      receipts.push({ token: address, units, at: times.get(number) ?? 0, counts: when === 'final' });
    }
  const wholly = blocks.map((block) => ({ ...block, transactions: [...block.transactions, ...(added.get(block.number) ?? [])] }));
  return { blocks: wholly, lost, truth: { payments, standings, receipts } };
}

/** The memo is the reference in ASCII, filled with zeros behind. */
const withMemo = (address: string, from: string, to: string, units: bigint, reference: string): DemoLog => ({
  address,
  topics: [WITH_MEMO, topic(from), topic(to), `0x${Buffer.from(reference, 'ascii').toString('hex').padEnd(64, '0')}`],
  data: data(units),
  // No decoder of the connector knows it.
  event: null,
  args: null,
});

function shuffled<T>(random: Random, values: readonly T[]): T[] {
  const left = [...values];
  return values.map(() => left.splice(random.below(left.length), 1)[0] as T);
}
