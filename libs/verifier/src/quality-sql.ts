import { ident, SkeinError, type Place } from '@skein/kernel';

/** What may stand for the table and the column in a rule's query: ODCS writes them with and without the dollar. */
const OBJECT = /\$?\{(?:object|table|schema)\}/g;
const PROPERTY = /\$?\{(?:property|column)\}/g;

/**
 * A SQL quality rule as one statement over `{relation}`: the query as a scalar subquery, beside a relation of the product's own
 * name. It must be one SELECT; what the SELECT may call is for the sandbox that runs it to say.
 */
export function singleSelect(query: string, product: string, column: string | undefined, place: Place): string {
  const refuse = (message: string, hint: string): never => {
    throw new SkeinError('SKEIN_CONTRACT_INVALID', message, { place, hint });
  };
  const trimmed = query.trim().replace(/;$/, '').trimEnd();
  if (!/^(?:select|with)\b/i.test(trimmed)) refuse('a SQL rule must be one SELECT', 'Begin the query with SELECT or WITH.');
  if (trimmed.length > 16_384) refuse('a SQL rule is longer than 16,384 characters', 'Move the logic into a step.');
  let depth = 0;
  // Constants, quoted names and comments are skipped: only what the engine reads as structure counts.
  for (const [token] of trimmed.matchAll(/'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|\/\*[\s\S]*?\*\/|\$[A-Za-z_0-9]*\$|['"();]|\/\*/g)) {
    if (token === '(') depth += 1;
    if (token === ')') depth -= 1;
    if (token === ';') refuse('a SQL rule holds more than one statement', 'Write one SELECT.');
    if (token === "'" || token === '"' || token === '/*') refuse('a quote or comment of the SQL rule is not closed', 'Close it.');
    if (/^\$[A-Za-z_0-9]*\$$/.test(token)) refuse('dollar quotes are not allowed in a SQL rule', "Use '…'.");
    if (depth < 0) break;
  }
  if (depth !== 0) refuse('the parentheses of the SQL rule do not match', 'Close each one that was opened.');
  if (column === undefined && PROPERTY.test(trimmed))
    refuse('{property} stands in a rule of the schema object', 'Move the rule to a property, or name the column.');
  PROPERTY.lastIndex = 0;
  if (/\{(?:relation|ref:)/.test(trimmed)) refuse('{relation} and {ref:…} are not for contracts', 'Write {object}.');
  const bound = trimmed.replaceAll(OBJECT, () => ident(product)).replaceAll(PROPERTY, () => ident(column ?? ''));
  return `WITH ${ident(product)} AS (SELECT * FROM {relation}) SELECT (\n${bound}\n)::VARCHAR AS value`;
}
