export { systemClock, fixedClock, type Clock } from './clock.ts';
export { SkeinError, formatError, formatPlace, type Place, type SkeinErrorOptions } from './error.ts';
export { ERRORS, type ErrorCode, type ErrorEntry, type Fault } from './errors.ts';
export { canonicalJson, sha256 } from './hash.ts';
export { checkName } from './name.ts';
export { assertNode, NODE_MAJOR } from './node.ts';
export { ident, literal, qualified, type SqlValue } from './sql.ts';
