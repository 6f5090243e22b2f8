import { proposeCompletions, type Application, type CommandContext } from '@stricli/core';

/**
 * Prints what may stand in place of the last word, one a line with a tab and what it says: what `skein completion` has shells call. Values come before
 * flags, which are only proposed where there is no value, or where a flag was begun. A word that cannot be completed prints nothing.
 */
export async function proposeWords(app: Application<CommandContext>, words: readonly string[], out: NodeJS.Process): Promise<void> {
  const typed = words.length === 0 ? [''] : words;
  const found = await proposeCompletions(app, typed, { process: out }).catch(() => []);
  const isFlag = typed.at(-1)?.startsWith('-') === true;
  const values = found.filter(({ kind }) => !kind.endsWith('flag'));
  const shown = isFlag || values.length === 0 ? found : values;
  out.stdout.write(shown.map(({ completion, brief }) => `${completion}\t${brief.replaceAll(/\s+/g, ' ')}\n`).join(''));
}
