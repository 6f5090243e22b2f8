export { localAdapters, type LocalAdapters, type LocalOptions } from './local-adapters.ts';
export { runLocalDomain } from './run-local-domain.ts';
