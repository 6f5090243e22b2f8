export { BusClient } from './bus-client.ts';
export { BusServer } from './bus-server.ts';
export { DataProductModule, swarmOf, type MeshFoundation } from './data-product-module.ts';
export { checkHealth, type HealthIndicator, type HealthReport } from './health.ts';
export { describeSwarm, type RunQuestion, type SwarmDescription } from './swarm-messages.ts';
export { SwarmRegistry } from './swarm-registry.ts';
export { runDomain, serveDomain, type DomainProcess } from './serve-domain.ts';
