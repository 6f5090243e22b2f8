import type { Reader } from './readers.ts';

export interface Notice {
  readonly product: string;
  readonly from: number;
  readonly until: string;
  readonly readers: readonly Reader[];
}

/** What a domain's README says to readers of the older major, and who they are. */
export function noticeText({ product, from, until, readers }: Notice): string {
  const rows = readers.map(({ who, how, seen }) => `| ${cell(who)} | ${cell(how)} | ${cell(seen)} |\n`).join('');
  const known = readers.length === 0 ? 'Nobody is known to read it.\n' : `| who reads it | how | seen |\n|---|---|---|\n${rows}`;
  return `## ${product}: from ${from} to ${from + 1}

Major ${from} is deprecated and published until ${until}, as \`${product}_v${from}\`; its successor is \`${product}_v${from + 1}\`, which has the name
\`${product}\` once its contract is active.

${known}`;
}

/** Whether a heading is that of a notice on the product; without a major, on any of it. */
export function isNotice(heading: string, product: string, from?: number): boolean {
  return from === undefined ? heading.startsWith(`## ${product}: from `) : heading === `## ${product}: from ${from} to ${from + 1}`;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll(/\s+/g, ' ');
}
