export { writeGa4Source, type Ga4Source, type Ga4SourceFile, type Ga4SourceOptions } from './ga4/source.ts';
export type { Ga4Fault } from './ga4/faults.ts';
export type { Ga4Truth } from './ga4/truth.ts';
export { demoMaterials, type DemoMaterial } from './materials.ts';
export type { Planted, PlantedFault, PlantedOutcome } from './planted.ts';
export { randomFrom, weighted, type Random } from './random.ts';
export { writeSapSource, type SapSource, type SapSourceOptions } from './sap/source.ts';
export type { SapFault } from './sap/faults.ts';
