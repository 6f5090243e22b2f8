import type { ColumnType } from '../contract.ts';
import { compareDecimal } from '../exact.ts';
import type { SqlToken } from './ddl-tokens.ts';
import type { DraftOptions } from './draft.ts';

/** What a CHECK asks of one column, as a contract says it. */
export interface CheckRule {
  readonly column: string;
  readonly options?: DraftOptions;
  readonly codes?: readonly string[];
  readonly required?: boolean;
}

/** A number, a text, a column or a length of one: what a simple comparison has on its sides. */
type Operand =
  | { readonly kind: 'number' | 'text'; readonly value: string }
  | { readonly kind: 'column' | 'length'; readonly column: string; readonly by: string };

/** Functions that count characters, and which bound of a length they say for sure: LENGTH counts bytes in MySQL, and LEN leaves out spaces at the end. */
const LENGTHS: Readonly<Record<string, readonly ('lower' | 'upper')[]>> = {
  CHAR_LENGTH: ['lower', 'upper'],
  CHARACTER_LENGTH: ['lower', 'upper'],
  LENGTH: ['upper'],
  LEN: ['lower'],
};
const TURNED: Readonly<Record<string, string>> = { '<': '>', '<=': '>=', '>': '<', '>=': '<=', '=': '=' };
const MOST_LENGTH = 1_000_000_000;
/** A longer one is no simple rule, and parentheses in parentheses are looked at again for each. */
const MOST_TOKENS = 1_000;

/**
 * The rules that the tokens of a CHECK, with its parentheses, say: comparisons of a column with a number, BETWEEN, IN (also as PostgreSQL and SQL Server
 * write it out), lengths and IS NOT NULL, joined by AND. Undefined where any part says more than that, or what a contract says otherwise.
 */
export function checkRules(tokens: readonly SqlToken[], typeOf: (column: string) => ColumnType | undefined): readonly CheckRule[] | undefined {
  if (tokens.length > MOST_TOKENS) return undefined;
  const rules: CheckRule[] = [];
  const pending = [plain(tokens)];
  for (let part = pending.pop(); part; part = pending.pop()) {
    const inner = unwrapped(part);
    const parts = conjuncts(inner);
    if (parts.length > 1) {
      pending.push(...parts.toReversed());
      continue;
    }
    const rule = ruleOf(inner, typeOf);
    if (rule === undefined) return undefined;
    rules.push(...rule);
  }
  return rules.length === 0 ? undefined : rules;
}

/** The options of a column with those of a rule: of two bounds the narrower one. Undefined where no value would be left. */
export function narrowed(own: DraftOptions = {}, rule: DraftOptions = {}): DraftOptions | undefined {
  const bound = (inclusive: 'minimum' | 'maximum', exclusive: 'exclusiveMinimum' | 'exclusiveMaximum', sign: number): DraftOptions => {
    const all = [own, rule].flatMap((options) => [
      ...(options[inclusive] === undefined ? [] : [{ value: options[inclusive], open: false }]),
      ...(options[exclusive] === undefined ? [] : [{ value: options[exclusive], open: true }]),
    ]);
    const [narrowest] = all.sort((a, b) => sign * compareDecimal(b.value, a.value) || Number(b.open) - Number(a.open));
    return narrowest === undefined ? {} : { [narrowest.open ? exclusive : inclusive]: narrowest.value };
  };
  const { minimum: _a, maximum: _b, exclusiveMinimum: _c, exclusiveMaximum: _d, ...rest } = { ...own, ...rule };
  const lengths = {
    ...(own.minLength !== undefined || rule.minLength !== undefined ? { minLength: Math.max(own.minLength ?? 0, rule.minLength ?? 0) } : {}),
    ...(own.maxLength !== undefined || rule.maxLength !== undefined
      ? { maxLength: Math.min(own.maxLength ?? MOST_LENGTH, rule.maxLength ?? MOST_LENGTH) }
      : {}),
  };
  const result: DraftOptions = { ...rest, ...lengths, ...bound('minimum', 'exclusiveMinimum', 1), ...bound('maximum', 'exclusiveMaximum', -1) };
  const low = result.minimum ?? result.exclusiveMinimum;
  const high = result.maximum ?? result.exclusiveMaximum;
  const order = low === undefined || high === undefined ? -1 : compareDecimal(low, high);
  const open = result.exclusiveMinimum !== undefined || result.exclusiveMaximum !== undefined;
  return order > 0 || (order === 0 && open) || (result.minLength ?? 0) > (result.maxLength ?? MOST_LENGTH) ? undefined : result;
}

