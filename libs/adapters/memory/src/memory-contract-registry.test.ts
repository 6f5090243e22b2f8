import { contractRegistryConformance } from '@skein/ports/conformance';
import { memoryContractRegistry } from './memory-contract-registry.ts';

contractRegistryConformance('memory', async () => {
  const registry = memoryContractRegistry();
  return { registry, other: () => registry };
});
