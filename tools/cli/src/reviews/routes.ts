import { buildCommand, buildRouteMap } from '@stricli/core';

/** `skein reviews …`, which asks the gateway at that address by default. Only names and flags stand here; what a command does loads when it is called. */
export function reviewRoutes(at: string) {
  const gateway = {
    at: { kind: 'parsed', parse: String, brief: 'Address of the gateway', default: at, placeholder: 'url' },
    tokenFile: { kind: 'parsed', parse: String, brief: 'File with the token, - for standard input', optional: true, placeholder: 'file' },
    json: { kind: 'boolean', brief: "Print the gateway's answer as JSON", default: false },
  } as const;
  const reason = { kind: 'parsed', parse: String, brief: 'Why; it is kept with the decision', placeholder: 'text' } as const;
  const id = { kind: 'tuple', parameters: [{ brief: 'Id of the review, or its beginning', parse: String, placeholder: 'id' }] } as const;
  const CODES = 'Exit code 0: done; 1: the decision was refused; 2: the command was wrong, or the gateway could not be asked.';

  const list = buildCommand({
    loader: async () => (await import('./reviews.ts')).list,
    parameters: {
      flags: {
        ...gateway,
        status: { kind: 'enum', values: ['open', 'approved', 'amended', 'rejected', 'all'], brief: 'Reviews that stand so', default: 'open' },
      },
    },
    docs: { brief: 'List the reviews that wait for you', fullDescription: CODES },
  });

  const show = buildCommand({
    loader: async () => (await import('./reviews.ts')).show,
    parameters: { positional: id, flags: gateway },
    docs: { brief: 'Show one: evidence, rows before and after, alternatives, what it reaches', fullDescription: CODES },
  });

  const approve = buildCommand({
    loader: async () => (await import('./reviews.ts')).approve,
    parameters: {
      positional: id,
      flags: {
        ...gateway,
        reason,
        choice: { kind: 'parsed', parse: String, brief: 'Id of the alternative, or its beginning', optional: true, placeholder: 'id' },
      },
    },
    docs: { brief: 'Approve an alternative', fullDescription: CODES },
  });

  const amend = buildCommand({
    loader: async () => (await import('./reviews.ts')).amend,
    parameters: {
      positional: id,
      flags: {
        ...gateway,
        reason,
        example: {
          kind: 'parsed',
          parse: String,
          variadic: true,
          brief: 'One row as before=after, up to 20 of them; nothing after = makes the value missing',
          optional: true,
          placeholder: 'before=after',
        },
        solution: {
          kind: 'parsed',
          parse: String,
          brief: 'File with {"transformation", "preConditions", "postValidation"} as JSON',
          optional: true,
          placeholder: 'file',
        },
      },
    },
    docs: { brief: 'Say what is right, by example rows or by SQL', fullDescription: CODES },
  });

  const reject = buildCommand({
    loader: async () => (await import('./reviews.ts')).reject,
    parameters: { positional: id, flags: { ...gateway, reason } },
    docs: { brief: 'Reject what is proposed: it is not proposed again', fullDescription: CODES },
  });

  return buildRouteMap({
    routes: { list, show, approve, amend, reject },
    docs: { brief: 'See and decide what the swarms could not' },
  });
}
