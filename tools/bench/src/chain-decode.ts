import { decodeEvent } from '@skein/blockchain';
import { decodeEventLog, parseAbi, toEventSelector, type Abi, type Hex } from 'viem';
import type { BenchResult, Progress } from './bench.ts';

const LOGS = 200_000;
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
 * middle of five rounds in which the two take turns. viem is timed on a tenth of them. Both decode alike, which is looked at first, on that tenth.
 */
export function chainDecode(progress: Progress = () => undefined, logs: number = LOGS): Promise<BenchResult> {
  progress(`making ${logs} logs`);
  const made = generate(logs);
  for (const log of made.slice(0, Math.ceil(logs / 10))) {
    const decoded = decodeEvent(log.topics, log.data);
    const ours = decoded !== undefined && 'args' in decoded ? decoded.args.join() : undefined;
    if (ours !== byViem(log)) throw new Error(`${JSON.stringify(log)} is ${ours} and not ${byViem(log)}`);
  }
  // viem takes so long that a part of them is enough.
  const few = made.slice(0, Math.ceil(logs / 10));
  const [own, floors]: [number[], number[]] = [[], []];
  for (let round = 0; round <= ROUNDS; round++) {
    const start = performance.now();
    let there = 0;
    for (const { abi, topics, data } of few) there += decodeEventLog({ abi, topics, data }).args === undefined ? 0 : 1;
    const middle = performance.now();
    let decoded = 0;
    for (const { topics, data } of made) decoded += decodeEvent(topics, data) === undefined ? 0 : 1;
    const end = performance.now();
    if (decoded !== logs || there !== few.length) throw new Error(`${decoded} and ${there} of ${logs} logs decoded`);
    progress(`round ${round} of ${ROUNDS}`);
    // The first round warms both.
    if (round === 0) continue;
    floors.push((few.length * 1_000) / (middle - start));
    own.push((logs * 1_000) / (end - middle));
  }
  const [figure, floor] = [median(own), median(floors)];
  return Promise.resolve({ figure, floor, ratio: figure / floor, unit: 'logs/s', logs });
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
  const logs = Array.from({ length: count }, (): Log => {
    let at = random(100);
    const kind = kinds.find(({ share }) => (at -= share) < 0) ?? kinds[0];
    if (!kind) throw new Error('no events');
    const words = kind.inputs.map(({ type, indexed }) => ({ indexed: indexed === true, text: word(type) }));
    const topics = words.filter(({ indexed }) => indexed).map(({ text }): Hex => `0x${text}`);
    const stored = words.filter(({ indexed }) => !indexed);
    return { abi: kind.abi, topics: [kind.selector, ...topics], data: `0x${stored.map(({ text }) => text).join('')}` };
  });
  // As an answer of JSON gives them: texts in one piece each, of which no two are the same.
  const read = JSON.parse(JSON.stringify(logs.map(({ topics, data }) => ({ topics, data })))) as Omit<Log, 'abi'>[];
  return read.map((log, index) => ({ ...log, abi: logs[index]?.abi ?? [] }));
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
