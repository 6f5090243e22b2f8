import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** What takes minutes begins first, so that it does not run alone in the end. */
const LONGEST = ['tools/checks/src/docs.test.ts', 'e2e/src/first-product.test.ts'];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number =>
      (LONGEST.findIndex((name) => moduleId.endsWith(name)) + LONGEST.length + 1) % (LONGEST.length + 1);
    const sorted = await super.sort(files);
    return sorted.toSorted((a, b) => rank(a) - rank(b));
  }
}

// Packages are tested from their TypeScript source: no build stands between an edit and its test.
export default defineConfig({
  resolve: { conditions: ['@skein/source'] },
  ssr: { resolve: { conditions: ['@skein/source', 'node', 'import', 'default'] } },
  test: {
    include: ['{libs,domains,platform,tools,e2e}/**/src/**/*.test.ts'],
    // Tests against other implementations are `npm run test:peers`: they need what the machine may lack.
    // Those that have no small size run in `npm run test:soak` only.
    exclude: ['**/node_modules/**', '**/dist/**', '**/*.peer.test.ts', ...(process.env['SKEIN_SOAK'] === '1' ? [] : ['**/*-soak.test.ts'])],
    // Against what hangs, not against what is slow: others may use the machine too.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    expect: { poll: { timeout: 30_000, interval: 20 } },
    pool: 'forks',
    maxWorkers: 2,
    sequence: { sequencer: LongestFirst },
    // Some tests measure time, on machines that others use too: one that fails is run once more, and named when it passes then.
    retry: 1,
  },
});
