import {
  AnswerTooLarge,
  guardedFetch,
  pace,
  retryAfterMs,
  systemTiming,
  type Lookup,
  type Pace,
  type PaceOptions,
  type Timing,
} from '@skein/adapter-connectors';
import { SkeinError } from '@skein/kernel';
import { http } from 'viem';
import { rangeHint } from './range-hint.ts';

/** Something that went wrong on the way and was tried again. */
export interface Trouble {
  readonly code: 'SKEIN_SOURCE_UNAVAILABLE' | 'SKEIN_SOURCE_UNTRUE' | 'SKEIN_SOURCE_ANSWER';
  readonly message: string;
  /** Which attempt it was, from 1. */
  readonly attempt: number;
  /** Where: a method, a block, a field. */
  readonly at: string;
}

export interface RpcOptions {
  /** Address of the node; of several, each further attempt asks the next. */
  readonly url: string | readonly string[];
  /** Hosts that may be reached though they are loopback or private. Default none. */
  readonly allowHosts?: readonly string[];
  /** Of one request with its answer; default 30 s. */
  readonly timeoutMs?: number;
  /** Of one answer; default 256 MiB (viem's own cap is 10 MB, which a busy range of logs passes). */
  readonly maxAnswerBytes?: number;
  /** Attempts at one request, and at one range; default 6. */
  readonly attempts?: number;
  readonly pace?: PaceOptions;
  readonly timing?: Timing;
  readonly lookup?: Lookup;
  readonly headers?: Readonly<Record<string, string>>;
  /** Hears of everything that went wrong, also when a later attempt succeeds. */
  onTrouble?(trouble: Trouble): void;
}

/** JSON-RPC with an Ethereum node. */
export interface Rpc {
  readonly attempts: number;
  readonly pace: Pace;
  readonly timing: Timing;
  /**
   * The `result` of a call, whatever it is. Tries again what may pass: no connection, HTTP 429 and 5xx, answers cut short, "limit exceeded". Throws
   * SKEIN_SOURCE_UNAVAILABLE after the last attempt, SKEIN_SOURCE_ANSWER for what the node refuses, SKEIN_SOURCE_ADDRESS, and `RangeTooLarge`.
   */
  call(method: string, params: readonly unknown[], signal?: AbortSignal): Promise<unknown>;
  report(trouble: Trouble): void;
  /** Waits before attempt `attempt` + 1: doubled each time, half of it by chance. */
  backOff(attempt: number, signal?: AbortSignal): Promise<void>;
}

/** The node will not answer for so many blocks, or so many bytes, at once. */
export class RangeTooLarge extends Error {
  readonly span: bigint | undefined;
  constructor(message: string, span: bigint | undefined) {
    super(message);
    this.span = span;
  }
}

interface RpcFailure {
  readonly kind: 'limit' | 'passing' | 'refused' | 'range';
  readonly message: string;
  readonly span?: bigint | undefined;
  readonly cause?: unknown;
}

const RATE_LIMIT = /rate.?limit|too many requests|throttl|compute units|capacity|request limit|daily request count|limit exceeded/i;
const PASSING = /timeout|timed out|temporar|unavailable|internal error|header not found|try again|overloaded|busy/i;