/** Tokens without casts and marks of a character set, which change no value here. */
function plain(tokens: readonly SqlToken[]): SqlToken[] {
  const kept: SqlToken[] = [];
  for (let at = 0; at < tokens.length; at += 1) {
    const token = tokens[at] as SqlToken;
    if (token.value === ':' && tokens[at + 1]?.value === ':') {
      at += 2;
      while (tokens[at + 1]?.value === '.') at += 2;
      while (['VARYING', 'PRECISION'].includes(tokens[at + 1]?.value ?? '')) at += 1;
      if (tokens[at + 1]?.value === '(') while (at < tokens.length && tokens[++at]?.value !== ')');
      while (tokens[at + 1]?.value === '[' && tokens[at + 2]?.value === ']') at += 2;
    } else if (
      token.kind === 'word' &&
      tokens[at + 1]?.kind === 'text' &&
      /^(?:_\w+|N)$/.test(token.value) &&
      tokens[at + 1]?.at === token.at + token.text.length
    )
      continue;
    else kept.push(token);
  }
  return kept;
}

function isSign(token: SqlToken | undefined, value: string): boolean {
  return token?.kind === 'sign' && token.value === value;
}

function isWord(token: SqlToken | undefined, value: string): boolean {
  return token?.kind === 'word' && token.value === value;
}

/** Without the parentheses that hold all of it. */
function unwrapped(tokens: readonly SqlToken[]): readonly SqlToken[] {
  let inner = tokens;
  while (isSign(inner[0], '(') && closing(inner, 0) === inner.length - 1) inner = inner.slice(1, -1);
  return inner;
}

function closing(tokens: readonly SqlToken[], open: number): number {
  let depth = 0;
  for (let at = open; at < tokens.length; at += 1) {
    if (isSign(tokens[at], '(') || isSign(tokens[at], '[')) depth += 1;
    else if ((isSign(tokens[at], ')') || isSign(tokens[at], ']')) && --depth === 0) return at;
  }
  return -1;
}

/** Parts between words, or commas, that stand in no bracket. */
function parted(tokens: readonly SqlToken[], ends: (token: SqlToken, part: readonly SqlToken[]) => boolean): SqlToken[][] {
  const parts: SqlToken[][] = [[]];
  for (let at = 0; at < tokens.length; at += 1) {
    const token = tokens[at] as SqlToken;
    const end = isSign(token, '(') || isSign(token, '[') ? closing(tokens, at) : -1;
    if (end > at) {
      parts.at(-1)?.push(...tokens.slice(at, end + 1));
      at = end;
    } else if (ends(token, parts.at(-1) ?? [])) parts.push([]);
    else parts.at(-1)?.push(token);
  }
  return parts;
}

/** Parts joined by AND; that of BETWEEN joins nothing. Where OR stands beside it, the whole is one part, which no rule says. */
function conjuncts(tokens: readonly SqlToken[]): SqlToken[][] {
  if (parted(tokens, (token) => isWord(token, 'OR')).length > 1) return [[...tokens]];
  const between = (part: readonly SqlToken[]) => part.some((one) => isWord(one, 'BETWEEN')) && !part.some((one) => isWord(one, 'AND'));
  const parts: SqlToken[][] = [[]];
  for (const part of parted(tokens, (token) => isWord(token, 'AND'))) {
    const last = parts.at(-1) as SqlToken[];
    if (last.length > 0 && between(last)) last.push({ kind: 'word', text: 'AND', value: 'AND', at: 0, nests: 0 }, ...part);
    else if (last.length === 0) last.push(...part);
    else parts.push(part);
  }
  return parts;
}

