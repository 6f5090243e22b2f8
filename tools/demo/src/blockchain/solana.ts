import type { Random } from '../random.ts';
import { base58, share } from './abi.ts';

/** Solana's devnet by CAIP-2. */
export const SOLANA_CHAIN = 'solana:EtWTRABZaYq6iMfeYKouRu166VU2xqa1';
const FEE = 5000n;
/** Of 2^64 - 1 base units that a mint may hold. */
const SUPPLY = 2n ** 64n - 1n;

interface Wallet {
  readonly address: string;
  lamports: bigint;
}

interface TokenAccount {
  readonly address: string;
  readonly owner: string;
  amount: bigint;
}

/**
 * Slots of a Solana chain as getBlock answers, one line each: transfers of lamports and of SPL tokens (some with more than 2^53 units), failed
 * transactions that pay their fee, and slots that were skipped.
 */
export function demoSlots(
  random: Random,
  wanted: { readonly slots: number; readonly from: number; readonly until: number },
): { readonly lines: readonly string[]; readonly first: number } {
  const wallets = Array.from({ length: 40 }, (): Wallet => ({ address: base58(random, 44), lamports: 10n ** 16n + BigInt(random.uint32()) }));
  const mint = base58(random, 44);
  const accounts = wallets.map(({ address }): TokenAccount => ({ address: base58(random, 44), owner: address, amount: SUPPLY / 40n }));
  const first = 250_000_000;
  const lines: string[] = [];
  let parent = { slot: first - 1, hash: base58(random, 44) };
  for (let index = 0; index < wanted.slots; index++) {
    const slot = first + index;
    if (index > 0 && random.chance(0.05)) {
      lines.push(line(slot, null, random.chance(0.5) ? -32007 : -32009));
      continue;
    }
    const transactions = Array.from({ length: 1 + random.below(4) }, () => {
      const [a, b] = [random.below(40), random.below(40)];
      const c = b === a ? (b + 1) % 40 : b;
      const [payer, other, from, to] = [wallets[a] as Wallet, wallets[c] as Wallet, accounts[a] as TokenAccount, accounts[c] as TokenAccount];
      const failed = random.chance(0.08);
      const spl = random.chance(0.5);
      const before = { lamports: [payer.lamports, other.lamports], tokens: [from.amount, to.amount] };
      payer.lamports -= FEE;
      if (!failed && spl) {
        const amount = share(from.amount, 1 + random.below(2000));
        from.amount -= amount;
        to.amount += amount;
      } else if (!failed) {
        const amount = share(payer.lamports, 1 + random.below(500));
        payer.lamports -= amount;
        other.lamports += amount;
      }
      const token = (accountIndex: number, owner: string, amount: bigint) => ({
        accountIndex,
        mint,
        owner,
        uiTokenAmount: { amount: String(amount), decimals: 9 },
      });
      const tokens = (amounts: readonly bigint[]) => (spl ? [token(2, payer.address, amounts[0] ?? 0n), token(3, other.address, amounts[1] ?? 0n)] : []);
      const rent = spl ? [2_039_280n, 2_039_280n] : [];
      const keys = [payer.address, other.address, ...(spl ? [from.address, to.address] : [])];
      return {
        version: 'legacy',
        transaction: {
          signatures: [base58(random, 88)],
          message: { accountKeys: keys.map((pubkey, place) => ({ pubkey, signer: place === 0, source: 'transaction', writable: true })) },
        },
        meta: {
          err: failed ? { InstructionError: [0, { Custom: 1 }] } : null,
          fee: FEE,
          preBalances: [...before.lamports, ...rent],
          postBalances: [payer.lamports, other.lamports, ...rent],
          preTokenBalances: tokens(before.tokens),
          postTokenBalances: tokens([from.amount, to.amount]),
          innerInstructions: [],
        },
      };
    });
    const hash = base58(random, 44);
    const blockTime = wanted.from + Math.floor(((wanted.until - wanted.from) * index) / wanted.slots);
    lines.push(
      line(slot, { blockHeight: slot - 20_000_000, blockTime, blockhash: hash, parentSlot: parent.slot, previousBlockhash: parent.hash, transactions }),
    );
    parent = { slot, hash };
  }
  return { lines, first };
}

/** JSON with u64 as numbers, as nodes write them: such a number is marked, and its quotes are taken off. */
function line(slot: number, block: unknown, skipped?: number): string {
  const text = JSON.stringify({ slot, block, ...(skipped === undefined ? {} : { skipped }) }, (_key, value: unknown) =>
    typeof value === 'bigint' ? `u64:${value}` : value,
  );
  return text.replaceAll(/"u64:(\d+)"/g, '$1');
}
