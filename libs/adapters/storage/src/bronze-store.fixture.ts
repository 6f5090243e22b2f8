import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { BronzeFile, BronzeStore, BronzeVersion } from '@skein/ports';
import { localBronzeStore } from './bronze-store.ts';

/** Test support: a version of two new files, and what `keep` says of the one before. Run as a script, it commits them until it is killed. */
export async function nextVersion(store: BronzeStore, keep: (file: BronzeFile) => boolean = () => false): Promise<BronzeVersion> {
  const before = await store.current('shop', 'events');
  const stage = await store.stage('shop', 'events');
  const mark = (before?.version ?? 0) + 1;
  const added: BronzeFile[] = [];
  for (const part of ['a', 'b']) {
    const content = `${mark} ${part} `.repeat(20_000);
    const file = path.join(stage.directory, `${part}.parquet`);
    await writeFile(file, content);
    added.push({ path: file, partition: { day: part }, landings: [mark], rows: BigInt(mark), bytes: BigInt(content.length) });
  }
  return store.commit(stage, {
    expectedVersion: before?.version ?? 0,
    definition: 'd',
    plan: { bytes: 1, partitionBy: ['day'], rowGroup: 20_480, reasons: ['a reason'] },
    landings: [{ sequence: mark, file: 'f', sha256: `${mark}` }],
    kept: (before?.files ?? []).filter(keep),
    added,
  });
}

if (import.meta.main) {
  const store = localBronzeStore({ root: process.argv[2] ?? '' });
  for (;;) {
    const { version } = await nextVersion(store, (file) => file.path.endsWith('a.parquet') && file.landings[0] !== 1);
    process.stdout.write(`${version}\n`);
    if (version % 5 === 0) await store.collect('shop', 'events', { graceMs: 0 });
  }
}
