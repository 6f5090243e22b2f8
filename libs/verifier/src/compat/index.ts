export { compareContracts, MODES, promisedMode, type Comparison, type CompareOptions, type ContractFinding, type Mode } from './compare-contracts.ts';
export { compatible, type Compatibility, type CompatibleOptions, type Finding } from './compatible.ts';
export { CONTRACT_RULES, type Bump, type ContractRule, type ContractRuleId, type Direction } from './contract-rule.ts';
export type { Witness } from './witness.ts';
