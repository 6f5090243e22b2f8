import { SkeinError } from '@skein/kernel';
import type { EngineSession } from '@skein/ports';
import { ethereumConnector, type Progress } from './ethereum/connector.ts';
import { solanaConnector } from './solana/connector.ts';

export interface FollowOptions {
  /** Addresses of an Ethereum-like node; of several, each further attempt asks the next. */
  readonly ethereum?: readonly string[] | undefined;
  /** Where that node announces heads (`wss://`). */
  readonly heads?: string | undefined;
  readonly solana?: string | undefined;
  readonly allowHosts?: readonly string[] | undefined;
  /** First block; default 0. */
  readonly fromBlock?: bigint | undefined;
  /** First slot; default the newest final one when nothing has been taken yet. */
  readonly fromSlot?: bigint | undefined;
  /** Folder of sources that the chains are written into. */
  readonly directory: string;
  readonly session: EngineSession;
  readonly signal: AbortSignal;
  /** Take what there is now, and end. */
  readonly once?: boolean | undefined;
  /** Called once, when there is the first file to read. */
  onFiles?(): void;
  /** Hears a line of what was taken, or of what went wrong and is tried again. */
  say(line: string): void;
}

/**
 * Takes the chains from their nodes into the folder, first what is final and then each new head, until the signal ends it. Faults that may pass are said and
 * tried again; others are thrown, when the other chain has ended too.
 */
export async function followChains(options: FollowOptions): Promise<void> {
  const stop = new AbortController();
  const signal = AbortSignal.any([options.signal, stop.signal]);
  const chains = [
    ...(options.ethereum && options.ethereum.length > 0 ? [followEthereum({ ...options, signal }, options.ethereum)] : []),
    ...(options.solana === undefined ? [] : [followSolana({ ...options, signal }, options.solana)]),
  ];
  const ended = await Promise.allSettled(chains.map((chain) => chain.catch((error: unknown) => (stop.abort(), Promise.reject(error)))));
  for (const one of ended) if (one.status === 'rejected' && !options.signal.aborted) throw one.reason;
}

async function followEthereum(
  { heads, allowHosts = [], fromBlock, directory, session, signal, once, say, onFiles }: FollowOptions,
  url: readonly string[],
): Promise<void> {
  const onTrouble = ({ code, message, attempt }: { code: string; message: string; attempt: number }): void => say(`${code}: ${message} (attempt ${attempt})`);
  using connector = await ethereumConnector({
    url,
    allowHosts,
    directory,
    session,
    onTrouble,
    ...(heads === undefined ? {} : { heads }),
    ...(fromBlock === undefined ? {} : { from: fromBlock }),
  });
  const { chain } = connector;
  const onRange = ({ from, to }: { from: bigint; to: bigint }, logs: number): void => {
    onFiles?.();
    say(`${chain}: blocks ${from} to ${to}, ${logs} logs`);
  };
  const { through } = await connector.backfill({ signal, onRange });
  let last = through;
  const taken = async (progress: Progress): Promise<void> => {
    onFiles?.();
    if (progress.reorg) say(`${chain}: ${progress.reorg.depth} blocks above ${progress.reorg.ancestor} were replaced`);
    if (progress.through === last && !progress.reorg) return;
    last = progress.through;
    // Names and decimals with each head: amounts need them. What a node will not say now is asked again with the next head.
    const tokens = await connector.tokens(signal).catch((error: unknown) => {
      if (!(error instanceof SkeinError) || signal.aborted) throw error;
      say(`${error.code}: ${error.message}`);
      return 0;
    });
    say(`${chain}: up to block ${last}${tokens > 0 ? `, ${tokens} new tokens` : ''}`);
  };
  await taken(await connector.step(signal));
  if (!once) await connector.follow({ signal, onStep: taken });
}

async function followSolana({ allowHosts = [], fromSlot, directory, signal, once, say, onFiles }: FollowOptions, url: string): Promise<void> {
  const onTrouble = ({ code, message, attempt }: { code: string; message: string; attempt: number }): void => say(`${code}: ${message} (attempt ${attempt})`);
  const connector = solanaConnector({ url, allowHosts, directory, onTrouble });
  const taken = ({ chain, slots, skipped }: { chain: string; slots: number; skipped: number }): void => {
    onFiles?.();
    if (slots > 0) say(`${chain}: ${slots} slots, of which ${skipped} were skipped`);
  };
  if (once) return taken(await connector.catchUp(fromSlot, signal));
  await connector.follow({ from: fromSlot, signal, onStep: taken });
}
