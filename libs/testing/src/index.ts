export { freePort } from './free-port.ts';
export { publishQuery, type QueryPublication } from './publish-query.ts';
export { soak, soaking } from './soak.ts';
export { temporaryDirectory, type TemporaryDirectory } from './temporary-directory.ts';
export { repositoryContracts, workbench, type Workbench } from './workbench.ts';
