import { fileName, identifier } from '../workspace/names.ts';

export interface ConformedFiles {
  readonly domain: string;
  readonly name: string;
  readonly shape: 'columns' | 'json';
  /** Names in the source, where they differ. */
  readonly columns: Readonly<Record<string, string>>;
}

/** The module of a product whose rows a file brings. */
export function conformedSource({ domain, name, shape, columns }: ConformedFiles): string {
  const own = identifier(name);
  const renamed = Object.entries(columns);
  const names = renamed.length === 0 ? '' : `\n  columns: { ${renamed.map(([to, from]) => `${key(to)}: ${quoted(from)}`).join(', ')} },`;
  return `import type { Contract } from '@skein/contract';
import { conformedStep, conformedTable, namedFiles, type BronzeTable, type Conforming, type DataProduct } from '@skein/product';

export const ${own}Files = namedFiles('${name}', '${shape}');

const ROWS: Conforming = {
  name: '${name}_rows',
  source: ${own}Files.name,
  table: '${name}',
  shape: '${shape}',${names}
};

export function ${own}Rows(contract: Contract): BronzeTable {
  return conformedTable(contract, ROWS);
}

/** ${domain}.${name}: the rows of the source, as the contract types them. */
export function ${own}(contract: Contract): DataProduct {
  return { id: '${domain}.${name}', layer: 'silver', contract, step: { name: 'type the rows', ...conformedStep(contract, ROWS) } };
}
`;
}

export interface QueryFiles {
  readonly domain: string;
  readonly name: string;
  readonly sql: string;
  readonly reads: readonly string[];
  /** Columns of the contract. */
  readonly columns: readonly string[];
}

/** The module of a product that a query makes of others. */
export function querySource({ domain, name, sql, reads, columns }: QueryFiles): string {
  return `import type { Contract } from '@skein/contract';
import type { DataProduct } from '@skein/product';

const SQL = \`${sql.trim().replaceAll('\\', '\\\\').replaceAll('`', '\\`').replaceAll('${', '\\${')}\`;

/** ${domain}.${name}: made of ${reads.map((one) => `${domain}.${one}`).join(' and ')}. */
export function ${identifier(name)}(contract: Contract): DataProduct {
  return {
    id: '${domain}.${name}',
    layer: 'gold',
    contract,
    step: {
      name: 'make ${name.replaceAll('_', ' ')}',
      from: [${reads.map(quoted).join(', ')}],
      sql: SQL,
      lineage: { ${columns.map((column) => `${key(column)}: [${reads.map((one) => quoted(`${domain}.${one}`)).join(', ')}]`).join(', ')} },
    },
  };
}
`;
}

export interface ConformedTest {
  readonly domain: string;
  readonly name: string;
  /** Below `src/examples`. */
  readonly example: string;
  readonly rows: number;
  /** The examples with one row more, that breaks the rule. */
  readonly broken: { readonly line: string; readonly violation: string };
}

export function conformedTest({ domain, name, example, rows, broken }: ConformedTest): string {
  const own = identifier(domain);
  return `import { readFileSync } from 'node:fs';
import { workbench } from '@skein/testing';
import { describe, expect, it } from 'vitest';
import { ${own} } from './${fileName(domain)}.ts';

const EXAMPLE = readFileSync(new URL('examples/${example}', import.meta.url), 'utf8');

describe('${domain}.${name}', () => {
  it('publishes the example rows', async () => {
    await using bench = await workbench(${own});
    bench.put({ '${example}': EXAMPLE });
    const { products } = await bench.run();
    expect(products.find(({ product }) => product === '${domain}.${name}')).toMatchObject({ outcome: 'published', rows: ${rows}, refused: 0 });
  });

  it('refuses a row that breaks the contract, and says by which rule', async () => {
    await using bench = await workbench(${own});
    bench.put({ '${example}': \`\${EXAMPLE.trimEnd()}\\n${broken.line.replaceAll('\\', '\\\\').replaceAll('`', '\\`').replaceAll('${', '\\${')}\\n\` });
    const { products } = await bench.run();
    expect(products.find(({ product }) => product === '${domain}.${name}')).toMatchObject({ refused: 1, violations: { '${broken.violation}': 1 } });
  });
});
`;
}

export function queryTest(domain: string, name: string, examples: readonly string[]): string {
  const own = identifier(domain);
  const put =
    examples.length === 0
      ? ''
      : `\n  for (const file of EXAMPLES) bench.put({ [file]: readFileSync(new URL(\`examples/\${file}\`, import.meta.url), 'utf8') });`;
  return `${examples.length === 0 ? '' : "import { readFileSync } from 'node:fs';\n"}import { workbench } from '@skein/testing';
import { expect, it } from 'vitest';
import { ${own} } from './${fileName(domain)}.ts';
${examples.length === 0 ? '' : `\nconst EXAMPLES = [${examples.map(quoted).join(', ')}];\n`}
it('makes ${domain}.${name} of ${examples.length === 0 ? 'what it reads, even where that is empty' : 'the example rows'}', async () => {
  await using bench = await workbench(${own});${put}
  const { products } = await bench.run();
  expect(products.find(({ product }) => product === '${domain}.${name}')).toMatchObject({ outcome: 'published', refused: 0 });
});
`;
}

export const POLICY = (product: string): string => `# Who may see what of ${product}. Nothing is granted that does not stand here.
version: 1
owners: [steward]
grants:
  - roles: [public]
    columns:
      allow: [public]
  - roles: [analyst]
    columns:
      allow: [public, internal]
      mask: { confidential: pseudonym }
      deny: [restricted]
  - roles: [steward]
    columns:
      allow: [public, internal, confidential, restricted]
`;

function key(name: string): string {
  return /^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name) ? name : quoted(name);
}

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'").replaceAll('\n', '\\n')}'`;
}
