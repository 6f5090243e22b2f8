import { checkName, SkeinError } from '@skein/kernel';
import type { ContractRegistry, RegisteredVersion } from '@skein/ports';
import type { TableRef } from '@skein/product';

const LARGEST_MAJOR = 999_999_999;

/** The registry of one process, gone with it: for tests, and for gateways that keep nothing. */
export function memoryContractRegistry(): ContractRegistry {
  const lines = new Map<string, { readonly version: RegisteredVersion; readonly text: string }[]>();
  const keyOf = ({ domain, name, major }: TableRef): string => {
    checkName('domain', domain);
    checkName('product', name);
    if (!Number.isSafeInteger(major) || major < 0 || major > LARGEST_MAJOR)
      throw new SkeinError('SKEIN_NAME_INVALID', `major version ${String(major)} is not allowed`, { context: { major: String(major) } });
    return `${domain}.${name}.${major}`;
  };
  return {
    async majors(domain, name) {
      keyOf({ domain, name, major: 0 });
      const found = [...lines.values()].flatMap(([first]) =>
        first?.version.line.domain === domain && first.version.line.name === name ? first.version.line.major : [],
      );
      return found.sort((a, b) => a - b);
    },
    versions: async (line) => (lines.get(keyOf(line)) ?? []).map(({ version }) => version),
    async text({ line, sequence }) {
      const kept = lines.get(keyOf(line))?.[sequence - 1];
      if (!kept) throw new SkeinError('SKEIN_REGISTRY_CORRUPT', `version ${sequence} of ${line.domain}.${line.name} is missing`);
      return kept.text;
    },
    async append({ domain, name, major }, { text, ...draft }, after) {
      const line = { domain, name, major };
      const kept = lines.get(keyOf(line)) ?? [];
      const newest = kept.at(-1)?.version;
      if (kept.length !== after) {
        const product = `${domain}.${name}`;
        throw new SkeinError('SKEIN_CONTRACT_CONFLICT', `the newest version of ${product} is ${newest?.version ?? 'none'} now`, {
          context: { product, ...(newest ? { version: newest.version, hash: newest.hash } : {}) },
        });
      }
      const version = Object.freeze({ ...draft, line, sequence: after + 1 });
      lines.set(keyOf(line), [...kept, { version, text }]);
      return version;
    },
  };
}
