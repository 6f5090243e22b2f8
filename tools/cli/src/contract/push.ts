import path from 'node:path';
import type { CommandContext } from '@stricli/core';
import { lintContract } from '@skein/contract';
import { formatError, SkeinError } from '@skein/kernel';
import { approvalsBeside } from '../diff/approvals-file.ts';
import { GatewayContracts, readToken } from '../diff/gateway-contracts.ts';
import { humanText } from '../output/human.ts';
import { printable } from '../output/place-text.ts';
import { readText } from './contract-file.ts';
import { EXIT, finish } from './finish.ts';
import { lintText, subjectOf } from './lint.ts';

export interface PushFlags {
  readonly to: string;
  readonly tokenFile?: string;
  readonly json: boolean;
}

/** `push FILE --to URL`: registers a version. What lint finds is not sent; what the registry refuses is told by its findings. */
export async function push(this: CommandContext, flags: PushFlags, file: string): Promise<void> {
  const { stdout, stderr } = this.process;
  await finish(this, flags.json, async () => {
    const cwd = process.cwd();
    const gateway = new GatewayContracts(flags.to, await readToken(flags.tokenFile));
    const target = path.resolve(cwd, file);
    const text = await readText(target);
    const linted = lintText(text, target, 'skein');
    const errors = { ...linted, findings: linted.findings.filter((one) => one.severity === 'error') };
    const { contract } = lintContract(text, target, 'skein');
    if (errors.findings.length > 0 || !contract) {
      stderr.write(`${humanText([subjectOf(errors, cwd)], cwd)}nothing was sent\n`);
      return EXIT.findings;
    }
    try {
      const answer = await gateway.push(contract.product, text, (await approvalsBeside(target))?.text);
      stdout.write(
        flags.json
          ? `${JSON.stringify(answer, null, 2)}\n`
          : printable(`${contract.product} ${contract.version} ${answer.created ? 'is registered' : 'stood there already'}\n`),
      );
      return EXIT.ok;
    } catch (error) {
      const findings = error instanceof SkeinError ? error.context['findings'] : undefined;
      if (!(error instanceof SkeinError) || error.code !== 'SKEIN_CONTRACT_INCOMPATIBLE' || flags.json) throw error;
      for (const one of Array.isArray(findings) ? (findings as { rule?: unknown; reason?: unknown }[]) : [])
        stderr.write(`${printable(`${String(one.reason)}\n  rule: ${String(one.rule)}`)}\n`);
      stderr.write(`${formatError(error)}\n`);
      return EXIT.findings;
    }
  });
}
