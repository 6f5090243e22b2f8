import { ident, literal } from '@skein/kernel';

/**
 * How the text of one landed column is read: SQL expressions over the trimmed text `t` (NULL where blank), for numbers the
 * canonical number `n` (NULL where it could not be read), and the value `v` that came of it. Formats: ABAP dictionary types.
 */
export interface Reading {
  readonly value: (t: string, n: string) => string;
  /** TRUE where there is a text that cannot be read: the row is refused with the raw value, by the rule `type`. */
  readonly fault?: (t: string, v: string) => string;
  /** What was conformed, by name: conditions over `t`. */
  readonly repairs?: Readonly<Record<string, (t: string, n: string) => string>>;
  /** A number: its decimal separator is a matter of the whole file. */
  readonly number?: { readonly scale: number };
  /** `#`, the warehouse's "not assigned", is NULL. */
  readonly unassigned?: boolean;
}

const DIGITS = (t: string) => `regexp_full_match(${t}, '[0-9]+')`;
const significant = (t: string) => `ltrim(${t}, '0')`;

export const text: Reading = { value: (t) => t, unassigned: true };

/** Text in which `#` is a character like any other. */
export const verbatim: Reading = { value: (t) => t };

/** UNIT (CHAR 3): codes are upper case; which codes there are is the contract's business. */
export const unit: Reading = {
  value: (t) => `upper(${t})`,
  repairs: { unit_case: (t) => `${t} <> upper(${t})` },
  unassigned: true,
};

/** CUKY (CHAR 5). */
export const currency: Reading = {
  value: (t) => `upper(${t})`,
  repairs: { currency_case: (t) => `${t} <> upper(${t})` },
  unassigned: true,
};

/**
 * Codes and numbers of a fixed width whose leading zeros are data (MANDT, WERKS, LGORT; NUMC; conversion exit ALPHA):
 * digits alone are filled to the width, so that `100000000` and `0100000000` are one partner. All zeros is the initial value.
 */
export function padded(width: number, options: { readonly unassigned?: boolean; readonly zero?: boolean } = {}): Reading {
  const zero = options.zero ?? false;
  return {
    value: (t) =>
      `CASE WHEN ${DIGITS(t)} THEN ${zero ? '' : `CASE WHEN ${significant(t)} <> '' THEN `}CASE WHEN length(${significant(t)}) > ${width} THEN ${significant(t)} ELSE lpad(${significant(t)}, ${width}, '0') END${zero ? '' : ' END'} ELSE ${t} END`,
    repairs: { zero_padding: (t) => `length(${t}) < ${width} AND ${DIGITS(t)}${zero ? '' : ` AND ${significant(t)} <> ''`}` },
    unassigned: options.unassigned ?? false,
  };
}

/**
 * MATNR (conversion exit MATN1): digits alone are filled with zeros to 18 places, or to 40 where they are more; both
 * widths arrive from ECC and S/4HANA and mean the same material. Other numbers stay as they are.
 */
export const material: Reading = {
  value: (t) => materialNumber(t),
  repairs: { zero_padding: (t) => `length(${t}) NOT IN (18, 40) AND ${DIGITS(t)} AND ${significant(t)} <> ''` },
};

/** A material that a row may lack: `#` and blanks are NULL. */
export const optionalMaterial: Reading = { ...material, unassigned: true };

export function materialNumber(t: string): string {
  return `CASE WHEN ${DIGITS(t)} THEN CASE WHEN ${significant(t)} <> '' THEN lpad(${significant(t)}, CASE WHEN length(${significant(t)}) > 18 THEN 40 ELSE 18 END, '0') END ELSE ${t} END`;
}

/** The form that people and shops use: digits without leading zeros; of anything else, the number itself. */
export function externalNumber(column: string): string {
  return `CASE WHEN ${DIGITS(column)} THEN ${significant(column)} ELSE ${column} END`;
}

