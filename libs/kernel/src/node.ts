import { SkeinError } from './error.ts';

/** The oldest major version of Node.js that Skein is tested on; .nvmrc and package.json carry the exact one. */
export const NODE_MAJOR = 24;

/**
 * Throws SKEIN_NODE_VERSION when the running Node.js is older than `minMajor`. Mains call it first, and load the rest by a
 * dynamic import after it: the packages that bring Node are optional, so they can be missing without a word.
 */
export function assertNode(minMajor: number = NODE_MAJOR, version: string = process.versions.node): void {
  const major = Number.parseInt(version, 10);
  if (Number.isInteger(major) && major >= minMajor) return;
  throw new SkeinError('SKEIN_NODE_VERSION', `this is Node ${version}, and Skein needs Node ${minMajor} or newer`, { context: { version, minMajor } });
}
