import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { CommandContext } from '@stricli/core';
import { dictionaryHtml, dictionaryMarkdown } from '@skein/contract/formats';
import { SkeinError } from '@skein/kernel';
import { writeOut } from '../output/write-reports.ts';
import { contractFiles } from './contract-file.ts';
import { EXIT, finish } from './finish.ts';
import { readContractFile } from './read-file.ts';

export async function docs(this: CommandContext, flags: { readonly out: string }, ...targets: string[]): Promise<void> {
  await finish(this, false, async () => {
    const cwd = process.cwd();
    if (targets.length === 0)
      throw new SkeinError('SKEIN_USAGE', 'docs needs a contract file or a folder', { hint: 'Try: skein contract docs contracts --out dictionary' });
    const contracts = await Promise.all((await contractFiles(targets, cwd)).map((file) => readContractFile(file)));
    const folder = path.resolve(cwd, flags.out);
    const pages = [...dictionaryMarkdown(contracts), { path: 'index.html', text: dictionaryHtml(contracts) }];
    // Names of domains and products are checked when a contract is read; a path that left the folder would be a fault of ours.
    for (const page of pages) {
      const file = path.join(folder, page.path);
      if (!file.startsWith(folder + path.sep)) throw new SkeinError('SKEIN_INTERNAL', `the page ${page.path} leaves the folder`);
      await mkdir(path.dirname(file), { recursive: true });
      await writeOut(file, page.text);
    }
    this.process.stdout.write(`${pages.length} pages of ${contracts.length} contracts in ${flags.out}\n`);
    return EXIT.ok;
  });
}
