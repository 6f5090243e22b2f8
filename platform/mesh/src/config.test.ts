import { describe, expect, it } from 'vitest';
import { readConfig } from './config.ts';

const read = (...args: string[]) => readConfig(args, {}, { contracts: 'contracts' });
const SERVICE = ['--model-address', 'https://models.example.org/v1', '--model', 'm'];

describe('options of the mesh', () => {
  it('ask no model unless an address and a model are named', () => {
    expect(read()).toMatchObject({ model: undefined });
    expect(read(...SERVICE)).toMatchObject({
      model: { address: 'https://models.example.org/v1', model: 'm', budget: { calls: 20, tokens: 50_000 }, timeoutMs: 30_000, tellValues: false },
    });
    expect(read(...SERVICE, '--model-calls', '3', '--model-tokens', '9000', '--model-timeout', '5', '--model-sees-values')).toMatchObject({
      model: { budget: { calls: 3, tokens: 9_000 }, timeoutMs: 5_000, tellValues: true },
    });
  });

  it.each([
    ['--model', 'm'],
    ['--model-address', 'https://models.example.org'],
    ['--model-sees-values'],
    [...SERVICE, '--model-calls', '0'],
    [...SERVICE, '--model-tokens', '1e9'],
    [...SERVICE, '--model-timeout', '-1'],
  ])('refuse half a model, and numbers that are none: %s %s', (...args) => {
    expect(() => read(...args)).toThrow(expect.objectContaining({ code: expect.stringMatching(/SKEIN_(CONFIG_INVALID|USAGE)/) as string }) as Error);
  });
});
