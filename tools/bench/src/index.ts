export { type Bench, type BenchResult, type Progress } from './bench.ts';
