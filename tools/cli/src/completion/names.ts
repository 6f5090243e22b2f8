import { readdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** `contracts/` of this repository: names are read from the disk, so that completion needs no gateway. */
const CONTRACTS = fileURLToPath(new URL('../../../../contracts', import.meta.url));

/** Domains that have a contract. */
export function domainNames(partial: string): string[] {
  return folders(CONTRACTS).filter((name) => name !== 'skein' && folders(path.join(CONTRACTS, name)).length > 0 && name.startsWith(partial));
}

/** Ids of products: `<domain>.<name>`. */
export function productNames(partial: string): string[] {
  const [domain = '', name] = partial.split('.');
  const domains = name === undefined ? domainNames(domain) : domainNames(domain).filter((one) => one === domain);
  return domains.flatMap((one) => folders(path.join(CONTRACTS, one)).map((product) => `${one}.${product}`)).filter((id) => id.startsWith(partial));
}

/** Roles that the demo has. */
export function roleNames(partial: string): string[] {
  return ['analyst', 'steward', 'public'].filter((role) => role.startsWith(partial));
}

function folders(directory: string): string[] {
  try {
    return readdirSync(directory, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && /^[a-z][a-z0-9_]*$/.test(entry.name) && entry.name !== 'dist')
      .map(({ name }) => name)
      .sort();
  } catch {
    return [];
  }
}

export const domainArgument = {
  kind: 'tuple',
  parameters: [{ brief: 'Domain, such as sap', parse: String, placeholder: 'domain', proposeCompletions: domainNames }],
} as const;
