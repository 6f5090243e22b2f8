export { brokerage } from './brokerage.ts';
export { demandIndexFile, type DemandConnectorOptions } from './demand-connector.ts';
export { DEMAND_INDEX } from './demand-index.ts';
