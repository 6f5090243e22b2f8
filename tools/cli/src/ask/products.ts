import type { CommandContext } from '@stricli/core';
import { SkeinError } from '@skein/kernel';
import { printable } from '../output/place-text.ts';
import { asking, gatewayOf, type AskFlags } from './gateway.ts';
import { tableText } from './table.ts';

interface Summary {
  readonly id: string;
  readonly kind: string;
  readonly description?: string;
  readonly owner?: string;
  readonly contractVersion: string;
  readonly version?: number;
  readonly freshness?: { readonly state: string; readonly ageMs: number };
}

interface Detail extends Summary {
  readonly columns: readonly {
    readonly name: string;
    readonly type: string;
    readonly classification: string;
    readonly access: string;
    readonly description?: string;
  }[];
  readonly rowFilter: boolean;
  readonly lineage?: { readonly inputs: readonly Input[]; readonly columns: readonly { readonly column: string; readonly from: readonly string[] }[] };
  readonly majors: readonly string[];
}

interface Input {
  readonly kind: string;
  readonly name: string;
  readonly version?: number;
}

const text = (type: string) => (name: string) => ({ name, type });
const [words, numbers] = [text('VARCHAR'), text('BIGINT')];

/** `skein products [ID]`: what there is, or one product with its columns, as far as whoever asks may know. */
export async function products(this: CommandContext, flags: AskFlags, id?: string): Promise<void> {
  await asking(this, flags, async () => {
    const { gateway } = await gatewayOf(flags);
    if (id !== undefined) {
      const detail = await gateway.ask<Detail>('GET', `/v1/products/${encodeURIComponent(id)}`);
      if (flags.json) return JSON.stringify(detail, null, 2);
      const head = [
        `${detail.id} ${detail.contractVersion}${detail.version === undefined ? ', not published yet' : `, snapshot ${detail.version}`}`,
        detail.description ?? '',
        detail.owner === undefined ? '' : `owner: ${detail.owner}`,
        freshText(detail),
      ];
      const rows = detail.columns.map((column) => ({
        column: column.name,
        type: column.type,
        class: column.classification,
        shown: column.access,
        description: column.description ?? '',
      }));
      const more = detail.majors.length > 0 ? `\nby number: ${detail.majors.join(', ')}` : '';
      return `${head
        .filter((line) => line !== '')
        .map(printable)
        .join('\n')}\n${tableText(['column', 'type', 'class', 'shown', 'description'].map(words), rows)}${more}`;
    }
    const { products: all } = await gateway.ask<{ products: readonly Summary[] }>('GET', '/v1/products');
    if (flags.json) return JSON.stringify(all, null, 2);
    if (all.length === 0) return 'no product is visible: another role may see more (--as ROLE, --token-file FILE)';
    const shown = all.filter(({ kind }) => kind === 'product');
    return tableText(
      [words('product'), words('contract'), numbers('snapshot'), words('freshness'), words('owner'), words('what')],
      shown.map((one) => ({
        product: one.id,
        contract: one.contractVersion,
        snapshot: one.version,
        freshness: freshText(one),
        owner: one.owner ?? '',
        what: one.description ?? '',
      })),
    );
  });
}

function freshText({ freshness }: Summary): string {
  if (!freshness) return '';
  const age = freshness.ageMs / 1_000;
  const old =
    age < 120
      ? `${Math.round(age)} s`
      : age < 7200
        ? `${Math.round(age / 60)} min`
        : age < 172_800
          ? `${Math.round(age / 3600)} h`
          : `${Math.round(age / 86_400)} d`;
  return freshness.state === 'unstated' ? `${old} old` : `${freshness.state}, ${old} old`;
}

export interface LineageFlags extends AskFlags {
  readonly mermaid: boolean;
  readonly column?: string;
}

interface Node {
  readonly id: string;
  readonly kind: string;
  readonly version?: number;
  readonly inputs: readonly Node[];
}

const DEEPEST = 20;

