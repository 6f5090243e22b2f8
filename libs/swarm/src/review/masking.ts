import { sha256 } from '@skein/kernel';
import { toSql, type Gap, type PatternContext, type Program, type Signature } from '@skein/pattern';
import { alternativeId } from '@skein/ports';
import type { Candidate } from './alternatives.ts';
import type { Escalation } from './escalation.ts';

/** What a column of a source is known by. */
export interface SourceColumn {
  readonly context: PatternContext;
  /** Class that a contract gives the column, where one does. */
  readonly classification?: string;
  /** A sample of its values. */
  readonly values: Gap['values'];
  readonly rows: readonly Readonly<Record<string, string | null>>[];
}

export interface PersonalData {
  readonly form: 'email' | 'phone' | 'iban' | 'declared';
  readonly why: string;
}

/** Distinct values that must be seen, and the share of them that must have the form. */
const FEWEST = 5;
const SHARE = 0.6;
/** Beyond it a value is text, and is not looked through. */
const LONGEST = 320;

const FORMS: readonly (readonly [PersonalData['form'], string, (value: string) => boolean])[] = [
  ['email', 'mail addresses', (value) => /^[^\s@<>()",;:]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63}){1,8}$/.test(value)],
  ['iban', 'bank account numbers', isIban],
  // Digits alone may be any key: a country code or a grouping must stand there.
  ['phone', 'phone numbers', (value) => /^(\+|00|\(0|0[0-9]{1,5}[ /-])[0-9 ()/.-]{5,24}$/.test(value) && value.replaceAll(/[^0-9]/g, '').length >= 7],
];

/** Whether a column seems to hold personal data: its contract says so, or most of its values have such a form. */
export function detectPersonal({ context, classification, values }: Pick<SourceColumn, 'context' | 'classification' | 'values'>): PersonalData | undefined {
  const texts = values.flatMap(({ value }) => (value === null || value.length > LONGEST ? [] : [value.trim()])).filter((value) => value !== '');
  if (texts.length >= FEWEST) {
    for (const [form, words, has] of FORMS) {
      const found = texts.filter(has).length;
      if (found >= texts.length * SHARE) return { form, why: `${found} of ${texts.length} distinct values of ${context.column} are ${words}` };
    }
  }
  if (classification !== 'restricted' || !/(^|_)(e?mail|phone|iban|name|surname|birth(day|date)?|address|street)(_|$)/i.test(context.column)) return undefined;
  return { form: 'declared', why: `the contract gives ${context.column} the class restricted, and its name tells of persons` };
}

/** ISO 13616: two letters, two check digits, and 97 as the modulus (ISO 7064). */
function isIban(value: string): boolean {
  const plain = value.replaceAll(' ', '').toUpperCase();
  if (!/^[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}$/.test(plain)) return false;
  let rest = 0;
  for (const sign of `${plain.slice(4)}${plain.slice(0, 4)}`) rest = Number(`${rest}${/[0-9]/.test(sign) ? sign : sign.charCodeAt(0) - 55}`) % 97;
  return rest === 1;
}

/** How bronze finds what was decided about a column: it depends on the column alone, not on the values of the day. */
export function maskingSignature({ domain, product, column }: PatternContext): Signature {
  return { rule: 'personal', target: `${domain} ${product} ${column}`, shapes: [] };
}

export function maskingEscalation(column: SourceColumn, { form, why }: PersonalData): Escalation {
  const { context, values, rows } = column;
  const cells = values.reduce((sum, { count }) => sum + count, 0);
  const gap: Gap = { context, signature: maskingSignature(context), cells, values };
  const id = sha256(JSON.stringify(['masking', context.domain, context.product, context.column]));
  return { id, kind: 'masking', gaps: [gap], message: `${context.column} seems to hold personal data (${form}): ${why}`, rows: rows.slice(0, 20) };
}

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