function ruleOf(tokens: readonly SqlToken[], typeOf: (column: string) => ColumnType | undefined): CheckRule[] | undefined {
  const alternatives = parted(tokens, (token) => isWord(token, 'OR'));
  if (alternatives.length > 1) {
    const rules = alternatives.map((one) => ruleOf(unwrapped(one), typeOf));
    const [column] = rules.flatMap((rule) => rule?.map((one) => one.column) ?? []);
    const codes = rules.flatMap((rule) => (rule?.length === 1 && rule[0]?.column === column && rule[0]?.codes !== undefined ? [rule[0].codes] : []));
    return column === undefined || codes.length < rules.length ? undefined : [{ column, codes: [...new Set(codes.flat())] }];
  }
  const end = tokens.length - 3;
  if (end > 0 && isWord(tokens[end], 'IS') && isWord(tokens[end + 1], 'NOT') && isWord(tokens[end + 2], 'NULL')) {
    const subject = operand(tokens.slice(0, end), typeOf);
    return subject?.kind === 'column' ? [{ column: subject.column, required: true }] : undefined;
  }
  const at = parted(tokens, (token) => isWord(token, 'BETWEEN') || isWord(token, 'IN'))[0]?.length ?? 0;
  const list = tokens.slice(at + 1);
  if (isWord(tokens[at], 'IN'))
    return codesOf(tokens.slice(0, at), isSign(list[0], '(') && closing(list, 0) === list.length - 1 ? list.slice(1, -1) : [], typeOf);
  if (isWord(tokens[at], 'BETWEEN')) {
    const [low = [], high = []] = parted(list, (token) => isWord(token, 'AND'));
    const [from, to] = [compared(tokens.slice(0, at), '>=', low, typeOf), compared(tokens.slice(0, at), '<=', high, typeOf)];
    return from && to ? [from, to] : undefined;
  }
  return comparison(tokens, typeOf);
}

function comparison(tokens: readonly SqlToken[], typeOf: (column: string) => ColumnType | undefined): CheckRule[] | undefined {
  const [left = [], ...more] = parted(tokens, (token) => token.kind === 'sign' && ['<', '>', '='].includes(token.value));
  const signs = tokens.slice(left.length, tokens.length - (more.at(-1)?.length ?? 0)).map(({ value }) => value);
  const right = more.at(-1) ?? [];
  const any = isWord(right[0], 'ANY') ? unwrapped(right.slice(1)) : undefined;
  if (any && signs.join('') === '=' && isWord(any[0], 'ARRAY') && isSign(any[1], '[') && closing(any, 1) === any.length - 1)
    return codesOf(left, any.slice(2, -1), typeOf);
  const rule = compared(left, signs.join(''), right, typeOf) ?? compared(right, TURNED[signs.join('')] ?? '', left, typeOf);
  return rule && [rule];
}

function codesOf(left: readonly SqlToken[], list: readonly SqlToken[], typeOf: (column: string) => ColumnType | undefined): CheckRule[] | undefined {
  const subject = operand(left, typeOf);
  const values = parted(list, (token) => isSign(token, ',')).map((one) => operand(one, typeOf));
  const kind = subject?.kind === 'column' ? literalOf(typeOf(subject.column)) : undefined;
  if (subject?.kind !== 'column' || kind === undefined) return undefined;
  const codes = values.flatMap((one) => (one?.kind === kind && 'value' in one && fits(one.value, typeOf(subject.column)) ? [one.value] : []));
  return codes.length < values.length ? undefined : [{ column: subject.column, codes: [...new Set(codes)] }];
}

