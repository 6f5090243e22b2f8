import type { TableRef } from '@skein/product';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ContractDraft, ContractRegistry } from '../contract-registry.ts';

export interface ContractRegistryUnderTest {
  readonly registry: ContractRegistry;
  /** Another registry on the same data, as another process would have it. */
  readonly other: () => ContractRegistry;
  readonly dispose?: () => Promise<void>;
}

const MATERIAL: TableRef = { domain: 'sap', name: 'material', major: 1 };
const draft = (version: string, marks: Partial<ContractDraft> = {}): ContractDraft => ({
  version,
  hash: version.replaceAll('.', '').padEnd(64, 'a'),
  status: 'active',
  mode: 'BACKWARD',
  text: `# ünïcode \u{1f9f6} and a NUL \u0000\r\nversion: ${version}\n`,
  publishedAt: 1_700_000_000_000,
  publishedBy: 'a "steward"',
  ...marks,
});
const code = (expected: string): unknown => expect.objectContaining({ code: expected });

/** What every ContractRegistry keeps. `make` gives an empty one; call it at the top level of a test file. */
export function contractRegistryConformance(name: string, make: () => Promise<ContractRegistryUnderTest>): void {
  describe(`contract registry: ${name}`, () => {
    let made: ContractRegistryUnderTest;
    let registry: ContractRegistry;
    beforeEach(async () => {
      made = await make();
      registry = made.registry;
    });
    afterEach(async () => {
      await made.dispose?.();
    });

    it('has nothing before the first version', async () => {
      expect(await registry.majors('sap', 'material')).toEqual([]);
      expect(await registry.versions(MATERIAL)).toEqual([]);
    });

    it('gives back all that was registered, to the letter, to itself and to others', async () => {
      const first = await registry.append(MATERIAL, draft('1.0.0'), 0);
      const { text, ...rest } = draft('1.0.0');
      expect(first).toEqual({ ...rest, line: MATERIAL, sequence: 1 });
      const second = await made.other().append(MATERIAL, draft('1.1.0', { text: '', mode: 'NONE', status: 'retired' }), 1);
      for (const reader of [registry, made.other()]) {
        expect(await reader.versions(MATERIAL)).toEqual([first, second]);
        expect(await reader.text(first)).toBe(text);
        expect(await reader.text(second)).toBe('');
        expect(await reader.majors('sap', 'material')).toEqual([1]);
      }
    });

    it('does not let its answers be a way to change it', async () => {
      await registry.append(MATERIAL, draft('1.0.0'), 0);
      const answer = (await registry.versions(MATERIAL)) as unknown[];
      await Promise.resolve()
        .then(() => answer.pop())
        .catch(() => undefined);
      expect(await registry.versions(MATERIAL)).toHaveLength(1);
    });

    it('refuses a version that was made for another state, says who was first, and changes nothing', async () => {
      await expect(registry.append(MATERIAL, draft('1.0.0'), 1)).rejects.toEqual(code('SKEIN_CONTRACT_CONFLICT'));
      const first = await made.other().append(MATERIAL, draft('1.0.0'), 0);
      const lost = await registry.append(MATERIAL, draft('1.0.1'), 0).catch((error: unknown) => error);
      expect(lost).toEqual(code('SKEIN_CONTRACT_CONFLICT'));
      expect((lost as { context: unknown }).context).toMatchObject({ product: 'sap.material', version: '1.0.0', hash: first.hash });
      for (const after of [2, -1, 0.5, Number.NaN]) await expect(registry.append(MATERIAL, draft('1.0.1'), after)).rejects.toBeInstanceOf(Error);
      expect(await registry.versions(MATERIAL)).toEqual([first]);
    });

    it('lets exactly one of many at once through, again and again', async () => {
      const racers = [registry, made.other(), made.other(), made.other()];
      for (let round = 0; round < 10; round += 1) {
        const tries = await Promise.allSettled(
          racers.flatMap((racer, at) => [racer, racer].map((one, twice) => one.append(MATERIAL, draft(`1.${round}.${at * 2 + twice}`), round))),
        );
        expect(tries.filter((one) => one.status === 'fulfilled')).toHaveLength(1);
        for (const one of tries) if (one.status === 'rejected') expect(one.reason).toEqual(code('SKEIN_CONTRACT_CONFLICT'));
      }
      const versions = await made.other().versions(MATERIAL);
      expect(versions.map(({ sequence }) => sequence)).toEqual(Array.from({ length: 10 }, (_, index) => index + 1));
      expect(versions.map(({ version }) => Number(version.split('.')[1]))).toEqual(Array.from({ length: 10 }, (_, index) => index));
    });

    it('keeps products and majors apart', async () => {
      const lines: TableRef[] = [
        MATERIAL,
        { ...MATERIAL, major: 12 },
        { ...MATERIAL, major: 2 },
        { ...MATERIAL, name: 'materials' },
        { ...MATERIAL, domain: 'ga4' },
      ];
      for (const line of lines) await registry.append(line, draft(`${line.major}.0.0`), 0);
      expect(await made.other().majors('sap', 'material')).toEqual([1, 2, 12]);
      expect(await made.other().majors('ga4', 'material')).toEqual([1]);
      for (const line of lines) expect(await made.other().versions(line)).toHaveLength(1);
    });

    it.each(['..', '../sap', 'a/b', 'a\\b', 'A', '', 'a\u0000', 'ä', '.', 'a'.repeat(64)])('takes %j for no name', async (bad) => {
      for (const line of [
        { ...MATERIAL, domain: bad },
        { ...MATERIAL, name: bad },
      ]) {
        await expect(registry.versions(line)).rejects.toEqual(code('SKEIN_NAME_INVALID'));
        await expect(registry.majors(line.domain, line.name)).rejects.toEqual(code('SKEIN_NAME_INVALID'));
        await expect(registry.append(line, draft('1.0.0'), 0)).rejects.toEqual(code('SKEIN_NAME_INVALID'));
      }
    });

    it('takes names of the language for names like any other', async () => {
      for (const name of ['constructor', 'prototype', 'valueof', 'hasownproperty']) {
        const line = { domain: 'constructor', name, major: 1 };
        expect(await registry.versions(line)).toEqual([]);
        await registry.append(line, draft('1.0.0'), 0);
        expect(await made.other().versions(line)).toHaveLength(1);
      }
    });

    it.each([-1, 1.5, Number.NaN, 1e21])('takes %d for no major', async (major) => {
      await expect(registry.append({ ...MATERIAL, major }, draft('1.0.0'), 0)).rejects.toEqual(code('SKEIN_NAME_INVALID'));
    });
  });
}
