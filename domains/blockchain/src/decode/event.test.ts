import { decodeEventLog, type Hex } from 'viem';
import { soak } from '@skein/testing';
import { describe, expect, it } from 'vitest';
import { decodeEvent, TRANSFER, type DecodeFault, type HotEvent } from './event.ts';
import { EVENTS, generatedLog, HOT_EVENTS, randomOf } from './generated-log.fixture.ts';

const A = `0x${'0'.repeat(24)}${'ab'.repeat(20)}`;
const B = `0x${'0'.repeat(24)}${'0c'.repeat(20)}`;
const word = (value: bigint) => `0x${value.toString(16).padStart(64, '0')}`;
const SYNC = '0x1c411e9a96e071241c2f21f7726b17ae89e3cab4c78be50e062b03a9fffbbad1';

/** What viem makes of the log, with the arguments in the order of the ABI: it gives the indexed ones first. */
function byViem(event: HotEvent, topics: readonly Hex[], data: string): string[] {
  const inputs = EVENTS[event][0].inputs as readonly { name: string }[];
  const decoded = decodeEventLog({ abi: EVENTS[event], topics, data } as unknown as Parameters<typeof decodeEventLog>[0]);
  const args = decoded.args as unknown as Record<string, unknown>;
  return inputs.flatMap(({ name }) => args[name]).map((value) => String(value).toLowerCase());
}

