import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readContract } from '../read-contract.ts';
import { dictionaryHtml, dictionaryMarkdown } from './dictionary.ts';

const every = readContract(readFileSync(new URL('golden/every-type.odcs.yaml', import.meta.url), 'utf8'), 'f');
const EVIL = '</td><script>alert(1)</script><img src=x onerror=alert(1)>"\' onload="x" [l](javascript:alert(1)) | `code` **b** \u202e';
const yaml = JSON.stringify(EVIL);
const evil = readContract(
  `apiVersion: v3.1.0
kind: DataContract
id: ${yaml}
version: 1.0.0
status: ${yaml}
domain: d
description: { purpose: ${yaml} }
team: { name: ${yaml} }
slaProperties: [{ property: ${yaml}, value: ${yaml}, unit: ${yaml}, element: ${yaml} }]
schema:
  - name: p
    description: ${yaml}
    quality: [{ type: text, description: ${yaml} }, { type: custom, engine: ${yaml}, implementation: x }]
    properties:
      - { name: ${JSON.stringify(`a${EVIL.replaceAll(/[{}\u202e]/g, '')}`)}, logicalType: string, description: ${yaml}, enum: [{ value: ${yaml} }], examples: [${yaml}], logicalTypeOptions: { pattern: ${JSON.stringify('</td><script>')} } }
      - { name: secret, logicalType: string, classification: restricted, examples: [the-secret-itself] }
`,
  'evil.yaml',
);

describe('the data dictionary', () => {
  const html = dictionaryHtml([every, evil]);
  const pages = dictionaryMarkdown([every, evil]);

  it('says types, rules, classification, service levels and lineage in words', () => {
    const page = pages.find(({ path }) => path === 'shop/orders-v2.md')?.text ?? '';
    for (const words of [
      'DECIMAL(38,10)',
      'part 1 of the primary key',
      'at most 18 characters',
      'one of EUR, it',
      'confidential',
      'Up to 1 % of the rows',
      'The number of rows must be above 0.',
      'shop.lineage',
    ])
      expect(page).toContain(words);
    expect(html).toContain('part 1 of the primary key');
    expect(pages.map(({ path }) => path)).toEqual(['index.md', 'd/p-v1.md', 'shop/orders-v2.md']);
  });

  it('lets no text of a contract become markup', () => {
    const tags = [...html.matchAll(/<(\/?[a-zA-Z!][a-zA-Z0-9]*)/g)].map(([, tag]) => tag?.toLowerCase());
    expect(tags.length).toBeGreaterThan(100);
    expect(tags.filter((tag) => ['script', 'img', 'iframe', 'svg', 'object'].includes(tag ?? ''))).toEqual([]);
    expect(html).not.toMatch(/<[^>]*\son\w+=/);
    expect(html).not.toMatch(/href="(?!#)/);
    expect(html).toContain("default-src 'none'");
    expect(html).not.toContain('\u202e');
    // Every tag that is opened is closed: a text that broke out would leave one over.
    const depth = (name: string) => (html.match(new RegExp(`<${name}[ >]`, 'g'))?.length ?? 0) - (html.match(new RegExp(`</${name}>`, 'g'))?.length ?? 0);
    for (const name of ['table', 'tr', 'td', 'th', 'ul', 'li', 'section', 'dl', 'div', 'code', 'span']) expect(depth(name)).toBe(0);
  });

  it('lets no text of a contract break a table of Markdown, or make HTML or links', () => {
    const page = pages.find(({ path }) => path === 'd/p-v1.md')?.text ?? '';
    const outside = page.replaceAll(/(`+)(?!`).*?(?<!`)\1(?!`)/g, '');
    expect(outside).not.toMatch(/<(?!br>)/);
    expect(outside).not.toMatch(/(?<!\\)\]\(/);
    const rows = page.split('\n').filter((line) => line.startsWith('|'));
    const bars = rows.map((row) => row.replaceAll(/\\\|/g, '').split('|').length);
    expect(new Set(bars)).toEqual(new Set([8]));
  });

  it('would see markup that was let through', () => {
    const broken = html.replace('&lt;script&gt;', '<script>');
    expect([...broken.matchAll(/<(\/?[a-zA-Z!][a-zA-Z0-9]*)/g)].map(([, tag]) => tag)).toContain('script');
  });

  it('shows no example of a column that is confidential or restricted', () => {
    expect(html + pages.map(({ text }) => text).join('')).not.toContain('the-secret-itself');
  });
});
