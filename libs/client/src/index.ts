export { connect, type ConnectOptions, type Mesh, type ProductHandle, type ProductSummary } from './mesh.ts';
export { decimal, type Decimal, type SqlInput } from './bind.ts';
export { batchRows, type SqlValue } from './arrow-rows.ts';
export { Query, type Freshness, type QueryMeta, type QueryOptions, type Rows } from './query.ts';
export { CLIENT_CODES, SkeinClientError, type ClientCode } from './client-error.ts';
export type { Token } from './transport.ts';
