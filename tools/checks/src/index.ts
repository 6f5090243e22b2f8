export { checkDeclarations, checkFloors, type Fault, type FloorReport } from './floors.ts';
export { staleReferences } from './references.ts';
export { copyWorkspace } from './workspace-copy.ts';
export { readWorkspace, type Package, type Workspace } from './workspace.ts';
export { generate, type ContractFile, type GeneratedFile } from './generate.ts';
