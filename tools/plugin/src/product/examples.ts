import type { Contract } from '@skein/contract';
import type { Drafted } from './draft.ts';

/** The example rows as a source file would bring them. */
export function exampleText(drafted: Drafted, contract: Contract): string {
  const names = sourceNames(drafted);
  if (drafted.shape === 'columns') return [names, ...drafted.examples].map((row) => `${csvLine(row)}\n`).join('');
  return drafted.examples.map((row) => `${jsonLine(names, row, contract)}\n`).join('');
}

/** A row more, that breaks the contract, and the rule that says so: its first required column is missing, or a type is not kept. */
export function brokenLine(drafted: Drafted, contract: Contract): { line: string; violation: string } {
  const names = sourceNames(drafted);
  const row = [...(drafted.examples[0] ?? [])];
  const required = contract.properties.findIndex((property) => property.required);
  const typed = contract.properties.findIndex((property) => property.type.kind !== 'string');
  const at = required >= 0 ? required : Math.max(typed, 0);
  row[at] = required >= 0 ? null : 'no such value';
  const line = drafted.shape === 'columns' ? csvLine(row) : jsonLine(names, row, contract, required >= 0 ? undefined : at);
  const [column] = contract.properties.slice(at, at + 1);
  return { line, violation: `${column?.name ?? ''}.${required >= 0 ? 'required' : 'type'}` };
}

function sourceNames({ draft, renamed }: Drafted): string[] {
  return draft.columns.map(({ name }) => renamed[name] ?? name);
}

/** A line that would be empty is no row to whoever reads it. */
function csvLine(row: readonly (string | null)[]): string {
  return row.map(csvField).join(',') || '""';
}

function csvField(value: string | null): string {
  return value === null ? '' : /[",\r\n]|^\s|\s$/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}

/** Numbers keep their digits: they are written, not made numbers of. */
function jsonLine(names: readonly string[], row: readonly (string | null)[], contract: Contract, raw?: number): string {
  const members = row.flatMap((value, index) => {
    if (value === null) return [];
    const kind = contract.properties[index]?.type.kind ?? 'string';
    const bare = index !== raw && ['int', 'decimal', 'float', 'boolean', 'list', 'struct', 'map'].includes(kind);
    return [`${JSON.stringify(names[index] ?? '')}: ${bare ? value : JSON.stringify(value)}`];
  });
  return `{${members.join(', ')}}`;
}
