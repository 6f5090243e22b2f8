import { createSolanaRpcFromTransport, isSolanaError, type Rpc, type RpcTransport, type SolanaRpcApi } from '@solana/kit';
import { guardedFetch, pace, retryAfterMs, systemTiming, type Lookup, type Pace, type PaceOptions, type Timing } from '@skein/adapter-connectors';
import { SkeinError } from '@skein/kernel';

export interface SolanaRpcOptions {
  /** Address of the node. */
  readonly url: string;
  /** Hosts that may be reached though they are loopback or private. Default none. */
  readonly allowHosts?: readonly string[];
  /** Of one request with its answer; default 30 s. */
  readonly timeoutMs?: number;
  /** Of one answer; default 256 MiB. */
  readonly maxAnswerBytes?: number;
  /** Attempts at one request; default 6. */
  readonly attempts?: number;
  readonly pace?: PaceOptions;
  readonly timing?: Timing;
  readonly lookup?: Lookup;
  readonly headers?: Readonly<Record<string, string>>;
  /** Hears of everything that was tried again. */
  onTrouble?(trouble: { readonly code: string; readonly message: string; readonly attempt: number; readonly at: string }): void;
}

/** Asks a Solana node. */
export interface SolanaNode {
  /**
   * One answer; tries again what may pass (no connection, HTTP 429 and 5xx, a node that is behind). Throws SKEIN_SOURCE_UNAVAILABLE after the last
   * attempt, SKEIN_SOURCE_ADDRESS, and SKEIN_SOURCE_ANSWER with the node's `code` in the context for what it refuses.
   */
  ask<T>(at: string, send: (rpc: Rpc<SolanaRpcApi>, signal: AbortSignal) => Promise<T>): Promise<T>;
}

/** A node that is behind, is not ready with a block, or is unhealthy: -32004, -32005, -32014, -32016. */
const PASSING = new Set([-32004, -32005, -32014, -32016, -32603]);

/** HTTP that is not 200. */
class Refused extends Error {
  readonly status: number;
  readonly retryAfter: number | undefined;
  constructor(status: number, retryAfter: number | undefined) {
    super(`HTTP ${status}`);
    this.status = status;
    this.retryAfter = retryAfter;
  }
}

/** Integers beyond 2^53 stay what they are: the parser tells the digits that stood there. */
export function parseExactly(text: string): unknown {
  const revive = (_key: string, value: unknown, context?: { source?: string }): unknown =>
    typeof value === 'number' && !Number.isSafeInteger(value) && /^-?\d+$/.test(context?.source ?? '') ? BigInt(context?.source ?? '') : value;
  return JSON.parse(text, revive);
}

const raw = JSON as unknown as { rawJSON(text: string): unknown };

/** JSON with bigints as plain numbers, as nodes write u64. */
export const writeExactly = (value: unknown): string =>
  JSON.stringify(value, (_key, one: unknown) => (typeof one === 'bigint' ? raw.rawJSON(String(one)) : one));

export function solanaNode(options: SolanaRpcOptions): SolanaNode {
  const { attempts = 6, timeoutMs = 30_000, timing = systemTiming } = options;
  const own: Pace = pace(options.pace, timing);
  const fetch = guardedFetch({
    allowHosts: options.allowHosts ?? [],
    maxBytes: options.maxAnswerBytes ?? 256 << 20,
    ...(options.lookup ? { lookup: options.lookup } : {}),
  });
  const transport: RpcTransport = async <T>({ payload, signal }: Parameters<RpcTransport>[0]): Promise<T> => {
    const response = await fetch(options.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...options.headers },
      body: writeExactly(payload),
      ...(signal ? { signal } : {}),
    });
    if (!response.ok) throw new Refused(response.status, retryAfterMs(response.headers.get('retry-after'), timing));
    return parseExactly(await response.text()) as T;
  };
  const rpc = createSolanaRpcFromTransport(transport);
  return {
    async ask(at, send) {
      for (let attempt = 1; ; attempt++) {
        await own.take();
        try {
          const answer = await send(rpc, AbortSignal.timeout(timeoutMs));
          own.answered();
          return answer;
        } catch (error) {
          if (error instanceof SkeinError && error.code === 'SKEIN_SOURCE_ADDRESS') throw error;
          const code = codeOf(error);
          const limited = error instanceof Refused && (error.status === 429 || error.status === 503);
          const message = `${at}: ${error instanceof Error ? error.message : String(error)}`.slice(0, 500);
          const final =
            (code !== undefined && !PASSING.has(code)) || (error instanceof Refused && error.status < 500 && error.status !== 429 && error.status !== 408);
          if (final) throw new SkeinError('SKEIN_SOURCE_ANSWER', message, { cause: error, context: { at, ...(code === undefined ? {} : { code }) } });
          if (limited) own.limited(error.retryAfter);
          options.onTrouble?.({ code: 'SKEIN_SOURCE_UNAVAILABLE', message, attempt, at });
          if (attempt >= attempts)
            throw new SkeinError('SKEIN_SOURCE_UNAVAILABLE', `${message} (${attempt} attempts)`, { cause: error, context: { at, attempt } });
          const most = Math.min(30_000, 200 * 2 ** attempt);
          await timing.sleep(most / 2 + (timing.random() * most) / 2);
        }
      }
    },
  };
}

/** The JSON-RPC code of a node's error; undefined for what is none. */
function codeOf(error: unknown): number | undefined {
  if (!isSolanaError(error)) return undefined;
  const code = (error.context as { __code?: unknown }).__code;
  return typeof code === 'number' && code <= -32_000 && code > -33_000 ? code : undefined;
}
