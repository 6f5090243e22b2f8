import type { Tree } from '@nx/devkit';

/** Adds a part to a domain's README, behind all others; a domain without a README gets one of it. */
export function withSection(tree: Tree, domain: string, text: string, page = `# ${domain}\n`): void {
  const file = readmeOf(domain);
  tree.write(file, `${(tree.read(file, 'utf8') ?? page).trimEnd()}\n\n${text}`);
}

/** Takes the parts out of a domain's README whose heading is meant. */
export function withoutSection(tree: Tree, domain: string, isMeant: (heading: string) => boolean): void {
  const file = readmeOf(domain);
  const page = tree.read(file, 'utf8');
  if (page === null) return;
  const parts = page.split(/^(?=## )/m);
  const kept = parts.filter((part) => !isMeant(part.split('\n')[0] ?? ''));
  if (kept.length === parts.length) return;
  const rest = `${kept.join('').trimEnd()}\n`;
  // One that held nothing else was written for it.
  if (rest === `# ${domain}\n`) tree.delete(file);
  else tree.write(file, rest);
}

function readmeOf(domain: string): string {
  return `domains/${domain}/README.md`;
}