/** `skein lineage ID`: what a product is made of, down to the files of its sources. */
export async function lineage(this: CommandContext, flags: LineageFlags, id: string): Promise<void> {
  await asking(this, flags, async () => {
    const { gateway } = await gatewayOf(flags);
    const details = new Map<string, Promise<Detail | undefined>>();
    const detailOf = (name: string) => {
      const known =
        details.get(name) ??
        gateway.ask<Detail>('GET', `/v1/products/${encodeURIComponent(name)}`).catch((error: unknown) => {
          if (name !== id && error instanceof SkeinError && error.code === 'SKEIN_PRODUCT_UNKNOWN') return undefined;
          throw error;
        });
      details.set(name, known);
      return known;
    };
    const node = async (name: string, kind: string, version: number | undefined, depth: number): Promise<Node> => {
      const detail = kind === 'product' && depth < DEEPEST ? await detailOf(name) : undefined;
      const inputs = await Promise.all((detail?.lineage?.inputs ?? []).map((input) => node(input.name, input.kind, input.version, depth + 1)));
      return { id: name, kind, ...(version === undefined ? {} : { version }), inputs };
    };
    const top = await detailOf(id);
    if (!top) throw new SkeinError('SKEIN_PRODUCT_UNKNOWN', `there is no product ${JSON.stringify(id)}`);
    const tree = await node(id, 'product', top.version, 0);
    const columns = (top.lineage?.columns ?? []).filter(({ column }) => flags.column === undefined || column === flags.column);
    if (flags.column !== undefined && columns.length === 0)
      throw new SkeinError('SKEIN_USAGE', `${id} has no column ${JSON.stringify(flags.column)} whose making is told`);
    if (flags.json) return JSON.stringify({ ...tree, columns }, null, 2);
    if (flags.column !== undefined)
      return columns
        .map(({ column, from }) => [`${id}.${column}`, ...from.map((one, at) => `${at === from.length - 1 ? '└─' : '├─'} ${one}`)].map(printable).join('\n'))
        .join('\n');
    return flags.mermaid ? mermaidText(tree) : treeText(tree);
  });
}

function label({ id, version }: Node): string {
  return printable(version === undefined ? id : `${id}@${version}`);
}

/** Of many files of one kind the first few are shown. */
const MOST_FILES = 8;

function treeText(tree: Node): string {
  const lines = [label(tree)];
  const below = (node: Node, indent: string): void => {
    const files = node.inputs.filter(({ kind }) => kind !== 'product');
    const shown = [...node.inputs.filter(({ kind }) => kind === 'product'), ...files.slice(0, MOST_FILES)];
    const rest = files.length - MOST_FILES;
    for (const [at, input] of shown.entries()) {
      const last = at === shown.length - 1 && rest <= 0;
      lines.push(`${indent}${last ? '└─' : '├─'} ${label(input)}${input.kind === 'product' ? '' : ` (${input.kind})`}`);
      below(input, `${indent}${last ? '   ' : '│  '}`);
    }
    if (rest > 0) lines.push(`${indent}└─ and ${rest} files more`);
  };
  below(tree, '');
  return lines.join('\n');
}

function mermaidText(tree: Node): string {
  const names = new Map<string, string>();
  const edges = new Set<string>();
  const nameOf = (node: Node): string => {
    const key = `${node.kind} ${label(node)}`;
    const known = names.get(key) ?? `n${names.size}`;
    names.set(key, known);
    return known;
  };
  const shapes: string[] = [];
  const walk = (node: Node): void => {
    const fresh = !names.has(`${node.kind} ${label(node)}`);
    const name = nameOf(node);
    if (fresh) shapes.push(`  ${name}${node.kind === 'product' ? '[' : '[('}"${label(node).replaceAll('"', '#quot;')}"${node.kind === 'product' ? ']' : ')]'}`);
    for (const input of node.inputs) {
      walk(input);
      edges.add(`  ${nameOf(input)} --> ${name}`);
    }
  };
  walk(tree);
  return ['flowchart LR', ...shapes, ...edges].join('\n');
}

export interface GapFlags extends AskFlags {
  readonly limit: number;
}

/** `skein gaps ID`: what the last run could not make good: violations by rule, and what became of them. */
export async function gaps(this: CommandContext, flags: GapFlags, id: string): Promise<void> {
  await asking(this, flags, async () => {
    if (!/^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$/.test(id))
      throw new SkeinError('SKEIN_USAGE', `${JSON.stringify(id)} is no product`, { hint: 'Write <domain>.<name>.' });
    const { gateway } = await gatewayOf({ ...flags, ...(flags.as === undefined && flags.tokenFile === undefined ? { as: 'steward' } : {}) });
    const answer = await gateway.ask<{ rows: readonly Record<string, unknown>[]; columns: readonly { name: string; type: string }[] }>('POST', '/v1/sql', {
      sql: `SELECT rule, column_name AS "column", outcome, count(*) AS cells, min(value) AS example, min(source_file) AS "in", min(message) AS why FROM ${id}_feedback GROUP BY ALL ORDER BY cells DESC, rule LIMIT ${flags.limit}`,
    });
    if (flags.json) return JSON.stringify(answer.rows, null, 2);
    return answer.rows.length === 0 ? `${id} has no gap` : tableText(answer.columns, answer.rows);
  });
}
