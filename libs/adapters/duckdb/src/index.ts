export { duckdbEngine, type DuckdbEngineOptions } from './engine.ts';
export { duckdbSandbox, type DuckdbSandbox, type DuckdbSandboxOptions } from './sandbox/sandbox.ts';
