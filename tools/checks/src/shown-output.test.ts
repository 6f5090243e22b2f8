import { describe, expect, it } from 'vitest';
import { readPage } from './page.ts';
import { departure } from './shown-output.ts';

const PRINTED = 'npm notice\n\nProducts\n| a | 1 |\n| b | 2 |\nread in 12 ms\n';

describe('the output that a page shows', () => {
  it.each(['Products\n| a | 1 |\n| b | 2 |', '| b | 2 |\nread in … ms', 'Products\n…\nread in 12 ms', '…\n| a | … |', ''])('is there: %j', (shown) => {
    expect(departure(shown, PRINTED)).toBeUndefined();
  });

  it.each([
    ['a line that is not printed', '| c | 3 |'],
    ['lines in another order', '| b | 2 |\n| a | 1 |'],
    ['a line that is left out', 'Products\n| b | 2 |'],
    ['a number that differs', 'read in 13 ms'],
    ['a line that is only part of one', '| a |'],
    ['signs that a pattern would read', 'read in .* ms'],
  ])('is not: %s', (_, shown) => {
    expect(departure(shown, PRINTED)).toBeTypeOf('string');
  });

  it('belongs to the commands before it', () => {
    const page = readPage('x.md', '```sh\nls\n```\n\n```output\nfile\n```\n');
    expect(page.blocks).toMatchObject([{ commands: ['ls'], shown: 'file' }]);
    expect(() => readPage('x.md', '```output\nfile\n```\n')).toThrow(/stands behind no block/);
    expect(() => readPage('x.md', '```sh\nls\n```\n```output\na\n```\n```output\nb\n```\n')).toThrow(/stands behind no block/);
  });
});
