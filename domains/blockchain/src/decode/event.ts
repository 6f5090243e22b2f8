import { addressIn, intIn, load, notHexAt, uintIn, WORD } from './word.ts';

/** Events that are decoded; all others keep their topics and data. */
export type HotEvent =
  | 'erc20_transfer'
  | 'erc721_transfer'
  | 'erc1155_single'
  | 'erc1155_batch'
  | 'v2_swap'
  | 'v2_sync'
  | 'v2_mint'
  | 'v2_burn'
  | 'v3_swap'
  | 'weth_deposit'
  | 'weth_withdrawal';

/**
 * A decoded log. `args` in ABI order: addresses in lower-case hex, integers as decimal text. `erc1155_batch` has operator, from, to, then all ids,
 * then as many values.
 */
export interface DecodedEvent {
  readonly event: HotEvent;
  readonly args: readonly string[];
}

/** A log that bears the topic of a hot event and is not encoded as that event. Nothing of it is decoded. */
export interface DecodeFault {
  readonly fault: string;
  /** Where: `topics`, `topic1` to `topic3`, or `data`. */
  readonly at: string;
  /** Of `data`: byte from which on it is wrong. */
  readonly byte?: number;
}

export type Decoded = DecodedEvent | DecodeFault;

/** What a parameter is: its type in the ABI, and whether it stands in a topic. */
type Parameter = `${'address' | 'uint256' | 'uint160' | 'uint128' | 'uint112' | 'int256' | 'int24'}${' indexed' | ''}`;

interface Layout {
  readonly event: HotEvent;
  /** Topics of such a log, with topic 0. */
  readonly topics: number;
  /** Words of its data. */
  readonly words: number;
  /** What stands in topics 1 to 3, and in the words of the data. */
  readonly indexed: readonly Place[];
  readonly stored: readonly Place[];
  /** Empty texts, as many as there are parameters. */
  readonly args: readonly string[];
}

/** One parameter; `arg` is its place in the ABI. */
interface Place {
  readonly kind: 'address' | 'uint' | 'int';
  readonly bits: number;
  readonly arg: number;
}

function layout(event: HotEvent, ...parameters: readonly Parameter[]): Layout {
  const places = parameters.map((parameter, arg) => {
    const type = parameter.replace(' indexed', '');
    const kind: Place['kind'] = type === 'address' ? 'address' : type.startsWith('u') ? 'uint' : 'int';
    return { indexed: parameter !== type, place: { kind, bits: Number(type.replace(/\D/g, '')), arg } };
  });
  const indexed = places.filter((one) => one.indexed).map(({ place }) => place);
  const stored = places.filter((one) => !one.indexed).map(({ place }) => place);
  return { event, topics: indexed.length + 1, words: stored.length, indexed, stored, args: parameters.map(() => '') };
}

/** keccak256 of `Transfer(address,address,uint256)`: of ERC-20 and of ERC-721 alike. */
export const TRANSFER = '0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef';
const BATCH = '0x4a39dc06d4c0dbc64b70af90fd698a233a518aa5d07e595d983b8c0526c8f7fb';

const ERC20 = layout('erc20_transfer', 'address indexed', 'address indexed', 'uint256');
const ERC721 = layout('erc721_transfer', 'address indexed', 'address indexed', 'uint256 indexed');

/** By topic 0. ERC-20, ERC-721, ERC-1155, Uniswap v2 pair, Uniswap v3 pool, WETH9. */
const LAYOUTS = new Map<string, Layout>([
  [
    '0xc3d58168c5ae7397731d063d5bbf3d657854427343f4c083240f7aacaa2d0f62',
    layout('erc1155_single', 'address indexed', 'address indexed', 'address indexed', 'uint256', 'uint256'),
  ],
  [
    '0xd78ad95fa46c994b6551d0da85fc275fe613ce37657fb8d5e3d130840159d822',
    layout('v2_swap', 'address indexed', 'uint256', 'uint256', 'uint256', 'uint256', 'address indexed'),
  ],
  ['0x1c411e9a96e071241c2f21f7726b17ae89e3cab4c78be50e062b03a9fffbbad1', layout('v2_sync', 'uint112', 'uint112')],
  ['0x4c209b5fc8ad50758f13e2e1088ba56a560dff690a1c6fef26394f4c03821c4f', layout('v2_mint', 'address indexed', 'uint256', 'uint256')],
  ['0xdccd412f0b1252819cb1fd330b93224ca42612892bb3f4f789976e6d81936496', layout('v2_burn', 'address indexed', 'uint256', 'uint256', 'address indexed')],
  [
    '0xc42079f94a6350d7e6235f29174924f928cc2ac818eb64fed8004e115fbcca67',
    layout('v3_swap', 'address indexed', 'address indexed', 'int256', 'int256', 'uint160', 'uint128', 'int24'),
  ],
  ['0xe1fffcc4923d04b559f4d29a8bfc6cda04eb5b0d3c460751c2402c5c5cc9109c', layout('weth_deposit', 'address indexed', 'uint256')],
  ['0x7fcf532c15f0a6db0bd6d0e038bea71d30d808c7d98cb3bf7268a95bf5081b65', layout('weth_withdrawal', 'address indexed', 'uint256')],
]);

/** Four of the digits as one number: found sooner than a text of 66 characters, which is then compared once. */
function startOf(topic: string): number {
  return topic.charCodeAt(2) | (topic.charCodeAt(3) << 8) | (topic.charCodeAt(4) << 16) | (topic.charCodeAt(5) << 24);
}

const BY_START = new Map([...LAYOUTS].map(([topic0, layout]) => [startOf(topic0), { topic0, layout }]));

