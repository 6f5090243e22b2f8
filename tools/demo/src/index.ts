export { demoMaterials, type DemoMaterial } from './materials.ts';
export type { Planted, PlantedFault, PlantedOutcome } from './planted.ts';
export { randomFrom, weighted, type Random } from './random.ts';