/** Opens nothing yet: the first call connects. */
export function ethereumRpc(options: RpcOptions): Rpc {
  const urls = typeof options.url === 'string' ? [options.url] : options.url;
  const timing = options.timing ?? systemTiming;
  const own = pace(options.pace, timing);
  const attempts = options.attempts ?? 6;
  const maxBytes = options.maxAnswerBytes ?? 256 << 20;
  const transports = urls.map((url) => {
    const guarded = guardedFetch({ allowHosts: options.allowHosts ?? [], maxBytes, ...(options.lookup ? { lookup: options.lookup } : {}) });
    let retryAfter: number | undefined;
    const transport = http(parsed(url).href, {
      retryCount: 0,
      raw: true,
      maxResponseBodySize: false,
      timeout: options.timeoutMs ?? 30_000,
      ...(options.headers ? { fetchOptions: { headers: { ...options.headers } } } : {}),
      fetchFn: async (input, init) => {
        const response = await guarded(input, init);
        if (response.status === 429 || response.status === 503) retryAfter = retryAfterMs(response.headers.get('retry-after'), timing);
        return response;
      },
    })({});
    return { transport, host: parsed(url).host, takeRetryAfter: () => [retryAfter, (retryAfter = undefined)][0] };
  });

  const once = async (attempt: number, method: string, params: readonly unknown[], signal: AbortSignal | undefined): Promise<unknown> => {
    const { transport, takeRetryAfter } = transports[(attempt - 1) % transports.length] as (typeof transports)[number];
    await own.take(signal);
    let failure: RpcFailure;
    try {
      const answer = (await transport.request({ method, params } as never, signal ? { signal } : undefined)) as { error?: unknown; result?: unknown };
      if (answer.error === undefined || answer.error === null) {
        if (answer.result === undefined) throw new Error('the answer has neither a result nor an error');
        own.answered();
        return answer.result;
      }
      failure = failureOf(answer.error, method, params);
    } catch (error) {
      signal?.throwIfAborted();
      const refused = causeOf(error, SkeinError);
      if (refused?.code === 'SKEIN_SOURCE_ADDRESS') throw refused;
      failure = transportFailure(error, method);
    }
    if (failure.kind === 'limit') own.limited(takeRetryAfter());
    if (failure.kind === 'range') throw new RangeTooLarge(failure.message, failure.span);
    const code = failure.kind === 'refused' ? 'SKEIN_SOURCE_ANSWER' : 'SKEIN_SOURCE_UNAVAILABLE';
    throw new SkeinError(code, `${method}: ${failure.message}`, { cause: failure.cause, context: { method, attempt } });
  };

  const rpc: Rpc = {
    attempts,
    pace: own,
    timing,
    async call(method, params, signal) {
      for (let attempt = 1; ; attempt++) {
        try {
          return await once(attempt, method, params, signal);
        } catch (error) {
          if (!(error instanceof SkeinError) || error.code !== 'SKEIN_SOURCE_UNAVAILABLE') throw error;
          rpc.report({ code: error.code, message: error.message, attempt, at: method });
          if (attempt >= attempts) throw new SkeinError(error.code, `${error.message} (${attempt} attempts)`, { cause: error, context: { method, attempt } });
          await rpc.backOff(attempt, signal);
        }
      }
    },
    report: (trouble) => options.onTrouble?.(trouble),
    backOff: (attempt, signal) => {
      const most = Math.min(30_000, 200 * 2 ** attempt);
      return timing.sleep(most / 2 + (timing.random() * most) / 2, signal);
    },
  };
  return rpc;
}

function parsed(url: string): URL {
  if (!URL.canParse(url)) throw new SkeinError('SKEIN_SOURCE_ADDRESS', `${JSON.stringify(url)} is no URL`, { hint: 'Use http:// or https://.' });
  return new URL(url);
}

/** What a JSON-RPC error means. The codes beyond -32603 are EIP-1474's; providers put their own meaning into messages. */
function failureOf(error: unknown, method: string, params: readonly unknown[]): RpcFailure {
  const { code, message } = typeof error === 'object' && error !== null ? (error as { code?: unknown; message?: unknown }) : {};
  const said = (typeof message === 'string' ? message : JSON.stringify(error)).slice(0, 500);
  const text = `${said} (${String(code)})`;
  if (method === 'eth_getLogs') {
    const [filter] = params as [{ fromBlock?: string; toBlock?: string }];
    const hint = rangeHint(said, BigInt(filter.fromBlock ?? 0), BigInt(filter.toBlock ?? 0));
    if (hint) return { kind: 'range', message: text, span: hint.span };
  }
  if (code === -32005 || code === 429 || RATE_LIMIT.test(said)) return { kind: 'limit', message: text };
  if (code === -32603 || code === -32002 || code === -32000 ? PASSING.test(said) : false) return { kind: 'passing', message: text };
  return { kind: 'refused', message: text };
}

/** viem wraps what its fetch throws. */
function causeOf<Kind extends Error>(error: unknown, kind: abstract new (...args: never[]) => Kind): Kind | undefined {
  for (let at: unknown = error; at instanceof Error; at = at.cause) if (at instanceof kind) return at;
  return undefined;
}

function transportFailure(error: unknown, method: string): RpcFailure {
  const large = causeOf(error, AnswerTooLarge);
  if (large && method === 'eth_getLogs') return { kind: 'range', message: large.message };
  const own = large ?? causeOf(error, SkeinError);
  if (own) return { kind: 'passing', message: own.message, cause: error };
  const { status, details, shortMessage, message } = error as { status?: number; details?: string; shortMessage?: string; message?: string };
  const text = [shortMessage ?? message ?? String(error), status === undefined ? undefined : `HTTP ${status}`, details]
    .filter((part) => part !== undefined && part !== '')
    .join(': ')
    .slice(0, 500);
  if (status === 429) return { kind: 'limit', message: text, cause: error };
  // 401, 403, 404: no later attempt will be answered otherwise.
  if (status !== undefined && status >= 400 && status < 500 && status !== 408) return { kind: 'refused', message: text, cause: error };
  return { kind: 'passing', message: text, cause: error };
}
