import type { Contract, Property } from '../contract.ts';
import { primaryKey } from '../contract.ts';
import { propertyRules, qualityWords, referrers, serviceWords, toleranceWords, typeWords } from './rule-words.ts';

/** A page of the data dictionary. `path` is relative to its folder, with `/`. */
export interface DictionaryPage {
  readonly path: string;
  readonly text: string;
}

/** One Markdown page for each contract, and `index.md`. All text of contracts is escaped: it can make no markup of its own. */
export function dictionaryMarkdown(contracts: readonly Contract[]): DictionaryPage[] {
  const sorted = inOrder(contracts);
  const rows = sorted.map(
    (contract) =>
      `| [${md(contract.product)}](${pagePath(contract)}) | ${md(contract.version)} | ${md(contract.status)} | ${md(contract.owner ?? '')} | ${md(contract.description ?? '')} |`,
  );
  const index = ['# Data dictionary', '', '| product | version | status | owner | what it is for |', '|---|---|---|---|---|', ...rows, ''].join('\n');
  return [{ path: 'index.md', text: index }, ...sorted.map((contract) => ({ path: pagePath(contract), text: markdownPage(contract, sorted) }))];
}

function markdownPage(contract: Contract, all: readonly Contract[]): string {
  const facts = factsOf(contract).map(([name, value]) => `- **${md(name)}**: ${md(value)}`);
  const rows = contract.properties.map(
    (property) =>
      `| ${code(property.name)} | ${code(typeWords(property))} | ${md(property.classification)} | ${md(property.description ?? '')} | ${propertyRules(property).map(md).join('<br>')} | ${examples(property).map(code).join(', ')} |`,
  );
  const rules = [toleranceWords(contract.tolerance), ...contract.quality.map((rule) => sentence(qualityWords(rule)))];
  return [
    `# ${md(contract.product)}`,
    '',
    md(contract.description ?? ''),
    '',
    ...facts,
    '',
    '## Columns',
    '',
    '| column | type | classification | meaning | rules | examples |',
    '|---|---|---|---|---|---|',
    ...rows,
    '',
    '## Rules of the table',
    '',
    ...rules.map((rule) => `- ${md(rule)}`),
    '',
    '## Service levels',
    '',
    ...(contract.serviceLevels.length > 0 ? contract.serviceLevels.map((level) => `- ${md(serviceWords(level))}`) : ['None is promised.']),
    '',
    '## Lineage',
    '',
    ...lineageOf(contract, all).map((line) => `- ${md(line)}`),
    '',
  ].join('\n');
}

