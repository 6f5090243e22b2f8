/** What tests take from the environment. The one place of this package that reads it. */
export const environment = {
  /** `SKEIN_SOAK=1`: long tests run at full size. */
  soak: process.env['SKEIN_SOAK'] === '1',
  /** `SKEIN_TEST_REDIS`, such as `redis://127.0.0.1:6379`: a Redis that tests may use. They write below prefixes of their own. */
  redis: process.env['SKEIN_TEST_REDIS'],
} as const;
