import type { LookupFunction } from 'node:net';
import { checkedAddress, systemTiming, type Lookup, type Timing } from '@skein/adapter-connectors';
import { SkeinError } from '@skein/kernel';
import { Agent, WebSocket } from 'undici';

export interface HeadSocketOptions {
  /** `ws://` or `wss://`. */
  readonly url: string;
  readonly allowHosts?: readonly string[];
  readonly lookup?: Lookup;
  readonly timing?: Timing;
  onTrouble?(message: string): void;
}

/** New heads as a node announces them. What they say is not believed, only that there is something to ask for: the answers come by the checked way. */
export interface HeadSocket {
  /** Whether the node confirmed the subscription, and the connection stands. */
  readonly live: boolean;
  /** Until a head was announced since the last call, or for `milliseconds`; tries to connect again where the connection broke, at most once a wait. */
  wait(milliseconds: number, signal: AbortSignal): Promise<void>;
  close(): void;
}

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 60_000;

/**
 * Connects at the first wait, and to the address that was checked, so that a name that changes its meaning gains nothing; with `wss://` the certificate
 * holds the peer to the name as well. Redirects are not followed. Throws SKEIN_SOURCE_ADDRESS from `wait` for an address that it must not reach.
 */
export function headSocket({ url, allowHosts = [], lookup, timing = systemTiming, onTrouble }: HeadSocketOptions): HeadSocket {
  if (!/^wss?:\/\//i.test(url) || !URL.canParse(url)) {
    throw new SkeinError('SKEIN_SOURCE_ADDRESS', `${JSON.stringify(url)} is no address of a websocket`, { hint: 'Use ws:// or wss://.' });
  }
  let socket: WebSocket | undefined;
  let [live, announced, closed] = [false, false, false];
  let [pause, retryAt] = [FIRST_PAUSE_MS, 0];
  let wake: () => void = () => undefined;

  const connect = async (): Promise<void> => {
    const checked = await checkedAddress(new URL(url.replace(/^ws/i, 'http')), allowHosts, lookup);
    if (closed) return;
    const settled: LookupFunction = (_host, options, done) => (options.all === true ? done(null, [checked]) : done(null, checked.address, checked.family));
    const own = new WebSocket(url, { dispatcher: new Agent({ connect: { lookup: settled } }) });
    socket = own;
    const broken = (why: string): void => {
      if (socket !== own) return;
      socket = undefined;
      live = false;
      retryAt = timing.clock.now() + pause;
      pause = Math.min(LONGEST_PAUSE_MS, pause * 2);
      if (!closed) onTrouble?.(`${url}: ${why}; heads are asked for meanwhile`);
      own.close();
    };
    own.addEventListener('open', () => own.send('{"jsonrpc":"2.0","id":1,"method":"eth_subscribe","params":["newHeads"]}'));
    own.addEventListener('close', ({ code }) => broken(`the connection ended (${code})`));
    own.addEventListener('error', () => broken('the connection failed'));
    own.addEventListener('message', ({ data }) => {
      const message = parsed(data);
      if (message.id === 1 && typeof message.result === 'string') {
        live = true;
        pause = FIRST_PAUSE_MS;
      } else if (message.method === 'eth_subscription') {
        announced = true;
        wake();
      } else broken(`it takes no subscription: ${String(data).slice(0, 200)}`);
    });
  };

  return {
    get live() {
      return live;
    },
    async wait(milliseconds, signal) {
      if (socket === undefined && !closed && timing.clock.now() >= retryAt) {
        await connect().catch((error: unknown) => {
          if (error instanceof SkeinError && error.code === 'SKEIN_SOURCE_ADDRESS') throw error;
          retryAt = timing.clock.now() + pause;
          pause = Math.min(LONGEST_PAUSE_MS, pause * 2);
          onTrouble?.(`${url}: ${error instanceof Error ? error.message : String(error)}`);
        });
      }
      if (!announced) {
        const ended = new AbortController();
        const head = new Promise<void>((resolve) => (wake = resolve));
        await Promise.race([head, timing.sleep(milliseconds, AbortSignal.any([signal, ended.signal])).catch(() => undefined)]);
        ended.abort();
      }
      announced = false;
    },
    close() {
      closed = true;
      live = false;
      socket?.close();
      socket = undefined;
    },
  };
}

function parsed(data: unknown): { id?: unknown; result?: unknown; method?: unknown } {
  try {
    const value: unknown = JSON.parse(String(data));
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}
