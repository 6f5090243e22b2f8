export { freePort } from './free-port.ts';
export { publishQuery, type QueryPublication } from './publish-query.ts';
export { redisForTests, redisProgram, type RedisForTests } from './redis.ts';
export { redisProcess, type RedisProcess, type RedisProgram } from './redis-process.ts';
export { soak, soaking } from './soak.ts';
export { temporaryDirectory, type TemporaryDirectory } from './temporary-directory.ts';
export { repositoryContracts, workbench, type Workbench } from './workbench.ts';
export { MISTYPED_VALUES, PARITY_CASES, parityContract, parityOf, paritySql, type ParityCase } from './parity-cases.ts';
export { modelService, type ModelAnswer, type ModelService } from './model-service.ts';
