import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { CommandContext, StricliProcess } from '@stricli/core';
import { systemClock } from '@skein/kernel';
import { printable } from '../output/place-text.ts';
import type { Finding } from './finding.ts';
import { clockCheck, diskCheck, memoryCheck, writeCheck } from './machine-checks.ts';
import { modelCheck, portCheck, redisCheck } from './service-checks.ts';
import { buildCheck, contractsCheck, lockCheck, nodeCheck } from './workspace-checks.ts';

export interface DoctorFlags {
  readonly data: string;
  readonly at: string;
  readonly redis?: string;
  readonly modelAddress?: string;
  readonly json: boolean;
}

const ROOT = fileURLToPath(new URL('../../../..', import.meta.url));

/** `skein doctor`: what stands in the way, and what to do about it. */
export async function doctor(this: CommandContext, flags: DoctorFlags): Promise<void> {
  const own = this.process as StricliProcess;
  const findings = await examine(flags, ROOT);
  own.stdout.write(flags.json ? `${JSON.stringify({ ok: !isIll(findings), findings }, null, 2)}\n` : text(findings));
  own.exitCode = isIll(findings) ? 1 : 0;
}

/** All checks, at once; one that breaks is a finding too. */
export async function examine({ data, at, redis, modelAddress }: Omit<DoctorFlags, 'json'>, root: string): Promise<Finding[]> {
  const port = portCheck(at);
  const checks: readonly (readonly [string, Promise<Finding> | Finding])[] = [
    ['node', nodeCheck(root)],
    ['build', buildCheck(root)],
    ['contracts', contractsCheck(path.join(root, 'contracts'))],
    ['locks', lockCheck(root)],
    ['data', writeCheck(data)],
    ['disk', diskCheck(data)],
    ['memory', memoryCheck()],
    ['port', port.then(({ finding }) => finding)],
    ['clock', port.then(({ clock }) => clockCheck(systemClock.now(), clock))],
    ...(redis === undefined || redis === '' ? [] : [['redis', redisCheck(redis)] as const]),
    ...(modelAddress === undefined ? [] : [['model', modelCheck(modelAddress)] as const]),
  ];
  return await Promise.all(
    checks.map(async ([check, finding]): Promise<Finding> => {
      try {
        return await finding;
      } catch (error) {
        return { check, state: 'fail', message: `the check itself failed: ${String(error)}`, fix: 'Look at what the message names.' };
      }
    }),
  );
}

function isIll(findings: readonly Finding[]): boolean {
  return findings.some(({ state }) => state === 'fail');
}

const SIGN: Readonly<Record<Finding['state'], string>> = { ok: 'ok  ', warn: 'warn', fail: 'fail' };

function text(findings: readonly Finding[]): string {
  const lines = findings.flatMap(({ check, state, message, fix }) => [
    `${SIGN[state]}  ${check.padEnd(9)}  ${printable(message)}`,
    ...(fix === undefined ? [] : [`                 fix: ${printable(fix)}`]),
  ]);
  const count = (state: Finding['state']) => findings.filter((one) => one.state === state).length;
  return `${lines.join('\n')}\n${findings.length} checks: ${count('ok')} ok, ${count('warn')} to mind, ${count('fail')} to mend\n`;
}
