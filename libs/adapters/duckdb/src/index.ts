export { duckdbEngine, type DuckdbEngineOptions } from './engine.ts';