function compared(
  left: readonly SqlToken[],
  sign: string,
  right: readonly SqlToken[],
  typeOf: (column: string) => ColumnType | undefined,
): CheckRule | undefined {
  const [subject, to] = [operand(left, typeOf), operand(right, typeOf)];
  if (subject?.kind === 'column' && to?.kind === 'text' && sign === '=') return codesOf(left, right, typeOf)?.[0];
  if (to?.kind !== 'number' || subject === undefined || !('column' in subject)) return undefined;
  const { value } = to;
  if (subject.kind === 'column') {
    const type = typeOf(subject.column);
    if (literalOf(type) !== 'number' || !fits(value, type)) return undefined;
    if (sign === '=') return { column: subject.column, options: { minimum: value, maximum: value } };
    const name = ({ '>=': 'minimum', '<=': 'maximum', '>': 'exclusiveMinimum', '<': 'exclusiveMaximum' } as const)[sign];
    return name && { column: subject.column, options: { [name]: value } };
  }
  const length = Number(value);
  if (!Number.isSafeInteger(length) || length < 0 || length > MOST_LENGTH) return undefined;
  const sure = LENGTHS[subject.by] ?? [];
  const low = sign === '>' ? length + 1 : sign === '>=' || sign === '=' ? length : undefined;
  const high = sign === '<' ? length - 1 : sign === '<=' || sign === '=' ? length : undefined;
  // A text has bytes where it has characters.
  if ((low === undefined && high === undefined) || (low !== undefined && low > 1 && !sure.includes('lower'))) return undefined;
  if (high !== undefined && (high < 0 || !sure.includes('upper'))) return undefined;
  return { column: subject.column, options: { ...(low === undefined ? {} : { minLength: low }), ...(high === undefined ? {} : { maxLength: high }) } };
}

function operand(tokens: readonly SqlToken[], typeOf: (column: string) => ColumnType | undefined): Operand | undefined {
  const inner = unwrapped(tokens);
  const [first, second] = inner;
  if (first === undefined) return undefined;
  const negative = inner.length === 2 && isSign(first, '-');
  const number = negative ? second : first;
  if (number?.kind === 'number' && inner.length === (negative ? 2 : 1))
    return /^\d+(?:\.\d+)?$/.test(number.value) ? { kind: 'number', value: `${negative ? '-' : ''}${number.value}` } : undefined;
  if (inner.length === 1 && first.kind === 'text') return { kind: 'text', value: first.value };
  if (inner.length === 1 && (first.kind === 'word' || first.kind === 'quoted')) {
    const column = first.kind === 'quoted' ? first.value : first.text;
    return typeOf(column) === undefined ? undefined : { kind: 'column', column, by: '' };
  }
  if (first.kind !== 'word' || LENGTHS[first.value] === undefined || !isSign(second, '(') || closing(inner, 1) !== inner.length - 1) return undefined;
  const subject = operand(inner.slice(1), typeOf);
  return subject?.kind === 'column' && typeOf(subject.column)?.kind === 'string' ? { ...subject, kind: 'length', by: first.value } : undefined;
}

function literalOf(type: ColumnType | undefined): 'number' | 'text' | undefined {
  if (type?.kind === 'string') return 'text';
  return type?.kind === 'int' || type?.kind === 'decimal' || type?.kind === 'float' ? 'number' : undefined;
}

/** Whether a column may hold the value: a bound between two of its values would be another one. */
function fits(value: string, type: ColumnType | undefined): boolean {
  const fraction = /\.(\d*?)0*$/.exec(value)?.[1]?.length ?? 0;
  if (type?.kind === 'int') return !value.includes('.');
  return type?.kind !== 'decimal' || (fraction <= type.scale && value.replace(/^-?0*|\..*$/g, '').length <= type.precision - type.scale);
}