/** All contracts on one page that needs nothing else: no script, no font, no picture, and a policy that lets none in. */
export function dictionaryHtml(contracts: readonly Contract[]): string {
  const sorted = inOrder(contracts);
  const domains = [...new Set(sorted.map((contract) => contract.domain))];
  const navigation = domains.map(
    (domain) =>
      `<h2>${html(domain)}</h2><ul>${sorted
        .filter((contract) => contract.domain === domain)
        .map((contract) => `<li><a href="#${anchor(contract)}">${html(contract.name)}</a> <small>${html(contract.version)}</small></li>`)
        .join('')}</ul>`,
  );
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'">
<title>Data dictionary</title>
<style>${STYLE}</style>
</head>
<body>
<nav aria-label="Products"><a class="home" href="#top">Data dictionary</a>${navigation.join('')}</nav>
<main id="top">
<h1>Data dictionary</h1>
<p>${sorted.length} ${sorted.length === 1 ? 'product' : 'products'} of ${domains.length} ${domains.length === 1 ? 'domain' : 'domains'}.</p>
${sorted.map((contract) => htmlSection(contract, sorted)).join('\n')}
</main>
</body>
</html>
`;
}

function htmlSection(contract: Contract, all: readonly Contract[]): string {
  const facts = factsOf(contract).map(([name, value]) => `<div><dt>${html(name)}</dt><dd>${html(value)}</dd></div>`);
  const rows = contract.properties.map((property) => {
    const rules = propertyRules(property).map((rule) => `<li>${html(rule)}</li>`);
    const shown = examples(property).map((example) => `<code>${html(example)}</code>`);
    return `<tr id="${anchor(contract)}.${attribute(property.name)}"><th scope="row"><code>${html(property.name)}</code>${property.keyPosition === undefined ? '' : ' <span class="key" title="primary key">key</span>'}</th><td><code>${html(typeWords(property))}</code></td><td><span class="class ${attribute(property.classification)}">${html(property.classification)}</span></td><td>${html(property.description ?? '')}</td><td>${rules.length > 0 ? `<ul>${rules.join('')}</ul>` : ''}</td><td>${shown.join(' ')}</td></tr>`;
  });
  const rules = [toleranceWords(contract.tolerance), ...contract.quality.map((rule) => sentence(qualityWords(rule)))];
  const list = (items: readonly string[]) => `<ul>${items.map((item) => `<li>${html(item)}</li>`).join('')}</ul>`;
  return `<section id="${anchor(contract)}">
<h2>${html(contract.product)} <span class="status">${html(contract.status)}</span></h2>
<p class="purpose">${html(contract.description ?? '')}</p>
<dl>${facts.join('')}</dl>
<h3>Columns</h3>
<div class="wide"><table><thead><tr><th scope="col">column</th><th scope="col">type</th><th scope="col">classification</th><th scope="col">meaning</th><th scope="col">rules</th><th scope="col">examples</th></tr></thead><tbody>${rows.join('\n')}</tbody></table></div>
<h3>Rules of the table</h3>${list(rules)}
<h3>Service levels</h3>${contract.serviceLevels.length > 0 ? list(contract.serviceLevels.map(serviceWords)) : '<p>None is promised.</p>'}
<h3>Lineage</h3>${list(lineageOf(contract, all))}
</section>`;
}

function factsOf(contract: Contract): [string, string][] {
  const key = primaryKey(contract).map((property) => property.name);
  return [
    ['Address in SQL', contract.product],
    ['Version', contract.version],
    ['Status', contract.status],
    ['Owner', contract.owner ?? 'nobody is named'],
    ['One row is', key.length > 0 ? `identified by ${key.join(', ')}` : 'not identified: there is no primary key'],
    ['Contract', `${contract.id}, sha256 ${contract.hash.slice(0, 12)}`],
  ];
}

function lineageOf(contract: Contract, all: readonly Contract[]): string[] {
  const to = contract.properties.flatMap((property) => property.references.map((one) => `${property.name} refers to ${one.product}.${one.column}`));
  const from = referrers(contract, all).map((one) => `referred to by ${one}`);
  return [`Where each column comes from stands in ${contract.domain}.lineage, product ${contract.product}.`, ...to, ...from];
}

/** Values of confidential and restricted columns are shown nowhere, not even those that a contract gives as examples. */
function examples(property: Property): string[] {
  if (property.classification === 'confidential' || property.classification === 'restricted') return [];
  return property.examples.slice(0, 5).map((example) => (typeof example === 'string' ? example : (JSON.stringify(example) ?? String(example))).slice(0, 200));
}

function inOrder(contracts: readonly Contract[]): Contract[] {
  return [...contracts].sort((a, b) => (a.product < b.product ? -1 : a.product > b.product ? 1 : a.version < b.version ? -1 : 1));
}

function pagePath(contract: Contract): string {
  return `${contract.domain}/${contract.name}-v${contract.version.split('.')[0]}.md`;
}

function anchor(contract: Contract): string {
  return attribute(`${contract.product}-v${contract.version.split('.')[0]}`);
}

function sentence(words: string): string {
  const first = words.slice(0, 1).toUpperCase() + words.slice(1);
  return first.endsWith('.') ? first : `${first}.`;
}

/** Text for a cell or a line of Markdown: no markup, no HTML, no line break, nothing that turns the direction of writing. */
export function md(text: string): string {
  return plain(text)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll(/[\\`*_[\]|~$!]/g, '\\$&')
    .replace(/^(\s*)([#+=-]|\d+[.)])/, '$1\\$2');
}

/** Inline code of Markdown: fenced by more backticks than it holds. In a table, its bars are escaped. */
function code(text: string): string {
  const cleaned = plain(text).replaceAll('|', '\\|');
  if (cleaned === '') return '';
  const longest = Math.max(0, ...(cleaned.match(/`+/g) ?? []).map((run) => run.length));
  const fence = '`'.repeat(longest + 1);
  return cleaned.startsWith('`') || cleaned.endsWith('`') ? `${fence} ${cleaned} ${fence}` : `${fence}${cleaned}${fence}`;
}

/** Text for HTML, in elements and in quoted attributes. */
export function html(text: string): string {
  return plain(text).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;').replaceAll("'", '&#39;');
}

/** A word for `id` and `class`. */
function attribute(text: string): string {
  return html(plain(text).replaceAll(/\s+/g, '-'));
}

function plain(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(/[\p{Cc}\u2028\u2029]+/gu, ' ')
    .replaceAll(/[\u202a-\u202e\u2066-\u2069]/g, '');
}

const STYLE = `
:root{color-scheme:light dark;--ink:#1d2430;--soft:#5b6575;--line:#dfe3ea;--back:#fff;--side:#f6f7f9;--mark:#2457c5}
@media(prefers-color-scheme:dark){:root{--ink:#e6e9ef;--soft:#9aa5b5;--line:#333b48;--back:#14181f;--side:#1b2029;--mark:#8ab0ff}}
*{box-sizing:border-box}html{scroll-behavior:smooth}
body{margin:0;font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--back);display:grid;grid-template-columns:15rem minmax(0,1fr)}
nav{position:sticky;top:0;height:100vh;overflow:auto;padding:1.25rem 1rem;background:var(--side);border-right:1px solid var(--line)}
nav h2{font-size:.75rem;text-transform:uppercase;letter-spacing:.06em;color:var(--soft);margin:1.25rem 0 .25rem}
nav ul{list-style:none;margin:0;padding:0}nav li{padding:.15rem 0}nav small{color:var(--soft)}
.home{font-weight:650}a{color:var(--mark);text-decoration:none}a:hover{text-decoration:underline}
main{padding:1.5rem 2rem 6rem;max-width:100rem}h1{font-size:1.6rem}section{border-top:1px solid var(--line);margin-top:2.5rem;padding-top:.5rem}
section>h2{font-size:1.3rem}h3{font-size:1rem;margin:1.5rem 0 .4rem}.purpose{max-width:60rem}
.status,.key,.class{font-size:.75rem;font-weight:600;padding:.1rem .45rem;border-radius:1rem;border:1px solid var(--line);color:var(--soft);white-space:nowrap}
.key{color:var(--mark)}.class.confidential{color:#9a5b00;border-color:#d9a24a}.class.restricted{color:#b3261e;border-color:#d9736c}
@media(prefers-color-scheme:dark){.class.confidential{color:#ffc876}.class.restricted{color:#ff9c94}}
dl{display:flex;flex-wrap:wrap;gap:.5rem 2rem;margin:.75rem 0}dt{font-size:.75rem;color:var(--soft)}dd{margin:0}
.wide{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:.875rem}
th,td{text-align:left;vertical-align:top;padding:.45rem .6rem;border-bottom:1px solid var(--line)}thead th{color:var(--soft);font-weight:600;position:sticky;top:0;background:var(--back)}
td ul{margin:0;padding-left:1rem}code{font:.85em ui-monospace,monospace;overflow-wrap:anywhere}tr:target{background:var(--side)}
@media(max-width:50rem){body{display:block}nav{position:static;height:auto}main{padding:1rem}}
@media print{body{display:block}nav{display:none}}
`.trim();
