import { describe, expect, it } from 'vitest';
import { workbench } from '@skein/testing';
import { sap } from './sap.ts';

// One table as editors, spreadsheets and old systems save it: the rows are the same, and none is lost.

/** The domain with its first product alone: nothing is asked of the others. */
const material: typeof sap = (contracts) => {
  const domain = sap(contracts);
  return { ...domain, products: domain.products.filter(({ id }) => id === 'sap.material') };
};

const lines = ['MANDT;MATNR;MTART;MEINS;BRGEW', ...Array.from({ length: 20 }, (_, index) => `100;${index + 1};FÖRT;ST;1.234,5`)];
const utf16 = (text: string) => Buffer.from(`\ufeff${text}`, 'utf16le');

const FORMS: Readonly<Record<string, string | Uint8Array>> = {
  'line feeds': `${lines.join('\n')}\n`,
  'carriage return and line feed': `${lines.join('\r\n')}\r\n`,
  'a byte order mark, quotes, no end': `\ufeff${lines.map((line) => line.replaceAll(/[^;]+/g, '"$&"')).join('\r\n')}`,
  'carriage returns alone': lines.join('\r'),
  'line feeds after a header with \\r\\n': lines.join('\n').replace('\n', '\r\n'),
  '\\r\\n after a header with a line feed': lines.join('\r\n').replace('\r\n', '\n'),
  'UTF-16': utf16(lines.join('\r\n')),
  'UTF-16, big end first': utf16(lines.join('\n')).swap16(),
  'Latin-1': Buffer.from(lines.join('\r\n'), 'latin1'),
};

describe('delimited text as delivered', () => {
  it.each(Object.keys(FORMS))('%s: every row, at its place', async (form) => {
    await using bench = await workbench(material);
    bench.put({ 'MARA.csv': FORMS[form] as string });
    const report = await bench.run();
    expect(report.sources).toMatchObject([{ outcome: 'landed', rows: 20, malformed: 0 }]);
    const [sum] = await bench.rows(
      'sap.material',
      `SELECT count(*) AS n, sum(gross_weight)::VARCHAR AS weight, list(DISTINCT mtart) AS types, min(_position) AS first, max(_position) AS last,
         count(*) FILTER (WHERE matnr_ext::INTEGER + 1 <> _position) AS displaced FROM t`,
    );
    expect(sum).toMatchObject({ n: 20n, weight: '24690.000', types: ['FÖRT'], first: 2n, last: 21n, displaced: 0n });
  });

  it('counts blank lines and rows that cannot be read in the position of what follows', async () => {
    await using bench = await workbench(material);
    const content = [...lines.slice(0, 6), '', ...lines.slice(6, 9), '100;too;short', ...lines.slice(9, 12), '', '', '100;BAD;FERT;ST;abc', ...lines.slice(12)];
    bench.put({ 'MARA.csv': `${content.join('\r\n')}\r\n` });
    const report = await bench.run();
    expect(report.products[0]).toMatchObject({ outcome: 'published', rows: 20, refused: 2 });
    const positions = await bench.rows<{ n: number; p: bigint }>('sap.material', 'SELECT matnr_ext::INTEGER AS n, _position AS p FROM t ORDER BY 1');
    expect(positions.map(({ n, p }) => content[Number(p) - 1] === lines[n])).toEqual(Array<boolean>(20).fill(true));
    const feedback = await bench.rows<{ rule: string; source_position: bigint }>('sap.material_feedback', 'SELECT rule, source_position FROM t ORDER BY 2');
    expect(feedback).toEqual([
      { rule: 'source.malformed', source_position: BigInt(content.indexOf('100;too;short') + 1) },
      { rule: 'gross_weight.type', source_position: BigInt(content.indexOf('100;BAD;FERT;ST;abc') + 1) },
    ]);
  });

  it('keeps what a file held before, when it comes again without a key column', async () => {
    await using bench = await workbench(material);
    bench.put({ 'MARA.csv': lines.join('\n') });
    await bench.run();
    bench.put({ 'MARA.csv': lines.join('\n').replace('MANDT', 'CLIENT') });
    const report = await bench.run();
    expect(report.sources).toMatchObject([{ outcome: 'refused', error: { code: 'SKEIN_SOURCE_COLUMNS' } }]);
    expect(report.products[0]).toMatchObject({ product: 'sap.material', outcome: 'unchanged', version: 1, rows: 20 });
    bench.put({ 'MARA.csv': lines.slice(0, 11).join('\n') });
    expect((await bench.run()).products[0]).toMatchObject({ outcome: 'published', version: 2, rows: 10 });
  });
});
