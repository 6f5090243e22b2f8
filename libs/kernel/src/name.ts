import { SkeinError } from './error.ts';

const NAME = /^[a-z][a-z0-9_]{0,62}$/;

/** Domain, product and source names are path and SQL parts, so one strict form serves both. */
export function checkName(kind: 'domain' | 'product' | 'source' | 'role', name: string): string {
  if (!NAME.test(name)) throw new SkeinError('SKEIN_NAME_INVALID', `${kind} name ${JSON.stringify(name)} is not allowed`, { context: { kind, name } });
  return name;
}
