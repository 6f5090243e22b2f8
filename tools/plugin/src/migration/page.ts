import type { Reader } from './readers.ts';

export interface Notice {
  readonly product: string;
  readonly from: number;
  readonly until: string;
  readonly readers: readonly Reader[];
}

/** Title of the part of a domain's README that tells of a migration. */
function title({ product, from }: Pick<Notice, 'product' | 'from'>): string {
  return `## ${product}: from ${from} to ${from + 1}`;
}

/** The README with what readers of the older major have to know, and who they are. */
export function withNotice(page: string, notice: Notice): string {
  const { product, from, until, readers } = notice;
  const rows = readers.map(({ who, how, seen }) => `| ${cell(who)} | ${cell(how)} | ${cell(seen)} |\n`).join('');
  const known = readers.length === 0 ? 'Nobody is known to read it.\n' : `| who reads it | how | seen |\n|---|---|---|\n${rows}`;
  return `${page.trimEnd()}

${title(notice)}

Major ${from} is deprecated and published until ${until}, as \`${product}_v${from}\`; its successor is \`${product}_v${from + 1}\`, which has the name
\`${product}\` once its contract is active.

${known}`;
}

/** The README without what told of a migration; all of a product's without `from`. */
export function withoutNotice(page: string, product: string, from?: number): string {
  const parts = page.split(/^(?=## )/m);
  const heading = from === undefined ? `## ${product}: from ` : `${title({ product, from })}\n`;
  const kept = parts.filter((part) => !part.startsWith(heading));
  return kept.length === parts.length ? page : `${kept.join('').trimEnd()}\n`;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll(/\s+/g, ' ');
}
