import { lintContract } from '@skein/contract';
import { SkeinError } from '@skein/kernel';
import { contractFiles, readText } from '../contract/contract-file.ts';
import { approvalsBeside } from './approvals-file.ts';
import type { GatewayContracts } from './gateway-contracts.ts';
import type { Pair, VersionText } from './pair.ts';
import { bySemver } from './semver-order.ts';

/**
 * Contracts of the working tree and every version that the registry keeps of their major. A major that the registry does not have
 * is a new contract. Throws SKEIN_PRODUCT_UNKNOWN where the registry shows none of the products: then it compared nothing.
 */
export async function registryPairs(targets: readonly string[], registry: GatewayContracts, cwd: string): Promise<Pair[]> {
  const pairs: Pair[] = [];
  let known = 0;
  for (const file of await contractFiles(targets, cwd)) {
    const text = await readText(file);
    const { contract } = lintContract(text, file, 'skein');
    const earlier: VersionText[] = [];
    const versions = contract && (await registry.versions(contract.product));
    if (versions || !contract) known += 1;
    const major = contract?.version.split('.')[0];
    const line = (versions ?? []).filter(({ version }) => version.split('.')[0] === major).sort((a, b) => bySemver(a.version, b.version));
    for (const { version } of contract ? line : [])
      earlier.push({ file: `registry:${contract?.product}@${version}`, text: await registry.text(contract?.product ?? '', version) });
    pairs.push({ file, earlier, next: { file, text }, approvals: await approvalsBeside(file) });
  }
  if (known === 0)
    throw new SkeinError('SKEIN_PRODUCT_UNKNOWN', 'the registry shows none of these products to you', {
      hint: 'Give a token that may see them (--token-file), and check the address.',
    });
  return pairs;
}
