import type { Tree } from '@nx/devkit';

/** TypeScript files of a domain, in this tree. */
export function domainSources(tree: Tree, domain: string): string[] {
  return below(tree, `domains/${domain}/src`);
}

function below(tree: Tree, folder: string): string[] {
  return tree.children(folder).flatMap((child) => {
    const file = `${folder}/${child}`;
    return tree.isFile(file) ? (file.endsWith('.ts') ? [file] : []) : below(tree, file);
  });
}

/** Whether a step in the text has the product among its inputs. */
export function readsProduct(text: string, name: string): boolean {
  return [...text.matchAll(/\bfrom: \[([^\]]*)\]/g)].some(([, list = '']) => list.includes(`'${name}'`));
}
