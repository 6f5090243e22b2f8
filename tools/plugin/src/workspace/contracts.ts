import type { Tree } from '@nx/devkit';

/** Every contract of the tree, with what was written to it in this run. */
export function contractTexts(tree: Tree): { path: string; text: string }[] {
  const found: { path: string; text: string }[] = [];
  for (const domain of tree.children('contracts')) {
    for (const product of tree.isFile(`contracts/${domain}`) ? [] : tree.children(`contracts/${domain}`)) {
      for (const major of tree.isFile(`contracts/${domain}/${product}`) ? [] : tree.children(`contracts/${domain}/${product}`)) {
        const file = `contracts/${domain}/${product}/${major}/contract.odcs.yaml`;
        const text = /^v[0-9]+$/.test(major) ? tree.read(file, 'utf8') : null;
        if (text !== null) found.push({ path: file, text });
      }
    }
  }
  return found.sort((a, b) => (a.path < b.path ? -1 : 1));
}