const ISO_DATE = `'[0-9]{4}-[0-9]{2}-[0-9]{2}([T ]00:00(:00(\\.0+)?)?(Z| UTC)?)?'`;
const isInitialDate = (t: string) => `regexp_full_match(${t}, '0+|0000-00-00|00\\.00\\.0000')`;
const dateValue = (t: string) => `CASE
  WHEN ${isInitialDate(t)} THEN NULL
  WHEN regexp_full_match(${t}, '[0-9]{8}') THEN TRY_CAST(${t}[:4] || '-' || ${t}[5:6] || '-' || ${t}[7:8] AS DATE)
  WHEN regexp_full_match(${t}, ${ISO_DATE}) THEN TRY_CAST(${t}[:10] AS DATE)
  WHEN regexp_full_match(${t}, '[0-9]{2}\\.[0-9]{2}\\.[0-9]{4}') THEN TRY_CAST(${t}[7:10] || '-' || ${t}[4:5] || '-' || ${t}[:2] AS DATE)
END`;

/**
 * DATS: `YYYYMMDD`, where all zeros is "no date" and `99991231` an open end (kept as that day). Also read: `YYYY-MM-DD`
 * and `DD.MM.YYYY`; forms with slashes are refused, since day and month could change places.
 */
export const date: Reading = {
  value: dateValue,
  fault: (t, v) => `${v} IS NULL AND NOT ${isInitialDate(t)}`,
  unassigned: true,
};

const clock = (t: string) => `lpad(replace(${t}, ':', ''), 6, '0')`;
const seconds = (t: string) => `(${clock(t)}[:2]::INTEGER * 3600 + ${clock(t)}[3:4]::INTEGER * 60 + ${clock(t)}[5:6]::INTEGER)`;
const isClock = (t: string) =>
  `regexp_full_match(${t}, '[0-9]{1,6}|[0-9]{1,2}:[0-9]{2}:[0-9]{2}') AND regexp_full_match(${clock(t)}, '([01][0-9]|2[0-3])[0-5][0-9][0-5][0-9]|240000')`;

/** TIMS: seconds after the beginning of the day; `240000` is the end of the day, 86,400. */
export const timeOfDay: Reading = {
  value: (t) => `CASE WHEN ${isClock(t)} THEN ${seconds(t)} END`,
  fault: (t, v) => `${v} IS NULL AND ${t} IS NOT NULL`,
  repairs: { zero_padding: (t) => `regexp_full_match(${t}, '[0-9]{1,5}')` },
};

/** Indicators (CHAR 1): `X` is set, blank is not. */
export const flag: Reading = {
  value: (t) =>
    `CASE WHEN ${t} IS NULL OR lower(${t}) IN ('0', 'false', 'n', 'no', '-') THEN false WHEN lower(${t}) IN ('x', '1', 'true', 'y', 'yes') THEN true END`,
  fault: (_, v) => `${v} IS NULL`,
};

/**
 * CURR, QUAN and DEC of a width and scale. More digits than the column holds are refused, never rounded. VARCHAR to a
 * DECIMAL wider than 18 digits is some 300 times as slow in the engine, so only long numbers go that way.
 */
export function decimal(precision: number, scale: number): Reading {
  const type = `DECIMAL(${precision}, ${scale})`;
  const read = (n: string) =>
    precision <= 18
      ? `TRY_CAST(${n} AS ${type})`
      : `CASE WHEN length(${n}) <= ${18 - scale} THEN TRY_CAST(${n} AS DECIMAL(18, ${scale}))::${type} ELSE TRY_CAST(${n} AS ${type}) END`;
  const value = (n: string) => `CASE WHEN regexp_matches(${n}, ${literal(`\\.[0-9]{${scale}}[0-9]*[1-9]`)}) THEN NULL ELSE ${read(n)} END`;
  return {
    number: { scale },
    value: (_, n) => value(n),
    fault: (t, v) => `${v} IS NULL AND ${t} IS NOT NULL`,
    repairs: { trailing_minus: (t, n) => `${t} LIKE '%-' AND ${n} IS NOT NULL` },
  };
}

