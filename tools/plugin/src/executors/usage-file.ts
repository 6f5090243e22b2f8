/** Where a gateway over the default data directory records who runs which queries. */
export const USAGE_FILE = '.skein/usage/usage.sqlite';
