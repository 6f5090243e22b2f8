import { describe, expect, it } from 'vitest';
import { decimalsOf, symbolOf } from './token.ts';

const word = (value: number | bigint) => value.toString(16).padStart(64, '0');
const text = (value: string | Buffer, length = Buffer.from(value).length) =>
  `0x${word(32)}${word(length)}${Buffer.from(value)
    .toString('hex')
    .padEnd(Math.ceil(Buffer.from(value).length / 32) * 64, '0')}`;

describe('trap: decimals() is missing, 0, 255 or more', () => {
  it.each<[string, number | null]>([
    [`0x${word(0)}`, 0],
    [`0x${word(18)}`, 18],
    [`0x${word(255)}`, 255],
    [`0x${word(256)}`, null],
    [`0x${word(2n ** 256n - 1n)}`, null],
    ['0x', null],
    ['0x12', null],
    [`0x${word(18)}${word(0)}`, null],
  ])('%s', (answer, decimals) => {
    expect(decimalsOf(answer)).toBe(decimals);
  });
});

describe('trap: symbol() is bytes32, empty, or made to deceive', () => {
  it.each<[string, string, string | null]>([
    ['text', text('USDC'), 'USDC'],
    ['bytes32', `0x${Buffer.from('MKR').toString('hex').padEnd(64, '0')}`, 'MKR'],
    ['bytes32 that is full', `0x${'41'.repeat(32)}`, 'A'.repeat(32)],
    ['other scripts', text('₮й'), '₮й'],
    ['nothing', '0x', null],
    ['an empty text', text(''), null],
    ['zero bytes', `0x${word(0)}`, null],
    ['a length beyond the answer', text('AB', 2 ** 31), null],
    ['an offset beyond the answer', `0x${word(2n ** 255n)}${word(1)}`, null],
    ['no UTF-8', text(Buffer.from([0xff, 0xfe])), null],
    ['a mark that turns the text around', text('CDSU\u{202e}'), null],
    ['a control character', text('US\nDC'), null],
    ['a letter of no width', text('USDC\u{200b}'), null],
    ['an advertisement', text('visit example.com to claim your reward, which is waiting for you today'), null],
  ])('%s', (_, answer, symbol) => {
    expect(symbolOf(answer)).toBe(symbol);
  });
});
