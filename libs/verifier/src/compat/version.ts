import type { Bump } from './contract-rule.ts';

/**
 * What a version gained over another (semver 2.0.0), and what that counts as: below 1.0.0 nothing is promised, so a minor step
 * there counts as a major one, as package managers read it (`^0.2.0`). What follows `-` or `+` does not count.
 */
export function givenBump(old: string, next: string): { readonly bump: Bump | 'lower'; readonly counts: Bump } {
  const [a, b] = [numbers(old), numbers(next)];
  for (const [at, bump] of (['major', 'minor', 'patch'] as const).entries()) {
    const [before, after] = [a[at] ?? 0, b[at] ?? 0];
    if (after < before) return { bump: 'lower', counts: 'none' };
    if (after > before) return { bump, counts: bump === 'minor' && a[0] === 0 ? 'major' : bump };
  }
  return { bump: 'none', counts: 'none' };
}

function numbers(version: string): number[] {
  return (version.split(/[-+]/)[0] ?? '').split('.').map(Number);
}
