import type { ColumnType } from '@skein/contract';
import type { DraftColumn, DraftOptions } from '@skein/contract/formats';
import { detectPersonal } from '@skein/swarm';
import { columnNames } from './column-names.ts';
import type { Facts } from './facts.ts';

/** Values that must be seen before a rule is drawn from them. */
const FEWEST = 20;
/** Share of values that must fit a type; the others will be refused, or repaired. */
const SHARE = 0.95;
const MOST_CODES = 24;
/** How often a code must come on average. */
const CODE_REPEATS = 5;

const WORDS = (...words: string[]) => new RegExp(`(?:^|[^a-z])(?:${words.join('|')})(?:$|[^a-z])`, 'i');
const PERSON = WORDS(
  'e-?mail',
  'mail',
  'phone',
  'mobile',
  'fax',
  'iban',
  'ssn',
  'birth(?:day|date)?',
  'dob',
  'street',
  'address',
  'passport',
  'surname',
  'first_?name',
  'last_?name',
  'full_?name',
  'contact_?name',
  'geburts(?:datum|tag|name)',
  'vorname',
  '(?:nach|familien|zu)name',
  'strasse',
  'anschrift',
  'adresse',
  'telefon(?:nummer|nr)?',
  'telephone',
  'handy(?:nummer|nr)?',
  'mobil',
);
const NUMBER_NAME = WORDS(
  'zip',
  'postcode',
  'postal',
  'plz',
  'code',
  'number',
  'no',
  'nr',
  'phone',
  'mobile',
  'fax',
  'ean',
  'gtin',
  'upc',
  'account',
  'kunnr',
  'matnr',
);
const COMMA_LIKE = /^[+-]?(?:\d+|\d{1,3}(?:\.\d{3})+),\d+$/;
/** Also within longer text. */
const MAIL = /[^\s@"'<>()]+@[A-Za-z0-9-]+\.[A-Za-z0-9.-]+/;
const DATE_LIKE = /^\d{1,2}[./-]\d{1,2}[./-]\d{2,4}$|^\d{4}\/\d{1,2}\/\d{1,2}$/;

/** One column of the draft, with the evidence for each rule as a remark. Pure: the same facts give the same column. */
export function decideColumn(facts: Facts, product: { readonly domain: string; readonly name: string }): DraftColumn {
  const notes: string[] = [];
  const type = typeOf(facts, notes);
  const options: { -readonly [K in keyof DraftOptions]: DraftOptions[K] } = {};
  const { filled, rows, distinct } = facts;
  // What is not of the type may be a word for a missing value.
  const personal = personalOf(facts, product);
  const required = rows >= FEWEST && filled === rows && !notes.some((note) => note.includes('the others'));
  if (required) notes.push(`required: none of ${n(rows)} rows lacks it`);
  if (filled < rows) notes.push(`${n(rows - filled)} of ${n(rows)} rows lack it`);
  // A list of codes would repeat what is personal.
  const codes = personal === undefined ? codesOf(facts, type) : undefined;
  if (codes) notes.push(`codes: ${n(filled)} values are ${codes.length} different ones`);
  if (type.kind === 'string' && !codes) {
    const format = Object.entries(facts.formats).find(([, count]) => filled >= FEWEST && count === filled)?.[0];
    const pattern = format === undefined ? patternOf(facts) : undefined;
    if (format !== undefined) {
      options.format = format;
      notes.push(`format: each of ${n(filled)} values is of the form ${format}`);
    } else if (pattern !== undefined) {
      options.pattern = pattern;
      notes.push(`pattern: each of ${n(filled)} values has the shape ${facts.mask}`);
    } else if (filled > 0) notes.push(`length: ${facts.lengths[0]} to ${facts.lengths[1]} characters`);
  }
  if ((type.kind === 'int' || type.kind === 'decimal') && facts.range) {
    notes.push(`range: ${facts.range[0]} to ${facts.range[1]}`);
    if (filled >= FEWEST && !facts.range[0].startsWith('-')) options.minimum = '0';
  }
  if (personal !== undefined) notes.push(`personal: ${personal}`);
  return {
    name: facts.name,
    type,
    required,
    // one value in each row, and no column of measures
    unique: false,
    classification: personal === undefined ? 'internal' : 'restricted',
    options,
    codes,
    examples: personal === undefined && !codes && distinct > 0 && !isNested(type) && type.kind !== 'binary' ? examplesOf(facts, type) : undefined,
    notes: [...notes, ...facts.notes],
  };
}

function typeOf(facts: Facts, notes: string[]): ColumnType {
  if (facts.type) return facts.type;
  const { filled, fits, padded, quoted } = facts;
  const text: ColumnType = { kind: 'string' };
  if (filled === 0) {
    notes.push('type: no value was seen; say what it holds');
    return text;
  }
  // In JSON a string is a string, whatever stands in it, save days and times, which JSON has no other form for.
  const numbers = quoted === undefined ? filled : filled - quoted;
  const enough = (count: number) => count >= filled * SHARE;
  const told = (type: ColumnType, count: number, words: string): ColumnType => {
    const all = count === filled;
    notes.push(
      `type: ${all ? `all ${n(filled)}` : `${n(count)} of ${n(filled)}`} values are ${words}${all ? '' : '; the others will be repaired where that can be proved, else refused'}`,
    );
    return type;
  };
  if (enough(fits.boolean) && (quoted === undefined || quoted === 0)) return told({ kind: 'boolean' }, fits.boolean, 'true or false');
  if (padded > 0 && quoted !== 0) {
    notes.push(`type: text, since ${n(padded)} values have zeros in front that are part of them`);
    return text;
  }
  if (enough(numbers) && isNumberedKey(facts)) {
    notes.push(`type: text, since all values are ${facts.lengths[0]} digits long, and the name tells of a key, not of a quantity`);
    return text;
  }
  if (enough(Math.min(fits.int, numbers))) return told({ kind: 'int', bits: 64 }, fits.int, 'whole numbers');
  if (enough(Math.min(fits.decimal, numbers))) {
    const scale = Math.min(Math.max(facts.scale, 2), 18);
    const precision = Math.min(Math.max(facts.whole + scale + 2, 18), 38);
    if (facts.scale <= 18 && facts.whole + scale <= 38) return told({ kind: 'decimal', precision, scale }, fits.decimal, 'decimal numbers');
  }
  if (enough(fits.date)) return told({ kind: 'date' }, fits.date, 'days');
  if (enough(fits.instant)) return told({ kind: 'timestamp', zoned: true }, fits.instant, 'moments with their zone');
  if (enough(fits.timestamp)) return told({ kind: 'timestamp', zoned: false }, fits.timestamp, 'times of a day without a zone');
  if (enough(fits.time) && facts.top.every(([value]) => value.includes(':'))) return told({ kind: 'time' }, fits.time, 'times of the day');
  if (quoted !== undefined && quoted < filled)
    notes.push(`type: ${n(filled - quoted)} of ${n(filled)} values are no texts, and will be refused: have them exported as texts, or leave the column out`);
  const days = facts.top.filter(([value]) => DATE_LIKE.test(value)).length;
  if (facts.top.length > 0 && days === facts.top.length)
    notes.push('type: text that looks like days; which of its parts is the month must be said before it can be a date');
  if (facts.top.length > 0 && facts.top.every(([value]) => COMMA_LIKE.test(value)))
    notes.push(
      'type: text that looks like numbers with a comma before their decimals; have it exported with a point, or let the step rewrite it, before it can be a number',
    );
  return text;
}

/** Digits of one length under a name of keys: 10115 is no quantity. */
function isNumberedKey({ name, lengths, range, filled }: Facts): boolean {
  return filled >= FEWEST && lengths[0] === lengths[1] && lengths[0] >= 4 && range?.[0].startsWith('-') === false && NUMBER_NAME.test(spaced(name));
}

function codesOf({ filled, distinct, top, lengths }: Facts, type: ColumnType): string[] | undefined {
  if (type.kind !== 'string' || filled < FEWEST || distinct < 2 || distinct > MOST_CODES || filled < distinct * CODE_REPEATS || lengths[1] > 40)
    return undefined;
  const codes = top.map(([value]) => value).sort();
  return codes.length === distinct ? codes : undefined;
}

/** The pattern of values that are all written alike: `A-9999` is `^[A-Z]-[0-9]{4}$`. */
function patternOf({ mask, filled, distinct, lengths }: Facts): string | undefined {
  if (mask === undefined || filled < FEWEST || distinct < FEWEST || lengths[1] > 40 || !/9/.test(mask) || /[^\x20-\x7e]/.test(mask)) return undefined;
  const runs = mask.matchAll(/9+|A+|a+|[^9Aa]/g);
  const signs: Readonly<Record<string, string>> = { '9': '[0-9]', A: '[A-Z]', a: '[a-z]' };
  return `^${[...runs].map(([run]) => `${signs[run[0] ?? ''] ?? run.replace(/[.*+?^${}()|[\]\\/]/, '\\$&')}${run.length > 1 ? `{${run.length}}` : ''}`).join('')}$`;
}

function personalOf(facts: Facts, { domain, name }: { readonly domain: string; readonly name: string }): string | undefined {
  if (facts.formats['email'] !== undefined && facts.filled > 0 && facts.formats['email'] >= facts.filled * 0.5)
    return `${n(facts.formats['email'])} of ${n(facts.filled)} values are mail addresses`;
  const context = { domain, product: `${domain}.${name}`, column: facts.name };
  const found = detectPersonal({ context, values: facts.top.map(([value, count]) => ({ value, count })) });
  if (found) return found.why;
  if (tellsOfPersons(facts.name)) return `the name ${facts.name} tells of persons`;
  if (facts.type === undefined || !isNested(facts.type)) return undefined;
  const field = fieldNames(facts.type).find(tellsOfPersons);
  if (field !== undefined) return `the name ${field} in it tells of persons`;
  return facts.top.some(([value]) => MAIL.test(value)) ? 'there are mail addresses in it' : undefined;
}

/** The column's name, or that of a field in it, where it tells of persons. */
export function tellingName(name: string, type: ColumnType): string | undefined {
  return tellsOfPersons(name) ? name : fieldNames(type).find(tellsOfPersons);
}

/** Whether a column's name tells of persons, in English or German. */
function tellsOfPersons(name: string): boolean {
  return PERSON.test(columnNames([name])[0] ?? '');
}

function fieldNames(type: ColumnType): string[] {
  if (type.kind === 'struct') return type.fields.flatMap((field) => [field.name, ...fieldNames(field.type)]);
  if (type.kind === 'list') return fieldNames(type.element);
  return type.kind === 'map' ? fieldNames(type.value) : [];
}

/** `firstName` as `first_name`. */
function spaced(name: string): string {
  return name.replace(/([a-z0-9])([A-Z])/g, '$1_$2');
}

function examplesOf({ top }: Facts, { kind }: ColumnType): (string | number | boolean)[] {
  return top.slice(0, 2).map(([value]) => {
    if (kind === 'boolean') return value.toLowerCase() === 'true';
    return kind === 'int' && Number.isSafeInteger(Number(value)) ? Number(value) : value;
  });
}

function isNested({ kind }: ColumnType): boolean {
  return kind === 'struct' || kind === 'list' || kind === 'map';
}

export function n(count: number): string {
  return count.toLocaleString('en-US');
}
