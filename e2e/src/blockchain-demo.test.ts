import path from 'node:path';
import { expect, it } from 'vitest';
import { blockchain } from '@skein/blockchain';
import { writeBlockchainSource } from '@skein/demo';
import { workbench } from '@skein/testing';

// The demo chains through the real swarm: what was planted is what is found, and nothing else.

it('publishes the demo chains, and finds each planted fault, and no other', async () => {
  await using bench = await workbench(blockchain);
  const { planted } = await writeBlockchainSource({ directory: path.join(bench.directory, 'sources'), seed: 3, rows: 10_000 });
  const report = await bench.run();
  for (const product of report.products) expect([product.product, product.outcome, product.error?.message]).toEqual([product.product, 'published', undefined]);
  const [blocks, logs, ...others] = report.products;
  expect(blocks).toMatchObject({
    violations: { 'source.malformed': planted.malformed_line.count },
    repairs: { 'hash:reorganised': planted.orphaned_block.count },
  });
  expect(logs?.violations).toEqual({ 'data.pattern': planted.cut_data.count, 'block_hash.reference': planted.unknown_block.count });
  expect(logs?.repairs).toEqual({ 'address:case': planted.checksummed_address.count });
  expect(logs?.duplicates).toBe(planted.duplicate_log.count);
  for (const product of others) expect([product.product, product.violations, product.repairs, product.duplicates]).toEqual([product.product, {}, {}, 0]);

  // Tokens that do not tell their decimals have raw amounts, and amounts beyond DECIMAL(38,18) are exact as text.
  const [exact] = await bench.rows<{ vast: bigint; silent: bigint }>(
    'blockchain.transfers',
    `SELECT count(*) FILTER (WHERE amount_raw = '${2n ** 256n - 1n}' AND decimals = 18 AND amount IS NULL) AS vast, count(*) FILTER (WHERE kind = 'erc20' AND decimals IS NULL AND amount IS NULL) AS silent FROM t`,
  );
  expect(exact?.vast).toBe(1n);
  expect(exact?.silent).toBeGreaterThan(planted.missing_decimals.count * 0.95);
  // What the first holder of that supply has left, by flows, is what he was given less what he gave.
  const flows = await bench.rows<{ net: string }>(
    'blockchain.wallet_flows_daily',
    `SELECT sum(net_raw::BIGNUM)::VARCHAR AS net FROM t WHERE kind = 'erc20' GROUP BY token HAVING sum(net_raw::BIGNUM) <> 0::BIGNUM`,
  );
  expect(flows).toEqual([]);
  expect((await bench.run()).products.every(({ outcome }) => outcome === 'unchanged')).toBe(true);
});