/**
 * Decodes one log by its topics and data (`0x…`, as the RPC gives them; topic 0 in lower case). Undefined when it is no hot event, or an anonymous
 * one. Pure; a log is decoded whole or not at all.
 */
export function decodeEvent(topics: readonly string[], data: string): Decoded | undefined {
  const topic0 = topics[0];
  if (topic0 === undefined) return undefined;
  if (topic0 === TRANSFER) return transfer(topics, data);
  const known = BY_START.get(startOf(topic0));
  if (known !== undefined && known.topic0 === topic0) return read(known.layout, topics, data);
  return topic0 === BATCH ? batch(topics, data) : undefined;
}

/** ERC-721 and ERC-20 share the topic: the third parameter is indexed, or it is not. */
function transfer(topics: readonly string[], data: string): Decoded {
  if (topics.length === 3) {
    // The commonest log there is, without the table.
    const first = topics[1] as string;
    const second = topics[2] as string;
    const from = first.length === 66 && load(first) ? addressIn(first, 0) : undefined;
    const to = second.length === 66 && load(second) ? addressIn(second, 0) : undefined;
    const amount = data.length === 66 && load(data) ? uintIn(0, 256) : undefined;
    if (from !== undefined && to !== undefined && amount !== undefined) return { event: 'erc20_transfer', args: [from, to, amount] };
    return read(ERC20, topics, data);
  }
  if (topics.length === 4) return read(ERC721, topics, data);
  // Contracts older than the standards index less: whether the last word is an amount or the id of a token is not in the log.
  return { fault: `Transfer with ${topics.length} topics: an amount and a token id look alike there`, at: 'topics' };
}

function read({ event, topics: count, words, indexed, stored, args: places }: Layout, topics: readonly string[], data: string): Decoded {
  if (topics.length !== count) return { fault: `${topics.length} topics, not ${count}`, at: 'topics' };
  const args: string[] = places.slice();
  for (let topic = 1; topic < count; topic++) {
    const text = topics[topic] as string;
    const { kind, bits, arg } = indexed[topic - 1] as Place;
    const value = text.length === 66 && load(text) ? (kind === 'address' ? addressIn(text, 0) : uintIn(0, bits)) : undefined;
    if (value === undefined) return wrongTopic(text, topic, kind);
    args[arg] = value;
  }
  if (data.length !== 2 + words * WORD || (words > 0 ? !load(data) : data !== '0x')) return wrongData(data, words);
  for (let word = 0; word < words; word++) {
    const { kind, bits, arg } = stored[word] as Place;
    const value = kind === 'uint' ? uintIn(word, bits) : intIn(word, bits);
    if (value === undefined) return wrongWord(data, word, `${kind}${bits}`);
    args[arg] = value;
  }
  return { event, args };
}

/** `TransferBatch(address,address,address,uint256[],uint256[])`: two lists of one length, which fill the data. */
function batch(topics: readonly string[], data: string): Decoded {
  if (topics.length !== 4) return { fault: `${topics.length} topics, not 4`, at: 'topics' };
  const args: string[] = [];
  for (let topic = 1; topic < 4; topic++) {
    const text = topics[topic] as string;
    const address = text.length === 66 && load(text) ? addressIn(text, 0) : undefined;
    if (address === undefined) return wrongTopic(text, topic, 'address');
    args.push(address);
  }
  const words = (data.length - 2) / WORD;
  if (words < 4 || words % 2 !== 0 || !load(data)) return wrongData(data, Math.max(4, 2 * Math.ceil(words / 2)));
  const most = words / 2 - 2;
  for (let list = 0; list < 2; list++) {
    const offset = Number(uintIn(list, 32) ?? Number.NaN) / 32;
    if (!Number.isInteger(offset) || offset < 2 || offset + 1 + most > words)
      return { fault: 'the offset of a list leads out of the data', at: 'data', byte: list * 32 };
    const length = uintIn(offset, 32);
    // Two lists of one length that fill the data: else they overlap, or leave something over.
    if (length !== String(most)) return { fault: `a list of ${length ?? 'too many'} where the data holds two of ${most}`, at: 'data', byte: offset * 32 };
    for (let word = offset + 1; word <= offset + most; word++) {
      const value = uintIn(word, 256);
      if (value === undefined) return wrongWord(data, word, 'uint256');
      args.push(value);
    }
  }
  return { event: 'erc1155_batch', args };
}

function wrongTopic(text: string, topic: number, kind: string): DecodeFault {
  const fault =
    text.length !== 66 || !text.startsWith('0x')
      ? 'not 0x and 64 hex digits'
      : notHexAt(text, 2, 66) !== -1
        ? 'a character that is no hex digit'
        : `a word that is no ${kind}: its padding is not zero`;
  return { fault, at: `topic${topic}` };
}

function wrongData(data: string, words: number): DecodeFault {
  if (!data.startsWith('0x')) return { fault: 'the data does not begin with 0x', at: 'data', byte: 0 };
  const bad = notHexAt(data, 2, data.length);
  if (bad !== -1) return { fault: 'a character that is no hex digit', at: 'data', byte: (bad - 2) >> 1 };
  const has = (data.length - 2) / 2;
  return { fault: `${has} bytes of data, not ${words * 32}`, at: 'data', byte: Math.floor(Math.min(has, words * 32)) };
}

function wrongWord(data: string, word: number, type: string): DecodeFault {
  const from = 2 + word * WORD;
  const bad = notHexAt(data, from, from + WORD);
  if (bad !== -1) return { fault: 'a character that is no hex digit', at: 'data', byte: (bad - 2) >> 1 };
  return { fault: `a number that is no ${type}`, at: 'data', byte: word * 32 };
}
