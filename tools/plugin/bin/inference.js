// What nx.json names as its plugin. Plain JavaScript, so that an old Node is told what it lacks instead of failing on the first `.ts`.
const NEEDED = 24;

if (Number.parseInt(process.versions.node, 10) < NEEDED)
  throw new Error(
    `this is Node ${process.versions.node}, and the targets of this workspace need Node ${NEEDED} or newer\n` +
      '  fix: run Nx by `npx nx` (npm ci brings Node 24 for Linux), or install the version in .nvmrc\n  code: SKEIN_NODE_VERSION',
  );

export const { name, createNodes } = await import('../src/inference/plugin.ts');
