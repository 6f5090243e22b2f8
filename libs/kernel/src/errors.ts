/** Whose fault an error is: the asking user, the author of a contract or policy, the data source, or the platform. */
export type Fault = 'user' | 'contract' | 'source' | 'platform';

export interface ErrorEntry {
  readonly fault: Fault;
  /** HTTP status on the gateway. */
  readonly status: number;
  readonly retryable: boolean;
  /** One sentence: what the code means. */
  readonly summary: string;
  /** One sentence: what to do about it. */
  readonly hint: string;
}

const entry = (fault: Fault, status: number, retryable: boolean, summary: string, hint: string): ErrorEntry => ({
  fault,
  status,
  retryable,
  summary,
  hint,
});

/**
 * The one table of error codes. docs/errors.md is generated from it (`npm run codegen`), so the two cannot differ.
 */
export const ERRORS = {
  // contracts and policies
  SKEIN_CONTRACT_SYNTAX: entry('contract', 422, false, 'The contract is not well-formed YAML.', 'Mend the YAML at the place shown.'),
  SKEIN_CONTRACT_INVALID: entry(
    'contract',
    422,
    false,
    'The contract does not follow ODCS, or contradicts itself.',
    'Change the field at the place shown; the message names what is allowed.',
  ),
  SKEIN_CONTRACT_LIMIT: entry('contract', 422, false, 'The contract exceeds a size, depth or alias limit.', 'Split the contract, or write aliases out.'),
  SKEIN_CONTRACT_UNSUPPORTED: entry(
    'contract',
    422,
    false,
    'The contract uses a part of ODCS that Skein cannot judge.',
    'Remove it, or express the rule in a supported way.',
  ),
  SKEIN_CONTRACT_NOT_FOUND: entry(
    'user',
    404,
    false,
    'No contract stands at that place.',
    'Check the path: contracts/<domain>/<product>/v<major>/contract.odcs.yaml.',
  ),
  SKEIN_CONTRACT_CONFLICT: entry(
    'user',
    409,
    false,
    'Another version of the contract stands where this one was to go.',
    'Fetch the newest version, put the change on top of it, raise the version, and push again.',
  ),
  SKEIN_CONTRACT_INCOMPATIBLE: entry(
    'contract',
    422,
    false,
    'The new version of the contract breaks what the last one promised, or its number says too little.',
    'Raise the version as the findings ask; what breaks a promise needs the next major version.',
  ),
  SKEIN_REGISTRY_CORRUPT: entry(
    'platform',
    500,
    false,
    'A file of the contract registry is missing or differs from what was written.',
    'Restore the file from a copy of the data directory.',
  ),
  SKEIN_POLICY_INVALID: entry('contract', 422, false, 'A policy file is malformed or names what its contract lacks.', 'Change the policy at the place shown.'),
  SKEIN_APPROVAL_INVALID: entry(
    'contract',
    422,
    false,
    'A file of approvals is malformed, or approves what is no change.',
    'Change the approval at the place shown; skein contract diff prints approvals ready to be signed.',
  ),
  SKEIN_CATALOG_CONFLICT: entry(
    'contract',
    409,
    false,
    'Two contracts claim one name, or join keys do not fit together.',
    'Change one of the two contracts at the places shown.',
  ),
  // sources and publishing
  SKEIN_SOURCE_NOT_FOUND: entry('user', 404, false, 'The folder or file to read does not exist.', 'Check the path given with --from.'),
  SKEIN_SOURCE_EMPTY: entry(
    'source',
    422,
    false,
    'The folder holds no file that this domain reads.',
    'Put files of the kinds the message names into the folder.',
  ),
  SKEIN_SOURCE_UNREADABLE: entry(
    'source',
    422,
    false,
    'A source file is not what its name says, or is damaged.',
    'Export the file again; the others were read.',
  ),
  SKEIN_SOURCE_COLUMNS: entry(
    'source',
    422,
    false,
    'A source file lacks columns without which its rows have no identity.',
    'Export the file with the columns that the message names.',
  ),
  SKEIN_GATE_FAILED: entry(
    'source',
    422,
    false,
    'A gate of the contract stopped the publication; the last good snapshot stays live.',
    'Read the feedback dataset of the product, then mend the source or the step.',
  ),
  SKEIN_STEP_FAILED: entry('platform', 500, false, 'A step of a product could not be run.', 'Mend the SQL of the step that the message names.'),
  SKEIN_PRODUCT_UNKNOWN: entry('user', 404, false, 'No such product is visible to you.', 'List what is visible with GET /v1/products.'),
  SKEIN_DOMAIN_UNKNOWN: entry('user', 404, false, 'No such domain is part of this mesh.', 'Use one of the domains that the message names.'),
  SKEIN_NAME_INVALID: entry('user', 400, false, 'A name is not allowed.', 'Use a name that matches ^[a-z][a-z0-9_]{0,62}$.'),
  // snapshots
  SKEIN_SNAPSHOT_NOT_FOUND: entry(
    'user',
    404,
    false,
    'No snapshot of the product answers to that version or time.',
    'List the versions with GET /v1/products/:id.',
  ),
  SKEIN_SNAPSHOT_NONE: entry(
    'source',
    409,
    true,
    'The product has no live snapshot yet: nothing has passed its contract.',
    'Wait for its first publication; its domain sees why in the feedback dataset.',
  ),
  SKEIN_SNAPSHOT_STALE: entry(
    'source',
    409,
    true,
    'The newest snapshot is older than the request allows.',
    'Ask again later, or raise maxStaleness; the owner of the product sees its freshness in the catalog.',
  ),
  SKEIN_SNAPSHOT_CORRUPT: entry(
    'platform',
    500,
    false,
    'A file of a snapshot is missing or differs from its recorded checksum.',
    'Restore the file from a copy, or publish the product anew.',
  ),
  SKEIN_STORAGE_FULL: entry(
    'platform',
    507,
    true,
    'The disk is full; nothing was published and the last snapshot stays live.',
    'Free space, or collect old snapshots, then run again.',
  ),
  SKEIN_STORAGE_FAILED: entry('platform', 500, true, 'The storage refused an operation.', 'Check permissions and health of the data directory.'),
  SKEIN_STORAGE_CONTENDED: entry('platform', 503, true, 'Too many publishers raced for one table.', 'Try again; let one swarm own a product.'),
  SKEIN_SCHEMA_INCOMPATIBLE: entry(
    'contract',
    409,
    false,
    'The contract changes the type of a column in a way that stored snapshots cannot follow.',
    'Raise the major version of the contract, or give the new column an id of its own.',
  ),
  // queries
  SKEIN_QUERY_SYNTAX: entry('user', 400, false, 'The SQL could not be parsed.', 'Mend the SQL; the message shows where.'),
  SKEIN_QUERY_REFUSED: entry(
    'user',
    403,
    false,
    'The SQL uses something that consumers may not use.',
    'Write exactly one SELECT over granted products, with allowed functions.',
  ),
  SKEIN_QUERY_UNKNOWN_COLUMN: entry('user', 400, false, 'A column or alias is not known where it is used.', 'See the columns with GET /v1/products/:id.'),
  SKEIN_QUERY_INVALID: entry(
    'user',
    400,
    false,
    'The SQL is well-formed but does not make sense: a type, a function or a grouping is wrong.',
    'Mend the SQL as the message says.',
  ),
  SKEIN_QUERY_FAILED: entry(
    'user',
    422,
    false,
    'The query failed while it ran.',
    'Guard casts with TRY_CAST and divisions with NULLIF; ask the platform team for the query id.',
  ),
  SKEIN_QUERY_PARAMS: entry('user', 400, false, 'The bound parameters do not fit the SQL.', 'Give exactly one value for each $n or ? in the SQL.'),
  SKEIN_QUERY_TIMEOUT: entry(
    'user',
    408,
    true,
    'The query passed its deadline and was stopped.',
    'Ask for less, or raise timeoutMs within what the gateway allows.',
  ),
  SKEIN_QUERY_MEMORY: entry('user', 422, false, 'The query passed its memory limit and was stopped.', 'Aggregate earlier, or select fewer columns and rows.'),
  SKEIN_QUERY_CANCELLED: entry('user', 499, true, 'The client went away, so the query was stopped.', 'Keep the connection open until the answer ends.'),
  SKEIN_QUERY_BUSY: entry('platform', 429, true, 'Every worker is busy and the queue is full.', 'Try again after the seconds in Retry-After.'),
  SKEIN_WORKER_LOST: entry(
    'platform',
    503,
    true,
    'The worker that ran the query ended unexpectedly.',
    'Try again; if it repeats, send the query id to the platform team.',
  ),
  // gateway
  SKEIN_REQUEST_INVALID: entry('user', 400, false, 'The request is malformed.', 'Send the body that the README shows.'),
  SKEIN_REQUEST_TOO_LARGE: entry(
    'user',
    413,
    false,
    'The body of the request is larger than the gateway reads.',
    'Send less than 1 MB; bind values instead of writing them into the SQL.',
  ),
  SKEIN_REQUEST_ACCEPT: entry(
    'user',
    406,
    false,
    'None of the accepted media types can be produced.',
    'Accept application/json, application/x-ndjson, text/csv or application/vnd.apache.arrow.stream.',
  ),
  SKEIN_AUTH_REQUIRED: entry(
    'user',
    401,
    false,
    'No usable token came with the request.',
    'Send Authorization: Bearer <token>; for development: npx skein token --as analyst.',
  ),
  SKEIN_AUTH_INVALID: entry('user', 401, false, 'The token was refused.', 'Ask for a new token; for development: npx skein token --as analyst.'),
  SKEIN_AUTH_UNAVAILABLE: entry(
    'platform',
    503,
    true,
    'The issuer of tokens cannot be reached, or is not what it should be.',
    'Check SKEIN_OIDC_ISSUER and that the gateway can reach it, then try again.',
  ),
  SKEIN_AUTH_FORBIDDEN: entry('user', 403, false, 'The principal may not do this for this purpose.', 'Ask the owner of the product for a grant.'),
  SKEIN_GATEWAY_STOPPING: entry(
    'platform',
    503,
    true,
    'The gateway is stopping, and the query took longer than it waits.',
    'Try again; another gateway, or this one after its start, will answer.',
  ),
  SKEIN_NOT_FOUND: entry('user', 404, false, 'The gateway has no such address.', 'See GET / for the addresses.'),
  // the client package
  SKEIN_CLIENT_UNREACHABLE: entry('user', 503, true, 'The client got no answer from the gateway.', 'Check the address and that the gateway runs: GET /health.'),
  SKEIN_CLIENT_CANCELLED: entry('user', 499, true, 'The caller of the client cancelled the query, or left its stream.', 'Ask again when the answer is wanted.'),
  SKEIN_CLIENT_INCOMPLETE: entry('platform', 502, true, 'The answer broke off or lost rows on its way to the client.', 'Use nothing of it, and ask again.'),
  SKEIN_CLIENT_ANSWER: entry(
    'user',
    502,
    false,
    'The client got an answer that it cannot read.',
    'Check that the address is that of a Skein gateway, and that no proxy rewrites its answers.',
  ),
  SKEIN_CLIENT_VALUE: entry(
    'user',
    400,
    false,
    'The client was given a value that it cannot bind, or was used in a way it does not know.',
    'Use text, number, bigint, boolean, null, Date, decimal(…) or a list of them.',
  ),
  // process
  SKEIN_PORT_IN_USE: entry('user', 409, false, 'The port is taken, perhaps by another gateway.', 'Stop the other process, or choose a port with --port.'),
  SKEIN_NODE_VERSION: entry(
    'user',
    500,
    false,
    'This Node.js is too old.',
    'Run npm ci again (it brings Node 24 for Linux), or install the version in .nvmrc.',
  ),
  SKEIN_USAGE: entry('user', 400, false, 'The command was used in a way it does not know.', 'See the command with --help.'),
  SKEIN_CONFIG_INVALID: entry('user', 400, false, 'A setting has a value that is not allowed.', 'Change the setting that the message names.'),
  SKEIN_BUS_CLOSED: entry('platform', 503, true, 'The event bus is closed.', 'Start the process again.'),
  SKEIN_BUS_PAYLOAD: entry(
    'platform',
    500,
    false,
    'An event holds something that JSON cannot carry.',
    'Turn bigint and dates into text before they are published.',
  ),
  SKEIN_MARKET_UNKNOWN: entry('user', 404, false, 'No such listing or agreement is visible to you.', 'List what is visible with GET /v1/market/listings.'),
  SKEIN_MARKET_CONFLICT: entry(
    'user',
    409,
    false,
    'What stands on the market does not allow it.',
    'See what stands there with GET /v1/market/listings/:id or GET /v1/market/agreements.',
  ),
  SKEIN_MARKET_QUOTA: entry('user', 403, false, 'The queries of the agreement are used up.', 'Make a new agreement with POST /v1/market/offers.'),
  SKEIN_MARKET_RELEASE: entry(
    'user',
    422,
    false,
    'The product holds personal or confidential data, and no release of it passed the recheck.',
    'Name quasi-identifiers and k (l, t) that the data can meet; the message says what failed.',
  ),
  SKEIN_REVIEW_UNKNOWN: entry('user', 404, false, 'No such review is visible to you.', 'List what is visible with GET /v1/reviews.'),
  SKEIN_REVIEW_DECIDED: entry('user', 409, false, 'The review is settled, or you have said your part.', 'See what was decided with GET /v1/reviews/:id.'),
  SKEIN_REVIEW_CONFLICT: entry(
    'user',
    409,
    false,
    'The decision does not fit the review.',
    'See the alternatives with GET /v1/reviews/:id; give each decision an id of its own.',
  ),
  SKEIN_REVIEW_AMENDMENT: entry(
    'user',
    422,
    false,
    'No solution follows from the amendment, or the contract does not accept it.',
    'Give up to 20 example rows that agree with each other and with the contract.',
  ),
  SKEIN_LEASE_LOST: entry(
    'platform',
    409,
    false,
    'The lease under which a solution was published has passed to another agent.',
    'Drop the work, and look the signature up again: the other agent publishes what it finds.',
  ),
  SKEIN_BOARD_UNAVAILABLE: entry(
    'platform',
    503,
    true,
    'The pattern board cannot be reached, or is closed.',
    'Check that Redis runs at the configured address; what was learned is kept and sent again until the process ends.',
  ),
  SKEIN_BOARD_ENTRY: entry(
    'platform',
    422,
    false,
    'Something put on the pattern board is malformed or too large.',
    'Publish patterns as the synthesiser makes them; the message names what is wrong.',
  ),
  // anonymising, counting with noise, prices
  SKEIN_PRIVACY_INVALID: entry('user', 400, false, 'What is asked of an anonymisation, or the table given, means nothing.', 'Change what the message names.'),
  SKEIN_HIERARCHY_INVALID: entry(
    'user',
    422,
    false,
    'A generalisation hierarchy is malformed, or lacks a category of the data.',
    'Give every category one path of the same length to one root.',
  ),
  SKEIN_PRIVACY_UNSAFE: entry(
    'user',
    422,
    false,
    'The release would not keep the k, l or t that is asked.',
    'Ask for less, release fewer columns, or leave out the rows at fault.',
  ),
  SKEIN_BUDGET_EXHAUSTED: entry('user', 403, false, 'The privacy budget of the dataset does not cover the query.', 'Ask with a smaller epsilon, or not at all.'),
  SKEIN_BUDGET_CONFLICT: entry(
    'user',
    409,
    true,
    'The privacy budget has changed since it was read, or the query id stands for another cost.',
    'Read the budget again and decide anew; a new query takes a new id.',
  ),
  SKEIN_PRICE_INVALID: entry('user', 400, false, 'A price, its bounds or a list of prices is not allowed.', 'Give whole minor units with 0 < floor ≤ ceiling.'),
  SKEIN_NO_REPLY: entry('platform', 503, true, 'A domain did not answer in time.', 'Check that the domain runs, then try again.'),
  SKEIN_INTERNAL: entry('platform', 500, false, 'Skein made a mistake.', 'Report it with the query id or the output of the command.'),
} as const satisfies Record<`SKEIN_${string}`, ErrorEntry>;

export type ErrorCode = keyof typeof ERRORS;