/** DEC without decimals, read as INTEGER. */
export const integer: Reading = {
  ...decimal(9, 0),
  value: (t, n) => `${decimal(9, 0).value(t, n)}::INTEGER`,
};

/**
 * Evidence of one number for a decimal separator: TRUE where it can only be read with `mark` as the decimal sign. A lone
 * separator before exactly three digits (`1.234`) is no evidence for either.
 */
export function speaksFor(t: string, mark: '.' | ','): string {
  const decimalMark = mark === '.' ? '\\.' : ',';
  const group = mark === '.' ? ',' : '\\.';
  const body = [
    `[0-9]{1,3}(${group}[0-9]{3})+${decimalMark}[0-9]*`,
    `[0-9]{1,3}(${group}[0-9]{3}){2,}`,
    `[0-9]{4,}${decimalMark}[0-9]+`,
    `[0-9]*${decimalMark}([0-9]{1,2}|[0-9]{4,})`,
    `0*${decimalMark}[0-9]+`,
  ].join('|');
  return `regexp_full_match(${t}, ${literal(`[-+]?(${body}) ?-?`)})`;
}

/** TRUE where a number shows that its column groups thousands in a file with the decimal sign `mark`. */
export function groupsThousands(t: string, mark: '.' | ','): string {
  const group = mark === '.' ? ',' : '\\.';
  const decimalMark = mark === '.' ? '\\.' : ',';
  return `regexp_full_match(${t}, ${literal(`[-+]?[0-9]{1,3}((${group}[0-9]{3})+${decimalMark}[0-9]*|(${group}[0-9]{3}){2,}) ?-?`)})`;
}

/** TRUE where a quantity may be in the dictionary's form. */
export function hasThreeDecimals(t: string): string {
  return `regexp_full_match(${t}, '0|[-+]?[0-9]{1,3}\\.[0-9]{3} ?-?')`;
}

/** A number of a file with the decimal sign `mark`, its separators changed about so that the point is the decimal sign. */
export function pointed(t: string, mark: string): string {
  return `CASE WHEN ${mark} = ',' THEN translate(${t}, ',.', '.,') ELSE ${t} END`;
}

/**
 * The canonical text of a `pointed` number (leading minus, no groups), or NULL. `known` is FALSE where the file does not show
 * its decimal sign: then a number with a separator is not guessed at. `grouped`: the column groups thousands.
 */
export function canonicalNumber(u: string, known: string, grouped: string): string {
  const grouping = `(${grouped} OR regexp_matches(${u}, '[.]|,[0-9]{3},'))`;
  return `CASE
    WHEN NOT ${known} AND regexp_matches(${u}, '[.,]') THEN NULL
    WHEN regexp_full_match(${u}, '[-+]?([0-9]+\\.?[0-9]*|\\.[0-9]+)') THEN ${u}
    WHEN regexp_full_match(${u}, '([0-9]+\\.?[0-9]*|\\.[0-9]+) ?-') THEN '-' || rtrim(${u}, ' -')
    WHEN regexp_full_match(${u}, '[-+]?[0-9]{1,3}(,[0-9]{3})+(\\.[0-9]*)?') AND ${grouping} THEN replace(${u}, ',', '')
    WHEN regexp_full_match(${u}, '[0-9]{1,3}(,[0-9]{3})+(\\.[0-9]*)? ?-') AND ${grouping} THEN '-' || replace(rtrim(${u}, ' -'), ',', '')
  END`;
}

/** Blank, tab, line breaks and the no-break space. */
export const BLANKS = `' ' || chr(9) || chr(10) || chr(13) || chr(160)`;

export function trimmed(column: string): string {
  return `nullif(trim(${ident(column)}, ${BLANKS}), '')`;
}
