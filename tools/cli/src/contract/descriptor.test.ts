import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { temporaryDirectory } from '@skein/testing';
import { afterAll, describe, expect, it } from 'vitest';
import { runApp } from '../run-app.fixture.ts';

const MATERIAL = fileURLToPath(new URL('../../../../contracts/sap/material/v1/contract.odcs.yaml', import.meta.url));
const folder = temporaryDirectory();
afterAll(() => folder[Symbol.dispose]());
const put = (name: string, text: string) => {
  writeFileSync(folder.file(name), text);
  return folder.file(name);
};

const CONTRACT =
  'apiVersion: v3.2.0\nkind: DataContract\nid: ${ID} # ours\nversion: 1.0.0\ndomain: d\nschema: [{ name: p, properties: [{ name: a, logicalType: string }] }]\n';
const product = (contractId: string) =>
  `apiVersion: v1.1.0\nkind: DataProduct\nid: x\nname: \${NAME:-Material}\noutputPorts: [{ name: material, version: 1.0.0, contractId: ${contractId} }]\n`;

describe('variables on the command line', () => {
  it('give values to a contract for lint and test, and to nothing else', async () => {
    const file = put('v.odcs.yaml', CONTRACT);
    const data = put('v.ndjson', '{"a":"x"}\n');
    expect(await runApp('contract', 'lint', file, '--quiet')).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('v.odcs.yaml:3:5: error: the variable ID') as string,
    });
    expect((await runApp('contract', 'lint', file, '--quiet', '--var', 'ID=a=b', '--var', 'OTHER=')).code).toBe(0);
    expect((await runApp('contract', 'test', '--contract', file, data)).code).not.toBe(0);
    const ran = await runApp('contract', 'test', '--contract', file, '--var', 'ID=a=b', '--json', data);
    expect([ran.code, (JSON.parse(ran.stdout) as { contract: { id: string } }).contract.id]).toEqual([0, 'a=b']);
    for (const wrong of ['ID', '=x', '1=x', 'a b=c']) expect((await runApp('contract', 'lint', file, '--var', wrong)).code).toBe(2);
  });

  it('are not needed to set another value, and stay as written', async () => {
    const file = put('s.odcs.yaml', CONTRACT);
    expect((await runApp('contract', 'set', file, 'version', '1.0.1')).code).toBe(0);
    expect(readFileSync(file, 'utf8')).toBe(CONTRACT.replace('1.0.0', '1.0.1'));
    const marked = put('m.odcs.yaml', `\uFEFF${CONTRACT}`);
    expect((await runApp('contract', 'set', marked, 'version', '1.0.1')).code).toBe(0);
    expect(readFileSync(marked, 'utf8')).toBe(`\uFEFF${CONTRACT.replace('1.0.0', '1.0.1')}`);
    // What is wrong otherwise is still refused.
    expect((await runApp('contract', 'set', file, 'schema.0.name', 'NO NAME')).code).toBe(1);
  });
});

describe('lint of a data product', () => {
  it('looks for the contracts of its ports among those linted with it', async () => {
    const sound = put('sound.odps.yaml', product('sap-material'));
    const broken = put('broken.odps.yaml', product('sap-materials'));
    expect((await runApp('contract', 'lint', sound, MATERIAL, '--quiet')).code).toBe(0);
    const { code, stdout } = await runApp('contract', 'lint', broken, MATERIAL, '--quiet');
    expect(code).toBe(1);
    expect(stdout).toMatch(
      /broken\.odps\.yaml:5:61: error: there is no contract "sap-materials"[^]*Did you mean "sap-material"\?[^]*rule: outputPorts\.contractId/,
    );
    // Alone, it names contracts that nobody here can know.
    expect((await runApp('contract', 'lint', broken, '--strict')).code).toBe(0);
  });

  it('finds descriptors in folders', async () => {
    put('tree.odps.yaml', 'kind: DataProduct\n');
    const { stdout } = await runApp('contract', 'lint', folder.path, '--json');
    const { contracts } = JSON.parse(stdout) as { contracts: { file: string; profile: string; findings: unknown[] }[] };
    expect(contracts.find(({ file }) => file.endsWith('tree.odps.yaml'))).toMatchObject({
      profile: 'odps',
      findings: [{ rule: 'apiVersion' }, { rule: 'id' }],
    });
  });
});
