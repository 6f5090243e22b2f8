import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { MODES } from './compare-contracts.ts';
import { CONTRACT_RULES } from './contract-rule.ts';

const PAGE = readFileSync(new URL('../../../../docs/compatibility.md', import.meta.url), 'utf8');
const BREAKS = { backward: 'backward', forward: 'forward', both: 'both ways', none: 'nothing' } as const;

function rows(page: string): string[][] {
  return page
    .split('\n')
    .filter((line) => /^\| `[a-z_]+\.[a-z_]+` \|/.test(line))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
}

describe('docs/compatibility.md', () => {
  const wanted = Object.entries(CONTRACT_RULES).map(([id, rule]) => [`\`${id}\``, rule.change, BREAKS[rule.direction], rule.bump]);
  it('lists every rule as the table has it, and no other', () => {
    expect(rows(PAGE)).toEqual(wanted);
    expect(wanted.length).toBeGreaterThan(80);
  });
  it('is found out when a rule is missing, added or told otherwise', () => {
    for (const page of [
      PAGE.replace(/^\| `column\.removed` .*\n/m, ''),
      PAGE.replace('| `column.removed` |', '| `column.gone` |'),
      PAGE.replace('| a column was removed | forward |', '| a column was removed | nothing |'),
    ]) {
      expect(page).not.toBe(PAGE);
      expect(rows(page)).not.toEqual(wanted);
    }
  });
  it('names every mode', () => {
    for (const mode of MODES) expect(PAGE).toContain(`\`${mode}\``);
  });
});
