import { fileURLToPath } from 'node:url';
import { buildCommand, type CommandContext } from '@stricli/core';
import { completionScript, SHELLS, type Shell } from './scripts.ts';

export const completionRoute = buildCommand({
  func(this: CommandContext, _flags: object, shell: Shell): void {
    this.process.stdout.write(completionScript(shell, process.execPath, fileURLToPath(new URL('../../bin/skein.js', import.meta.url))));
  },
  parameters: {
    positional: {
      kind: 'tuple',
      parameters: [
        { brief: SHELLS.join(', '), parse: shellOf, placeholder: 'shell', proposeCompletions: (partial) => SHELLS.filter((one) => one.startsWith(partial)) },
      ],
    },
  },
  docs: {
    brief: 'Print a script that completes commands, flags, domains and products',
    fullDescription: 'bash: source <(npx skein completion bash). zsh: source <(npx skein completion zsh). fish: npx skein completion fish | source.',
  },
});

function shellOf(text: string): Shell {
  const shell = SHELLS.find((one) => one === text);
  if (shell === undefined) throw new SyntaxError(`${JSON.stringify(text)} is none of ${SHELLS.join(', ')}`);
  return shell;
}
