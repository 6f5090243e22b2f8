import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { lintContract, type Contract } from '@skein/contract';
import type { Snapshot } from '@skein/product';
import { readText } from '../contract/contract-file.ts';
import { approvalsBeside } from '../diff/approvals-file.ts';
import { judgeStep, type JudgedStep } from '../diff/judge-step.ts';
import type { VersionText } from '../diff/pair.ts';
import { bySemver } from '../diff/semver-order.ts';
import { isHidden } from './row-diff.ts';

export interface ContractStep {
  /** Undefined where the live snapshot was published by this very contract, and where that one is not known. */
  readonly step: JudgedStep | undefined;
  /** Columns that were classified when the live snapshot was published. */
  readonly hiddenBefore: ReadonlySet<string>;
  /** Why nothing was compared. */
  readonly note?: string;
}

/** Judges the step from the contract that the live snapshot was published by, as it was released, to the one at hand. */
export async function contractStep(contract: Contract, live: Snapshot | undefined, today: string): Promise<ContractStep> {
  const nothing = new Set<string>();
  if (live === undefined || live.contractHash === contract.hash) return { step: undefined, hiddenBefore: nothing };
  const folder = path.dirname(path.resolve(contract.file));
  const names = await readdir(path.join(folder, 'released')).catch(() => []);
  const versions = names.flatMap((name) => /^(\d.*)\.yaml$/.exec(name)?.[1] ?? []).sort(bySemver);
  const records = await Promise.all(
    versions.map(async (version): Promise<VersionText & { readonly contract: Contract | undefined }> => {
      const file = path.join(folder, 'released', `${version}.yaml`);
      const text = await readText(file);
      return { file, text, contract: lintContract(text, file, 'skein').contract };
    }),
  );
  const at = records.findLastIndex((record) => record.contract?.hash === live.contractHash);
  const last = records[at]?.contract;
  if (last === undefined) {
    const note = `version ${live.version} is live by a contract ${live.contractVersion} that is not among the released ones, so nothing can be compared with it`;
    // What was classified then is not known: every column of the live rows counts as it.
    return { step: undefined, hiddenBefore: new Set(live.fields.map(({ name }) => name)), note };
  }
  const approvals = await approvalsBeside(path.join(folder, 'contract.odcs.yaml'));
  const earlier = records.slice(0, at + 1).map(({ file, text }) => ({ file, text }));
  const step = await judgeStep({ file: contract.file, earlier, next: { file: contract.file, text: await readText(contract.file) }, approvals }, { today });
  return { step, hiddenBefore: new Set(last.properties.filter(({ classification }) => isHidden(classification)).map(({ name }) => name)) };
}
