export { readApprovals, REMOVED, type Approval } from './approval.ts';
export { compareContracts, MODES, promisedMode, type Comparison, type CompareOptions, type ContractFinding, type Mode } from './compare-contracts.ts';
export { compatible, type Compatibility, type CompatibleOptions, type Finding } from './compatible.ts';
export { bumpSuffices, CONTRACT_RULES, higherBump, type Bump, type ContractRule, type ContractRuleId, type Direction } from './contract-rule.ts';
export { givenBump } from './version.ts';
export { weighFinding, type Concern, type Standing, type Step, type Weighable, type Weighed } from './weigh-finding.ts';
export type { Witness } from './witness.ts';