describe('decodeEvent', () => {
  it('decodes 100,000 generated logs as viem does', () => {
    const logs = soak(100_000);
    const random = randomOf(7);
    let checked = 0;
    const wrong: unknown[] = [];
    for (let index = 0; index < logs; index++) {
      const log = generatedLog(HOT_EVENTS[index % HOT_EVENTS.length] ?? 'v2_sync', random);
      const decoded = decodeEvent(log.topics, log.data);
      const expected = byViem(log.event, log.topics, log.data);
      if (JSON.stringify(decoded) !== JSON.stringify({ event: log.event, args: expected })) wrong.push({ log, decoded, expected });
      checked++;
    }
    expect(wrong.slice(0, 3)).toEqual([]);
    expect(checked).toBe(logs);
  });

  it('trap: ERC-721 shares the topic of Transfer', () => {
    expect(decodeEvent([TRANSFER, A, B], word(7n))).toEqual({ event: 'erc20_transfer', args: [`0x${'ab'.repeat(20)}`, `0x${'0c'.repeat(20)}`, '7'] });
    expect(decodeEvent([TRANSFER, A, B, word(7n)], '0x')).toEqual({ event: 'erc721_transfer', args: [`0x${'ab'.repeat(20)}`, `0x${'0c'.repeat(20)}`, '7'] });
    // The form before the standards: 96 bytes of data, which are an amount or an id.
    expect(decodeEvent([TRANSFER], A + B.slice(2) + word(7n).slice(2))).toMatchObject({ at: 'topics' });
  });

  it.each([
    0n,
    1n,
    2n ** 48n - 1n,
    2n ** 48n,
    2n ** 52n,
    2n ** 53n,
    2n ** 53n + 1n,
    10n ** 16n,
    10n ** 24n - 1n,
    10n ** 24n,
    2n ** 64n,
    2n ** 128n,
    2n ** 256n - 1n,
  ])('trap: uint256 %d is exact', (value) => {
    expect(decodeEvent([TRANSFER, A, B], word(value))).toMatchObject({ args: [expect.any(String), expect.any(String), value.toString()] });
  });

  it('is exact at every width and about every power of ten', () => {
    let checked = 0;
    for (let power = 0n; power < 78n; power++) {
      for (const value of [10n ** power - 1n, 10n ** power, 10n ** power + 1n]) {
        expect(decodeEvent([TRANSFER, A, B], word(value))).toMatchObject({ args: { 2: value.toString() } });
        checked++;
      }
    }
    expect(checked).toBe(234);
  });

  it('takes digits in upper case, and gives addresses in lower case', () => {
    const upper = (text: string) => `0x${text.slice(2).toUpperCase()}`;
    expect(decodeEvent([TRANSFER, upper(A), B], upper(word(171n)))).toEqual({
      event: 'erc20_transfer',
      args: [`0x${'ab'.repeat(20)}`, `0x${'0c'.repeat(20)}`, '171'],
    });
  });

  const bad: [string, string[], string, Partial<DecodeFault>][] = [
    ['data that is a byte short', [TRANSFER, A, B], word(7n).slice(0, -2), { at: 'data', byte: 31 }],
    ['data that is half a byte short', [TRANSFER, A, B], word(7n).slice(0, -1), { at: 'data', byte: 31 }],
    ['data that is a word long', [TRANSFER, A, B], word(7n) + '0'.repeat(64), { at: 'data', byte: 32 }],
    ['no data', [TRANSFER, A, B], '0x', { at: 'data', byte: 0 }],
    ['empty text', [TRANSFER, A, B], '', { at: 'data', byte: 0 }],
    ['a letter in the data', [TRANSFER, A, B], `0x${'0'.repeat(40)}g${'0'.repeat(23)}`, { at: 'data', byte: 20 }],
    ['a blank at the end, which BigInt would trim', [TRANSFER, A, B], `0x${'0'.repeat(63)} `, { at: 'data', byte: 31 }],
    ['a digit of another script, cut to ASCII in its low byte', [TRANSFER, A, B], `0x${'0'.repeat(63)}\u{130}`, { at: 'data', byte: 31 }],
    ['dirty padding of an address', [TRANSFER, `0x1${A.slice(3)}`, B], word(7n), { at: 'topic1' }],
    ['dirty padding next to the address', [TRANSFER, A, `0x${'0'.repeat(23)}1${'0c'.repeat(20)}`], word(7n), { at: 'topic2' }],
    ['a topic that is cut', [TRANSFER, A, B.slice(0, -2)], word(7n), { at: 'topic2' }],
    ['a letter in a topic', [TRANSFER, `${A.slice(0, -1)}z`, B], word(7n), { at: 'topic1' }],
    ['data of an ERC-721 transfer', [TRANSFER, A, B, word(7n)], word(7n), { at: 'data', byte: 0 }],
    ['two topics', [TRANSFER, A], B + word(7n).slice(2), { at: 'topics' }],
    ['a reserve beyond uint112', [SYNC], word(2n ** 112n) + word(1n).slice(2), { at: 'data', byte: 0 }],
    ['a reserve beyond uint112, in the second word', [SYNC], word(1n) + word(2n ** 112n).slice(2), { at: 'data', byte: 32 }],
  ];
  it.each(bad)('trap: malformed data is a fault with its place, never a number: %s', (_, topics, data, fault) => {
    expect(decodeEvent(topics, data)).toMatchObject({ fault: expect.any(String), ...fault });
  });

  it('refuses lists of ERC-1155 that overlap, overrun, differ in length or leave something over', () => {
    const topics = ['0x4a39dc06d4c0dbc64b70af90fd698a233a518aa5d07e595d983b8c0526c8f7fb', A, A, B];
    const data = (...words: (bigint | number)[]) => `0x${words.map((value) => word(BigInt(value)).slice(2)).join('')}`;
    expect(decodeEvent(topics, data(64, 128, 1, 5, 1, 9))).toEqual({
      event: 'erc1155_batch',
      args: [`0x${'ab'.repeat(20)}`, `0x${'ab'.repeat(20)}`, `0x${'0c'.repeat(20)}`, '5', '9'],
    });
    expect(decodeEvent(topics, data(128, 64, 1, 9, 1, 5))).toMatchObject({ args: { 3: '5', 4: '9' } });
    expect(decodeEvent(topics, data(64, 96, 0, 0))).toMatchObject({ event: 'erc1155_batch', args: { length: 3 } });
    for (const [index, wrong] of [
      data(64, 128, 1, 5, 2, 9),
      data(64, 128, 2, 5, 1, 9),
      data(64, 192, 1, 5, 1, 9),
      data(2n ** 255n, 128, 1, 5, 1, 9),
      data(64, 128, 2n ** 64n, 5, 1, 9),
      data(64, 128, 1, 5, 1, 9, 0),
      data(64, 128, 1, 5, 1, 9, 0, 0),
      data(65, 128, 1, 5, 1, 9),
      data(0, 0, 1, 1, 1, 1),
    ].entries()) {
      expect(decodeEvent(topics, wrong), `case ${index}`).toMatchObject({ at: 'data' });
    }
  });

  it('fuzz: what it decodes, viem decodes alike; what viem refuses, it refuses', () => {
    const random = randomOf(11);
    const letters = '0123456789abcdefgF x\u0130';
    let [decoded, refused] = [0, 0];
    for (let index = 0; index < soak(40_000); index++) {
      const log = generatedLog(HOT_EVENTS[random() % HOT_EVENTS.length] ?? 'v2_sync', random);
      const topics = [...log.topics] as [Hex, ...Hex[]];
      let data: string = log.data;
      const letter = letters[random() % letters.length] ?? '0';
      const spoil = (text: string) => {
        const at = random() % (text.length + 1);
        return [text.slice(0, at), text.slice(0, at) + letter + text.slice(at + 1), text.slice(0, at) + letter + text.slice(at)][random() % 3] ?? text;
      };
      const place = random() % topics.length;
      if (place === 0) data = spoil(data);
      else topics[place] = spoil(topics[place] ?? '') as Hex;
      const ours = decodeEvent(topics, data);
      if (ours !== undefined && 'event' in ours) {
        expect(ours.args).toEqual(byViem(ours.event, topics, data));
        decoded++;
      } else refused++;
    }
    expect(refused).toBeGreaterThan(soak(20_000));
    expect(decoded).toBeGreaterThan(soak(2_000));
  });

  it('leaves other events and anonymous logs alone', () => {
    expect(decodeEvent([], '0x')).toBeUndefined();
    expect(decodeEvent([word(1n)], '0x')).toBeUndefined();
  });
});
