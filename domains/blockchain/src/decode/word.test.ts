import { expect, test } from 'vitest';
import { addressIn, load } from './word.ts';

test('takes the digits of an address whatever stands beside them, and nothing that is no digit, in every place', () => {
  let looked = 0;
  const wrong: string[] = [];
  for (const digit of ['0', '9', 'a', 'f', 'F']) {
    for (let place = 0; place < 40; place++) {
      for (let code = 0; code < 256; code++) {
        const character = String.fromCharCode(code);
        const digits = digit.repeat(place) + character + digit.repeat(39 - place);
        const word = `0x${'0'.repeat(24)}${digits}`;
        const expected = /^[0-9a-fA-F]$/.test(character) ? `0x${digits.toLowerCase()}` : undefined;
        if ((load(word) ? addressIn(word, 0) : undefined) !== expected) wrong.push(`${JSON.stringify(character)} at ${place} among ${digit}`);
        looked++;
      }
    }
  }
  expect({ looked, wrong }).toEqual({ looked: 51_200, wrong: [] });
});
