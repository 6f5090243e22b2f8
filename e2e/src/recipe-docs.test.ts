import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import * as recipes from './recipes.ts';

// Promise: the queries that docs/recipes.md shows are those that the tests run, to the letter.

it('docs/recipes.md shows every recipe, and no other', () => {
  const page = readFileSync(path.resolve(import.meta.dirname, '../../docs/recipes.md'), 'utf8');
  const shown = [...page.matchAll(/^```sql\n([\s\S]*?)^```$/gm)].map(([, sql = '']) => sql.trimEnd());
  expect(shown.length).toBeGreaterThan(0);
  expect(shown).toEqual(Object.values(recipes).map((sql) => sql));
});
