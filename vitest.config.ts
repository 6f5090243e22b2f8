import { defineConfig } from 'vitest/config';

// Packages are tested from their TypeScript source: no build stands between an edit and its test.
export default defineConfig({
  resolve: { conditions: ['@skein/source'] },
  ssr: { resolve: { conditions: ['@skein/source', 'node', 'import', 'default'] } },
  test: {
    include: ['{libs,domains,platform,tools,e2e}/**/src/**/*.test.ts'],
    // Tests against other implementations are `npm run test:peers`: they need what the machine may lack.
    exclude: ['**/node_modules/**', '**/dist/**', '**/*.peer.test.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    pool: 'forks',
    maxWorkers: 2,
    // Some tests measure time, on machines that others use too: one that fails is run once more, and named when it passes then.
    retry: 1,
  },
});
