import type { Freshness, ProductDetail } from '@skein/federation';

export interface HomePage {
  readonly address: string;
  readonly products: readonly ProductDetail[];
  /** Roles with which the page looks; undefined: it does not. */
  readonly visitor: readonly string[] | undefined;
}

/** The first page for people: what there is, how fresh, how it was judged, and a query to copy. No script, nothing fetched. */
export function homePage({ address, products, visitor }: HomePage): string {
  const own = products.filter((product) => product.kind === 'product');
  const example = own.find((product) => product.snapshot !== undefined) ?? own[0];
  const columns = example?.columns.slice(0, 3).map((column) => column.name) ?? [];
  const sql = example ? `SELECT ${columns.join(', ')} FROM ${example.id} LIMIT 5` : 'SELECT 1';
  const curl = `curl -s ${address}/v1/sql \\\n  -H "authorization: Bearer $(npx skein token --as analyst)" \\\n  -H 'content-type: application/json' -H 'accept: text/csv' \\\n  -d '${JSON.stringify({ sql }).replaceAll("'", String.raw`'\''`)}'`;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Skein gateway</title><style>
body{font:16px/1.5 system-ui,sans-serif;max-width:64rem;margin:2rem auto;padding:0 1rem;color:#1b1f24;background:#fff}
table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.4rem .8rem .4rem 0;border-bottom:1px solid #d8dee4;vertical-align:top}
pre{background:#f4f6f8;padding:1rem;overflow-x:auto}code{font-family:ui-monospace,monospace}
.good{color:#116329}.bad{color:#a40e26}.mute{color:#57606a}details{margin:.2rem 0}
@media(prefers-color-scheme:dark){body{color:#e6edf3;background:#0d1117}pre{background:#161b22}th,td{border-color:#30363d}.good{color:#56d364}.bad{color:#ff7b72}.mute{color:#8d96a0}}
</style></head><body>
<h1>Skein gateway</h1>
<p>The products of all domains as one database, under the contracts and policies of those who own them.</p>
<h2>Products</h2>
${productTable(products, visitor)}
<h2>Ask</h2>
<pre><code>${text(curl)}</code></pre>
<p>Other forms of the answer by <code>accept</code>: <code>application/json</code>, <code>application/x-ndjson</code>, <code>application/vnd.apache.arrow.stream</code>. Values are bound: <code>{"sql": "… WHERE id = $1", "params": [7]}</code>.</p>
<h2>Addresses</h2>
<ul><li><code>POST /v1/sql</code></li><li><code>GET /v1/products</code>, <code>/v1/products/:id</code></li><li><a href="/health">/health</a></li><li><a href="/metrics">/metrics</a></li></ul>
</body></html>
`;
}

function productTable(products: readonly ProductDetail[], visitor: readonly string[] | undefined): string {
  if (visitor === undefined)
    return '<p class="mute">This page shows no products without a token. <code>GET /v1/products</code> lists those that yours may see.</p>';
  if (products.length === 0) return `<p class="mute">Nothing is shown to the role ${text(visitor.join(', '))} yet.</p>`;
  const rows = products.map((product) => {
    const columns = product.columns.map((column) => `${text(column.name)} <span class="mute">${text(column.type)}</span>`).join(', ');
    return `<tr><td><details><summary><code>${text(product.id)}</code></summary>${columns}</details>${product.description === undefined ? '' : `<span class="mute">${text(product.description)}</span>`}</td><td>${product.snapshot === undefined ? '–' : product.snapshot.version}</td><td>${fresh(product.freshness)}</td><td>${judged(product.verdict)}</td></tr>`;
  });
  return `<p class="mute">As the role ${text(visitor.join(', '))} sees them; a token may show more.</p>
<table><thead><tr><th>Product</th><th>Version</th><th>Freshness</th><th>Last verdict</th></tr></thead><tbody>
${rows.join('\n')}
</tbody></table>`;
}

function fresh(freshness: Freshness | undefined): string {
  if (freshness === undefined) return '<span class="mute">not published yet</span>';
  const limit = freshness.limitMs === undefined ? '' : ` of ${duration(freshness.limitMs)}`;
  return `<span class="${freshness.state === 'stale' ? 'bad' : 'good'}">${duration(freshness.ageMs)}${limit}${freshness.state === 'stale' ? ', stale' : ''}</span>`;
}

function judged(verdict: unknown): string {
  const { passed, rows, refused } = Object(verdict) as { passed?: unknown; rows?: unknown; refused?: unknown };
  if (typeof passed !== 'boolean') return '<span class="mute">–</span>';
  const counts = rows === undefined ? '' : `: ${text(String(rows))} rows judged, ${text(String(refused ?? 0))} refused`;
  return passed ? `<span class="good">passed</span>${counts}` : `<span class="bad">failed</span>${counts}`;
}

function duration(milliseconds: number): string {
  const seconds = milliseconds / 1_000;
  for (const [size, unit] of [
    [86_400, 'd'],
    [3_600, 'h'],
    [60, 'min'],
  ] as const)
    if (seconds >= size) return `${Math.floor(seconds / size)} ${unit}`;
  return `${Math.floor(seconds)} s`;
}

function text(raw: string): string {
  return raw.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;').replaceAll("'", '&#39;');
}
