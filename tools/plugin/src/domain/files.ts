import { fileName, identifier } from '../workspace/names.ts';

export function domainSource(name: string): string {
  return `import type { Domain } from '@skein/product';

/** The ${name} domain: what it reads, and the products it publishes. */
export function ${identifier(name)}(): Domain {
  return {
    name: '${name}',
    sources: [],
    bronze: [],
    products: [],
  };
}
`;
}

export function domainTest(name: string): string {
  const own = identifier(name);
  return `import { repositoryContracts } from '@skein/testing';
import { expect, it } from 'vitest';
import { ${own} } from './${fileName(name)}.ts';

it('makes each product that it has a contract for', async () => {
  const contracts = await repositoryContracts();
  const made = ${own}().products.map(({ contract }) => \`\${contract.product} \${contract.version}\`);
  const promised = contracts.all.filter(({ domain }) => domain === '${name}').map(({ product, version }) => \`\${product} \${version}\`);
  expect(made.sort()).toEqual(promised.sort());
});
`;
}

export function domainReadme(name: string, owner: string): string {
  return `# ${name}

Owned by ${owner}. What a product promises stands in its contract, below \`contracts/${name}\`; how it is made, in \`domains/${name}/src\`.

| product | made of |
|---|---|

Take in a folder of files and publish, from the root of the repository:

\`\`\`sh
npx skein ingest ${name} --from FOLDER
\`\`\`

Test the domain: \`npx vitest run domains/${name}\`. A new product: \`npx nx g @skein/plugin:product ${name} NAME --from FILE\`.
`;
}
