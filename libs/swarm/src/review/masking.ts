import { sha256 } from '@skein/kernel';
import { shapeOf, toSql, type Gap, type PatternContext, type Program, type Signature } from '@skein/pattern';
import { alternativeId } from '@skein/ports';
import type { Candidate } from './alternatives.ts';
import { countForms, FORMS, type FormCounts, type PersonalForm } from '../landing/personal-forms.ts';
import { NAMES_PERSONS } from '../landing/profile.ts';
import type { Escalation } from './escalation.ts';

/** What a column of a source is known by. */
export interface SourceColumn {
  readonly context: PatternContext;
  /** Class that a contract gives the column, where one does. */
  readonly classification?: string;
  /** A sample of its values; a review shows their shapes. */
  readonly values: Gap['values'];
  /** What the ingestor counted; it stands in place of the sample. */
  readonly profile?: FormCounts;
  readonly rows: readonly Readonly<Record<string, string | null>>[];
}

export interface PersonalData {
  readonly form: PersonalForm | 'declared';
  readonly why: string;
}

/** Distinct values that must be seen, and the share of them that must have the form. */
const FEWEST = 5;
const SHARE = 0.6;

/** Whether a column seems to hold personal data: its contract says so, or most of its values have such a form. Where it has a profile, that is what is read. */
export function detectPersonal({ context, classification, values, profile }: Omit<SourceColumn, 'rows'>): PersonalData | undefined {
  const { texts, forms } = profile ?? countForms(values.flatMap(({ value }) => value ?? []));
  for (const [form, words] of FORMS) {
    const found = forms[form] ?? 0;
    if (texts >= FEWEST && found >= texts * SHARE) return { form, why: `${found} of ${texts} distinct values of ${context.column} are ${words}` };
  }
  if (classification !== 'restricted' || !NAMES_PERSONS.test(context.column)) return undefined;
  return { form: 'declared', why: `the contract gives ${context.column} the class restricted, and its name tells of persons` };
}

/** How bronze finds what was decided about a column: it depends on the column alone, not on the values of the day. */
export function maskingSignature({ domain, product, column }: PatternContext): Signature {
  return { rule: 'personal', target: `${domain} ${product} ${column}`, shapes: [] };
}

export function maskingEscalation(column: SourceColumn, { form, why }: PersonalData): Escalation {
  const { context, profile, rows } = column;
  // No value leaves the landing for this: what is decided is the column. A profile gives shapes already.
  const values = profile ? column.values : column.values.map(({ value, count }) => ({ value: shaped(value), count }));
  const cells = values.reduce((sum, { count }) => sum + count, 0);
  const gap: Gap = { context, signature: maskingSignature(context), cells, values };
  const id = sha256(JSON.stringify(['masking', context.domain, context.product, context.column]));
  return {
    id,
    kind: 'masking',
    gaps: [gap],
    message: `${context.column} seems to hold personal data (${form}): ${why}`,
    rows: rows.slice(0, 20).map(shapedRow),
  };
}

const shaped = (value: string | null): string | null => (value === null ? null : shapeOf(value));
const shapedRow = (row: Readonly<Record<string, string | null>>) => Object.fromEntries(Object.entries(row).map(([name, value]) => [name, shaped(value)]));

const ALWAYS = { op: 'all', of: [] } as const;
const PRESENT = { op: 'present', of: { op: 'value' } } as const;
const MASKS: readonly (readonly [Program, string])[] = [
  [{ result: { op: 'clear' }, when: ALWAYS, holds: ALWAYS }, 'makes every value missing'],
  [{ result: { op: 'const', text: '***' }, when: PRESENT, holds: ALWAYS }, 'writes *** for every value, and keeps which are missing'],
];

/** The ways to hide a column. */
export function masks(): Candidate[] {
  return MASKS.map(([program, why]) => {
    const solution = toSql(program);
    return { id: alternativeId([solution]), category: 'masking', solutions: [solution], programs: [program], why };
  });
}
