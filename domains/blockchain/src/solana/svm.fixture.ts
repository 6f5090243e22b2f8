import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  address,
  appendTransactionMessageInstructions,
  createTransactionMessage,
  generateKeyPairSigner,
  getAddressDecoder,
  getBase58Decoder,
  getCompiledTransactionMessageDecoder,
  lamports,
  pipe,
  setTransactionMessageFeePayerSigner,
  signTransactionMessageWithSigners,
  type Address,
  type Instruction,
  type KeyPairSigner,
} from '@solana/kit';
import {
  getInitializeAccount3Instruction,
  getInitializeMint2Instruction,
  getMintSize,
  getMintToInstruction,
  getTokenSize,
  TOKEN_PROGRAM_ADDRESS,
} from '@solana-program/token';
import { getCreateAccountInstruction } from '@solana-program/system';
import { FailedTransactionMetadata, LiteSVM } from 'litesvm';
import { writeExactly } from './rpc.ts';

/** Test support: real transactions on LiteSVM, with the real token program, behind as much of a node's JSON-RPC as the connector asks for. */

export const GENESIS = '5eykt4UsFv8P8NJdTREpY1vzqKqZKvdpKuc147dw2N9d';

type Answer =
  | { readonly result: unknown }
  | { readonly error: { readonly code: number; readonly message: string } }
  | { readonly status: number }
  | { readonly cut: true };

export class SvmNode implements AsyncDisposable {
  readonly svm = new LiteSVM();
  readonly blocks = new Map<number, Record<string, unknown> | number>();
  /** Says something else than the truth, by method and first parameter; undefined: the truth. */
  lie: (method: string, first: unknown, asked: number) => Answer | undefined = () => undefined;
  readonly asked: string[] = [];
  #server = createServer((request, response) => void this.#answer(request, response).catch(() => response.writeHead(500).end()));
  #slot: number;

