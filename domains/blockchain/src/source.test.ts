import { describe, expect, it } from 'vitest';
import type { Landing } from '@skein/product';
import { evmFacts, evmRanges, liveRanges, solanaFiles } from './source.ts';

const landing = (file: string, sequence: number, origin = 'folder'): Landing => ({
  source: 'ethereum',
  table: 'blocks',
  file,
  origin,
  sha256: '',
  bytes: 1,
  rows: 1,
  columns: undefined,
  sequence,
  path: '',
  rejects: [],
});
const live = (...files: string[]) => liveRanges(files.map((file, at) => landing(file, at))).map(({ file, sequence }) => `${sequence}:${file}`);

describe('files of chains', () => {
  it('are told by chain, kind and range', () => {
    expect(evmRanges.tableOf('ethereum/eip155-1/blocks/000000000100-000000000199.parquet')).toBe('blocks');
    expect(evmRanges.tableOf('eip155-31337/logs/0-1.parquet')).toBe('logs');
    expect(evmRanges.tableOf('ethereum/eip155-1/traces/0-1.parquet')).toBeUndefined();
    expect(evmRanges.tableOf('ethereum/eip155-1/logs/0-1.csv')).toBeUndefined();
    expect(evmRanges.tableOf('ethereum/1/logs/0-1.parquet')).toBeUndefined();
    expect(evmFacts.tableOf('ethereum/eip155-1/head.ndjson')).toBe('head');
    expect(solanaFiles.tableOf('solana/solana-5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp/blocks/5-7.ndjson')).toBe('blocks');
    expect(solanaFiles.tableOf('solana/solana-5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp/head.ndjson')).toBe('head');
    expect(solanaFiles.tableOf('ethereum/eip155-1/head.ndjson')).toBeUndefined();
  });

  it('a range that came again counts as it came last', () => {
    expect(live('a/0-9.parquet', 'a/10-19.parquet', 'a/0-9.parquet')).toEqual(['1:a/10-19.parquet', '2:a/0-9.parquet']);
  });

  it('small files that were joined to a large one do not count beside it; overlaps in part do, and so do other folders', () => {
    expect(live('a/0-4.parquet', 'a/5-9.parquet', 'a/0-9.parquet')).toEqual(['2:a/0-9.parquet']);
    expect(live('a/0-9.parquet', 'a/5-14.parquet')).toEqual(['0:a/0-9.parquet', '1:a/5-14.parquet']);
    expect(live('a/0-9.parquet', 'b/0-99.parquet')).toEqual(['0:a/0-9.parquet', '1:b/0-99.parquet']);
    // An older large file is not hidden by a newer small one.
    expect(live('a/0-99.parquet', 'a/10-19.parquet')).toEqual(['0:a/0-99.parquet', '1:a/10-19.parquet']);
    // Numbers, not text: 9 is below 10, and 2^60 is exact.
    expect(live('a/9-10.parquet', 'a/8-11.parquet')).toEqual(['1:a/8-11.parquet']);
    expect(live(`a/${2n ** 60n + 1n}-${2n ** 60n + 2n}.parquet`, `a/${2n ** 60n + 2n}-${2n ** 60n + 3n}.parquet`).length).toBe(2);
  });
});
