export type { DuckdbEngineOptions } from './engine.ts';
export { duckdbBinder } from './lazy-binder.ts';
export { duckdbEngine } from './lazy-engine.ts';
export { duckdbSandbox, type DuckdbSandbox, type DuckdbSandboxOptions } from './sandbox/sandbox.ts';
