export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** The word by which a script asks for proposals; no command. */
export const PROPOSE = '__complete';

/**
 * A script that completes `skein`. It starts Node with the command's file by their paths, because that takes a tenth of the time of npx; where they are
 * gone, it proposes nothing.
 */
export function completionScript(shell: Shell, node: string, command: string): string {
  return SCRIPTS[shell](quoted(node, shell), quoted(command, shell));
}

const SCRIPTS: Readonly<Record<Shell, (node: string, command: string) => string>> = {
  bash: (node, command) => `# Completion of skein for bash. Try it: source <(npx skein completion bash)
_skein() {
  local node=${node} command=${command} line word
  local -a words=()
  COMPREPLY=()
  [[ -x $node && -f $command ]] || return
  # Bash parts words at = and :, and skein takes a flag's value as a word of its own.
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD}"; do
    if [[ $word == = ]]; then words+=(''); elif (( \${#words[@]} )) && [[ -z \${words[-1]} ]]; then words[-1]=$word; else words+=("$word"); fi
  done
  while IFS= read -r line; do
    COMPREPLY+=("\${line%%$'\\t'*}")
  done < <("$node" "$command" ${PROPOSE} "\${words[@]}" 2>/dev/null)
}
complete -o bashdefault -o default -F _skein skein
`,
  zsh: (node, command) => `#compdef skein
# Completion of skein for zsh. Try it: source <(npx skein completion zsh)
_skein() {
  local node=${node} command=${command} line
  local -a found
  [[ -x $node && -f $command ]] || return 1
  while IFS= read -r line; do
    found+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
  done < <("$node" "$command" ${PROPOSE} "\${(@)words[2,CURRENT]}" 2>/dev/null)
  if (( \${#found} )); then _describe 'skein' found; else _files; fi
}
compdef _skein skein
`,
  fish: (node, command) => `# Completion of skein for fish. Try it: npx skein completion fish | source
function __skein_complete
  set -l node ${node}
  set -l command ${command}
  test -x $node -a -f $command; or return
  set -l words (commandline -opc)[2..-1] (commandline -ct)
  set -l found ($node $command ${PROPOSE} $words 2>/dev/null)
  if test (count $found) -gt 0
    printf '%s\\n' $found
  else
    __fish_complete_path (commandline -ct)
  end
end
complete -c skein -f -a '(__skein_complete)'
`,
};

/** A path as one word; fish knows backslashes within quotes, the others do not. */
function quoted(text: string, shell: Shell): string {
  if (shell === 'fish') return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