  constructor(first: number) {
    this.#slot = first;
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async signer(sol: bigint): Promise<KeyPairSigner> {
    const signer = await generateKeyPairSigner();
    this.svm.airdrop(signer.address, lamports(sol));
    return signer;
  }

  /** A mint, with its first accounts: one for each owner, in that order. */
  async mint(payer: KeyPairSigner, owners: readonly Address[], amounts: readonly bigint[]): Promise<{ mint: Address; accounts: Address[] }> {
    const mint = await generateKeyPairSigner();
    const create = (newAccount: KeyPairSigner, space: number) =>
      getCreateAccountInstruction({
        payer,
        newAccount,
        space,
        lamports: this.svm.minimumBalanceForRentExemption(BigInt(space)),
        programAddress: TOKEN_PROGRAM_ADDRESS,
      });
    await this.#send(payer, [create(mint, getMintSize()), getInitializeMint2Instruction({ mint: mint.address, decimals: 6, mintAuthority: payer.address })]);
    const accounts: Address[] = [];
    for (const [index, owner] of owners.entries()) {
      const account = await generateKeyPairSigner();
      accounts.push(account.address);
      const amount = amounts[index] ?? 0n;
      await this.#send(payer, [
        create(account, getTokenSize()),
        getInitializeAccount3Instruction({ account: account.address, mint: mint.address, owner }),
        ...(amount > 0n ? [getMintToInstruction({ mint: mint.address, token: account.address, mintAuthority: payer, amount })] : []),
      ]);
    }
    return { mint: mint.address, accounts };
  }

  /** A block of the next slot, with these transactions. */
  async block(transactions: readonly { payer: KeyPairSigner; instructions: readonly Instruction[] }[]): Promise<number> {
    const slot = this.#slot++;
    const made: Record<string, unknown>[] = [];
    for (const { payer, instructions } of transactions) made.push(await this.#send(payer, instructions));
    const below = [...this.blocks.keys()].findLast((one) => typeof this.blocks.get(one) === 'object');
    const parent = below === undefined ? undefined : (this.blocks.get(below) as { blockhash: string });
    this.blocks.set(slot, {
      blockHeight: slot - 10,
      blockTime: 1_787_918_387 + slot,
      blockhash: blockhashOf(slot),
      parentSlot: below ?? slot - 1,
      previousBlockhash: parent?.blockhash ?? blockhashOf(slot - 1),
      transactions: made,
      rewards: [],
    });
    return slot;
  }

  skip(code: -32007 | -32009): number {
    this.blocks.set(this.#slot, code);
    return this.#slot++;
  }

  /** Executes, and tells it as getBlock does: balances of every account before and after. */
  async #send(payer: KeyPairSigner, instructions: readonly Instruction[]): Promise<Record<string, unknown>> {
    const message = pipe(
      createTransactionMessage({ version: 0 }),
      (one) => setTransactionMessageFeePayerSigner(payer, one),
      (one) => this.svm.setTransactionMessageLifetimeUsingLatestBlockhash(one),
      (one) => appendTransactionMessageInstructions(instructions, one),
    );
    const signed = await signTransactionMessageWithSigners(message);
    const compiled = getCompiledTransactionMessageDecoder().decode(signed.messageBytes);
    const keys = (compiled as unknown as { staticAccounts: Address[] }).staticAccounts;
    const before = this.#balances(keys);
    const outcome = this.svm.sendTransaction(signed);
    const after = this.#balances(keys);
    this.svm.expireBlockhash();
    const signature = getBase58Decoder().decode(Object.values(signed.signatures)[0] as Uint8Array);
    const failed = outcome instanceof FailedTransactionMetadata;
    return {
      version: 0,
      transaction: { signatures: [signature], message: { accountKeys: keys.map((pubkey) => ({ pubkey, source: 'transaction' })) } },
      meta: {
        err: failed ? { InstructionError: [0, 'Custom'] } : null,
        fee: 5000n * BigInt(Object.keys(signed.signatures).length),
        preBalances: before.lamports,
        postBalances: after.lamports,
        preTokenBalances: before.tokens,
        postTokenBalances: after.tokens,
      },
    };
  }

  #balances(keys: readonly Address[]): { lamports: bigint[]; tokens: unknown[] } {
    const tokens: unknown[] = [];
    const held = keys.map((key, accountIndex) => {
      const account = this.svm.getAccount(key);
      if (!account.exists) return 0n;
      const { data } = account;
      // Layout of a token account: mint, owner, amount (u64, little-endian).
      if (account.programAddress === TOKEN_PROGRAM_ADDRESS && data.length === getTokenSize()) {
        const at = (from: number) => getAddressDecoder().decode(data.slice(from, from + 32));
        const amount = Buffer.from(data).readBigUInt64LE(64);
        tokens.push({
          accountIndex,
          mint: at(0),
          owner: at(32),
          programId: TOKEN_PROGRAM_ADDRESS,
          uiTokenAmount: { amount: String(amount), decimals: 6, uiAmount: Number(amount) / 1e6 },
        });
      }
      return account.lamports;
    });
    return { lamports: held, tokens };
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = '';
    for await (const part of request) body += String(part);
    const { id, method, params } = JSON.parse(body) as { id: unknown; method: string; params?: unknown[] };
    this.asked.push(`${method}(${String(params?.[0] ?? '')})`);
    const asked = this.asked.filter((one) => one === `${method}(${String(params?.[0] ?? '')})`).length;
    const answer = this.lie(method, params?.[0], asked) ?? this.#truth(method, params ?? []);
    if ('status' in answer) {
      response.writeHead(answer.status, { 'retry-after': '0' }).end();
      return;
    }
    if ('cut' in answer) {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': 1_000 });
      response.write('{"jsonrpc":"2.0",', () => response.destroy());
      return;
    }
    response.writeHead(200, { 'content-type': 'application/json' }).end(writeExactly({ jsonrpc: '2.0', id, ...answer }));
  }

  #truth(method: string, params: readonly unknown[]): Answer {
    const slots = [...this.blocks.keys()];
    const last = slots.at(-1) ?? 0;
    if (method === 'getGenesisHash') return { result: GENESIS };
    // `finalized` is the default, and clients leave it out.
    if (method === 'getSlot')
      return { result: ((params[0] as { commitment?: string } | undefined)?.commitment ?? 'finalized') === 'finalized' ? last - 2 : last };
    if (method === 'getBlocks') {
      return { result: slots.filter((slot) => slot >= Number(params[0]) && slot <= Number(params[1]) && typeof this.blocks.get(slot) === 'object') };
    }
    const block = this.blocks.get(Number(params[0]));
    if (typeof block === 'number') return { error: { code: block, message: `Slot ${String(params[0])} was skipped, or missing` } };
    return block === undefined ? { error: { code: -32004, message: 'Block not available for slot' } } : { result: block };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** 44 characters of base58 that depend on the slot alone. */
const blockhashOf = (slot: number): string => address(getBase58Decoder().decode(Buffer.from(`slot ${String(slot).padStart(27, '0')}`)));
