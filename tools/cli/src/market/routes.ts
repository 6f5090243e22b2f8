import { buildCommand, buildRouteMap } from '@stricli/core';

/** `skein market …`, which asks the gateway at that address by default. Only names and flags stand here; what a command does loads when it is called. */
export function marketRoutes(at: string) {
  const gateway = {
    at: { kind: 'parsed', parse: String, brief: 'Address of the gateway', default: at, placeholder: 'url' },
    tokenFile: { kind: 'parsed', parse: String, brief: 'File with the token, - for standard input', optional: true, placeholder: 'file' },
    json: { kind: 'boolean', brief: "Print the gateway's answer as JSON", default: false },
  } as const;
  const listing = { kind: 'tuple', parameters: [{ brief: 'Id of the listing', parse: String, placeholder: 'listing' }] } as const;
  const CODES = 'Exit code 0: done; 1: it was refused; 2: the command was wrong, or the gateway could not be asked.';

  const list = buildCommand({
    loader: async () => (await import('./market.ts')).list,
    parameters: { flags: gateway },
    docs: { brief: 'List what is for sale, and your own listings', fullDescription: CODES },
  });

  const show = buildCommand({
    loader: async () => (await import('./market.ts')).show,
    parameters: { positional: listing, flags: gateway },
    docs: { brief: 'Show one: price, licence, data dictionary, first rows', fullDescription: CODES },
  });

  const sell = buildCommand({
    loader: async () => (await import('./market.ts')).sell,
    parameters: {
      positional: { kind: 'tuple', parameters: [{ brief: 'File with the listing as JSON', parse: String, placeholder: 'file' }] },
      flags: gateway,
    },
    docs: { brief: 'List a product that you own', fullDescription: CODES },
  });

  const buy = buildCommand({
    loader: async () => (await import('./market.ts')).buy,
    parameters: {
      positional: listing,
      flags: {
        ...gateway,
        key: { kind: 'parsed', parse: String, brief: 'Key of the request: sent again, it buys once', optional: true, placeholder: 'key' },
        terms: { kind: 'parsed', parse: String, brief: 'File with other terms as JSON; the seller answers them', optional: true, placeholder: 'file' },
      },
    },
    docs: { brief: 'Take a listing as it is, or ask for other terms', fullDescription: CODES },
  });

  const offers = buildCommand({
    loader: async () => (await import('./market.ts')).offers,
    parameters: { flags: gateway },
    docs: { brief: 'List negotiations that are not over', fullDescription: CODES },
  });

  const agreements = buildCommand({
    loader: async () => (await import('./market.ts')).agreements,
    parameters: { flags: gateway },
    docs: { brief: 'List agreements of yours, as buyer and as seller', fullDescription: CODES },
  });

  const statement = buildCommand({
    loader: async () => (await import('./market.ts')).statement,
    parameters: { flags: gateway },
    docs: { brief: 'What you owe, and what your products have earned', fullDescription: CODES },
  });

  const exported = buildCommand({
    loader: async () => (await import('./market.ts')).exportLog,
    parameters: {
      positional: { kind: 'tuple', parameters: [{ brief: 'Folder for market_*.ndjson', parse: String, placeholder: 'folder' }] },
      flags: gateway,
    },
    docs: { brief: "Write the market's log as files that the brokerage domain reads", fullDescription: CODES },
  });

  return buildRouteMap({
    routes: { list, show, sell, buy, offers, agreements, statement, export: exported },
    docs: { brief: 'Products for sale: list, buy, and see what is owed' },
  });
}
