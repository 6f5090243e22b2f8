/**
 * Where an output departs from what a page shows of it; undefined where it does not. Lines of the page are found in the output in their order, blanks at
 * their ends aside; `…` within a line stands for anything, a line of `…` alone for any lines. Between two lines without such a line nothing else stands.
 */
export function departure(shown: string, output: string): string | undefined {
  const lines = output.split('\n').map((line) => line.trimEnd());
  const wanted = shown.split('\n').map((line) => line.trimEnd());
  // What npm and the shell say before and after is not the page's matter.
  let at = 0;
  let free = true;
  for (const line of wanted) {
    if (line === '…') {
      free = true;
      continue;
    }
    const found = lines.findIndex((one, index) => index >= at && matches(line, one));
    if (found < 0) return `the page shows a line that is not printed there: ${JSON.stringify(line)}`;
    if (!free && found > at)
      return `after ${JSON.stringify(lines[at - 1])} it prints ${JSON.stringify(lines[at])}, where the page shows ${JSON.stringify(line)}`;
    at = found + 1;
    free = false;
  }
  return undefined;
}

function matches(shown: string, printed: string): boolean {
  if (!shown.includes('…')) return shown === printed;
  return new RegExp(
    `^${shown
      .split('…')
      .map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'))
      .join('.*')}$`,
  ).test(printed);
}
