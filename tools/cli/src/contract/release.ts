import type { CommandContext } from '@stricli/core';
import { SkeinError, systemClock } from '@skein/kernel';
import { releases } from '../diff/release.ts';
import { fileText } from '../output/place-text.ts';
import type { ReportFlags } from '../output/write-reports.ts';
import { report } from './diff.ts';
import { EXIT, finish } from './finish.ts';

export interface ReleaseFlags extends ReportFlags {
  readonly check: boolean;
  readonly against?: string;
}

export async function release(this: CommandContext, flags: ReleaseFlags, ...targets: string[]): Promise<void> {
  await finish(this, flags.json, async () => {
    const cwd = process.cwd();
    if (targets.length === 0)
      throw new SkeinError('SKEIN_USAGE', 'release needs a contract file or a folder', { hint: 'Try: skein contract release contracts --check' });
    const today = new Date(systemClock.now()).toISOString().slice(0, 10);
    const { check, against } = flags;
    const { steps, contracts, versions, written, base } = await releases(targets, { cwd, today, check, ...(against === undefined ? {} : { against }) });
    const { stdout, stderr } = this.process;
    await report('contract release', steps, { ...flags, quiet: true }, { stdout, cwd });
    for (const file of written) stderr.write(`recorded ${fileText(file, cwd)}\n`);
    const history = base ? `${base.versions} of them stood at ${base.ref.slice(0, 12)}` : 'no earlier commit is known here';
    stderr.write(`looked at ${contracts} contracts and ${versions} released versions; ${history}\n`);
    return steps.every((step) => step.allowed) ? EXIT.ok : EXIT.findings;
  });
}
