import type { Binder, BoundRelation } from '@skein/ports';
import { afterAll, describe, expect, it } from 'vitest';
import { duckdbBinder } from './lazy-binder.ts';

const binder: Binder = duckdbBinder();
afterAll(() => binder.close());

const item = (...columns: readonly (readonly [name: string, type: string])[]): BoundRelation => ({
  schema: 'shop',
  name: 'item',
  columns: columns.map(([name, type]) => ({ name, type })),
});
const ITEM = item(['id', 'INTEGER'], ['day', 'DATE'], ['odd "name"', 'VARCHAR'], ['price', 'DECIMAL(18,4)']);
const one = async (sql: string): Promise<unknown> => (await binder.bind(sql, [[ITEM]]))[0];

describe('duckdb binder', () => {
  it('tells the columns of the result for each set of relations, or what does not bind', async () => {
    const wide = item(['id', 'BIGINT']);
    const none = item(['other', 'BIGINT']);
    expect(await binder.bind('SELECT id AS n1 FROM shop.item WHERE id > $int1', [[ITEM], [wide], [none], [], [ITEM]])).toEqual([
      { columns: [{ name: 'n1', type: 'INTEGER' }] },
      { columns: [{ name: 'n1', type: 'BIGINT' }] },
      { error: expect.stringContaining('"id" not found') },
      { error: expect.stringContaining('shop.item') },
      { columns: [{ name: 'n1', type: 'INTEGER' }] },
    ]);
  });

  it('binds marks where types alone do not do: patterns, formats, shares, orders, positions, limits', async () => {
    for (const expression of [
      'strftime(day, $text1)',
      'quantile_cont(price, $number1)',
      'COLUMNS($text1)',
      'list_sort([id], $text1)',
      'round(price, $int1)',
      'day + $any1',
      'CAST($text1 AS DATE) > day',
      'CASE WHEN $flag1 THEN $text2 ELSE $text3 END',
    ])
      expect(await one(`SELECT ${expression} FROM shop.item GROUP BY ALL LIMIT $int9`), expression).toHaveProperty('columns');
  });

  it('leaves what only looks like a mark alone', async () => {
    expect(await binder.bind(`SELECT "$int1" FROM shop.item`, [[item(['$int1', 'DATE'])]])).toEqual([{ columns: [{ name: '$int1', type: 'DATE' }] }]);
  });

  it('runs nothing, and reaches no file', async () => {
    expect(await one("SELECT * FROM read_text('/etc/hosts')")).toHaveProperty('error');
    expect(await one('COPY shop.item TO $text1')).toHaveProperty('error');
    const started = performance.now();
    expect(await one('SELECT count(*) FROM range(100000000000) a, range(100000000000) b')).toHaveProperty('columns');
    expect(performance.now() - started).toBeLessThan(20_000);
  });

  it('keeps sets apart however many there are', async () => {
    const sets = Array.from({ length: 150 }, (_, at) => [item(['id', 'INTEGER'], [`c${at}`, 'DATE'])]);
    const bound = await binder.bind('SELECT * FROM shop.item', sets);
    expect(bound.map((answer) => ('columns' in answer ? answer.columns[1]?.name : answer.error))).toEqual(sets.map((_, at) => `c${at}`));
  });

  it('throws for a relation that no table can be made of', async () => {
    await expect(binder.bind('SELECT 1', [[item(['a', 'NO TYPE'])]])).rejects.toMatchObject({ code: 'SKEIN_INTERNAL' });
    expect(await one('SELECT 1 AS n1')).toEqual({ columns: [{ name: 'n1', type: 'INTEGER' }] });
  });
});
