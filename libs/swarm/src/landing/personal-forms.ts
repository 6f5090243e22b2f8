export type PersonalForm = 'email' | 'phone' | 'iban';

/** Beyond it a value is text, and is not looked through. */
const LONGEST = 320;

export const FORMS: readonly (readonly [form: PersonalForm, words: string, has: (value: string) => boolean])[] = [
  ['email', 'mail addresses', (value) => /^[^\s@<>()",;:]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63}){1,8}$/.test(value)],
  ['iban', 'bank account numbers', isIban],
  // Digits alone may be any key, and keys are filled with zeros: a plus or a grouping must stand there.
  [
    'phone',
    'phone numbers',
    (value) => /^(\+|00[1-9][0-9]{0,6}[ ()/.-]|\(0|0[0-9]{1,5}[ /-])[0-9 ()/.-]{5,24}$/.test(value) && value.replaceAll(/[^0-9]/g, '').length >= 7,
  ],
];

/** Distinct texts that can have a form, and how many have which. */
export interface FormCounts {
  readonly texts: number;
  readonly forms: Readonly<Partial<Record<PersonalForm, number>>>;
}

/** Counts the forms of distinct values. */
export function countForms(values: Iterable<string>): FormCounts {
  const forms: Partial<Record<PersonalForm, number>> = {};
  let texts = 0;
  for (const value of values) {
    const text = value.length > LONGEST ? '' : value.trim();
    if (text === '') continue;
    texts += 1;
    for (const [form, , has] of FORMS) if (has(text)) forms[form] = (forms[form] ?? 0) + 1;
  }
  return { texts, forms };
}

/** ISO 13616: two letters, two check digits, and 97 as the modulus (ISO 7064). */
function isIban(value: string): boolean {
  const plain = value.replaceAll(' ', '').toUpperCase();
  if (!/^[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}$/.test(plain)) return false;
  let rest = 0;
  for (const sign of `${plain.slice(4)}${plain.slice(0, 4)}`) rest = Number(`${rest}${/[0-9]/.test(sign) ? sign : sign.charCodeAt(0) - 55}`) % 97;
  return rest === 1;
}
