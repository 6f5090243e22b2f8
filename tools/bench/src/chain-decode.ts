import { decodeEvent } from '@skein/blockchain';
import { decodeEventLog, parseAbi, toEventSelector, type Abi, type Hex } from 'viem';
import type { BenchResult, Progress } from './bench.ts';

const LOGS = 200_000;
/** Logs of one answer: they are decoded as soon as the answer is parsed, as a connector does. */
const ANSWER = 2_000;
const ROUNDS = 5;

interface Log {
  readonly abi: Abi;
  readonly topics: [Hex, ...Hex[]];
  readonly data: Hex;
}

/** The events, in about the shares that they have on Ethereum's main chain, of 100; and which of the parameters stand in topics. */
const MIX: readonly (readonly [share: number, event: string])[] = [
  [54, 'event Transfer(address indexed from, address indexed to, uint256 value)'],
  [5, 'event Transfer(address indexed from, address indexed to, uint256 indexed tokenId)'],
  [11, 'event Swap(address indexed sender, uint256 amount0In, uint256 amount1In, uint256 amount0Out, uint256 amount1Out, address indexed to)'],
  [11, 'event Sync(uint112 reserve0, uint112 reserve1)'],
  [7, 'event Swap(address indexed sender, address indexed recipient, int256 amount0, int256 amount1, uint160 sqrtPriceX96, uint128 liquidity, int24 tick)'],
  [5, 'event Deposit(address indexed dst, uint256 wad)'],
  [5, 'event Withdrawal(address indexed src, uint256 wad)'],
  [2, 'event TransferSingle(address indexed operator, address indexed from, address indexed to, uint256 id, uint256 value)'],
];

/**
 * Logs to decimal text and lower-case addresses, against viem's `decodeEventLog` on the same logs with the ABI of the one event; logs a second, the
 * middle of all answers of five rounds in which the two take turns. An answer is parsed, which is not timed, and then decoded, which is. viem is timed on a tenth of
 * the answers. Both decode alike, which is looked at first, on that tenth.
 */
export function chainDecode(progress: Progress = () => undefined, logs: number = LOGS): Promise<BenchResult> {
  progress(`making ${logs} logs`);
  const made = generate(logs);
  const few = made.slice(0, Math.ceil(logs / 10));
  for (const log of few) {
    const decoded = decodeEvent(log.topics, log.data);
    const ours = decoded !== undefined && 'args' in decoded ? decoded.args.join() : undefined;
    if (ours !== byViem(log)) throw new Error(`${JSON.stringify(log)} is ${ours} and not ${byViem(log)}`);
  }
  const answers = batches(made);
  const abis = batches(few).map((_, answer) => few.slice(answer * ANSWER, (answer + 1) * ANSWER).map(({ abi }) => abi));
  const viem = (answer: readonly Sent[], index: number): number =>
    answer.reduce((count, { topics, data }, at) => count + (decodeEventLog({ abi: abis[index]?.[at] ?? [], topics, data }).args === undefined ? 0 : 1), 0);
  const own = (answer: readonly Sent[]): number => {
    let count = 0;
    for (const { topics, data } of answer) count += decodeEvent(topics, data) === undefined ? 0 : 1;
    return count;
  };
  const [figures, floors]: [number[], number[]] = [[], []];
  for (let round = 0; round <= ROUNDS; round++) {
    const floor = rates(answers.slice(0, abis.length), viem);
    const figure = rates(answers, own);
    progress(`round ${round} of ${ROUNDS}`);
    // The first round warms both.
    if (round === 0) continue;
    floors.push(...floor);
    figures.push(...figure);
  }
  const [figure, floor] = [median(figures), median(floors)];
  return Promise.resolve({ figure, floor, ratio: figure / floor, unit: 'logs/s', logs });
}

type Sent = Pick<Log, 'topics' | 'data'>;

/** The logs as answers of JSON. */
function batches(logs: readonly Log[]): string[] {
  return Array.from({ length: Math.ceil(logs.length / ANSWER) }, (_, at) =>
    JSON.stringify(logs.slice(at * ANSWER, (at + 1) * ANSWER).map(({ topics, data }) => ({ topics, data }))),
  );
}

/** Logs a second, of each answer. */
function rates(answers: readonly string[], decode: (answer: readonly Sent[], index: number) => number): number[] {
  return answers.map((text, index) => {
    const answer = JSON.parse(text) as readonly Sent[];
    const start = performance.now();
    const count = decode(answer, index);
    const time = performance.now() - start;
    if (count !== answer.length) throw new Error(`${count} of ${answer.length} logs decoded`);
    return (count * 1_000) / time;
  });
}

function byViem({ abi, topics, data }: Log): string {
  const args = decodeEventLog({ abi, topics, data }).args as unknown as Record<string, unknown>;
  const [event] = abi as unknown as [{ inputs: readonly { name: string }[] }];
  return event.inputs.map(({ name }) => String(args[name]).toLowerCase()).join();
}

function generate(count: number): Log[] {
  let state = 1;
  const random = (below: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  const digits = (length: number): string => Array.from({ length }, () => random(16).toString(16)).join('');
  const kinds = MIX.map(([share, text]) => {
    const abi = parseAbi([text]) as unknown as Abi;
    const [event] = abi as unknown as [{ inputs: readonly { type: string; indexed?: boolean }[] }];
    return {
      share,
      abi,
      inputs: event.inputs,
      selector: toEventSelector(
        text
          .replaceAll(' indexed', '')
          .replace(/ \w+(?=[,)])/g, '')
          .replace('event ', ''),
      ),
    };
  });
  const word = (type: string): string => {
    if (type === 'address') return digits(40).padStart(64, '0');
    if (type === 'int24') return (random(100_000) + 1).toString(16).padStart(64, '0');
    // Amounts of tokens with 6 to 18 decimals: 16 to 90 bits; of the signed, each second is negative.
    const amount = digits(4 + random(19));
    return type === 'int256' && random(2) === 0 ? amount.padStart(64, 'f') : amount.padStart(64, '0');
  };
  return Array.from({ length: count }, (): Log => {
    let at = random(100);
    const kind = kinds.find(({ share }) => (at -= share) < 0) ?? kinds[0];
    if (!kind) throw new Error('no events');
    // Of a swap in a v2 pair one token comes in and the other one goes out.
    const idle = kind.inputs.length === 6 ? (random(2) === 0 ? [1, 4] : [2, 3]) : [];
    const words = kind.inputs.map(({ type, indexed }, place) => ({ indexed: indexed === true, text: idle.includes(place) ? '0'.repeat(64) : word(type) }));
    const topics = words.filter(({ indexed }) => indexed).map(({ text }): Hex => `0x${text}`);
    const stored = words.filter(({ indexed }) => !indexed);
    return { abi: kind.abi, topics: [kind.selector, ...topics], data: `0x${stored.map(({ text }) => text).join('')}` };
  });
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
