import { literal } from '@skein/kernel';
import type { Expression } from '../pattern.ts';
import type { Program, Test, Text } from './program.ts';
import { C1, CP1252 } from './text.ts';

/** The SQL of a program, with the placeholders of `Expression`. */
export function toSql(program: Program): Expression {
  return {
    kind: 'expression',
    transformation: program.result.op === 'clear' ? 'NULL' : textSql(program.result),
    preConditions: testSql(program.when),
    postValidation: testSql(program.holds),
  };
}

/** A constant, written so that it holds neither a placeholder nor what begins a comment, which `checkSolution` could not tell from the real ones. */
export function constant(text: string): string {
  const parts = text.split(/(\0)|(?<=\{)(?=value\}|column:)|(?<=-)(?=-)|(?<=\/)(?=\*)/).filter((part) => part !== undefined && part !== '');
  if (parts.length === 0) return "''";
  const written = parts.map((part) => (part === '\0' ? 'chr(0)' : literal(part)));
  return written.length === 1 ? (written[0] ?? "''") : `(${written.join(' || ')})`;
}

export function textSql(node: Text): string {
  switch (node.op) {
    case 'value':
      return '{value}';
    case 'column':
      return `{column:${encodeURIComponent(node.name)}}`;
    case 'const':
      return constant(node.text);
    case 'concat':
      return `(${node.parts.map(textSql).join(' || ')})`;
    case 'first':
      return `coalesce(${node.of.map(textSql).join(', ')})`;
    case 'if':
      return `CASE WHEN ${testSql(node.when)} THEN ${textSql(node.yes)}${node.no ? ` ELSE ${textSql(node.no)}` : ''} END`;
    case 'total': {
      // Thousandths as whole numbers: exact, and 64 bits wide.
      const thousandths = (of: Text): string => `CAST(TRY_CAST(${textSql(of)} AS DECIMAL(9,3)) * 1000 AS BIGINT)`;
      const sum = node.terms.map(([of, times]) => `coalesce(${thousandths(of)} * ${times}, 0)`).join(' + ');
      const any = `coalesce(${node.terms.map(([of]) => textSql(of)).join(', ')}) IS NOT NULL`;
      return `CASE WHEN ${any} AND (${sum}) % ${node.over} = 0 THEN rtrim(rtrim(CAST(CAST((${sum}) // ${node.over} AS DECIMAL(18,0)) * CAST('0.001' AS DECIMAL(4,3)) AS VARCHAR), '0'), '.') END`;
    }
    default:
      return appliedSql(node, textSql(node.of));
  }
}

function appliedSql(node: Exclude<Text, { op: 'value' | 'column' | 'const' | 'concat' | 'first' | 'if' | 'total' }>, of: string): string {
  switch (node.op) {
    case 'replace':
      return `replace(${of}, ${constant(node.from)}, ${constant(node.to)})`;
    case 'sub':
      return `regexp_replace(${of}, ${constant(node.pattern)}, ${constant(node.to.replaceAll('\\', '\\\\'))}, 'g')`;
    case 'extract': {
      const found = `regexp_extract(${of}, ${constant(node.pattern)}, ${node.group})`;
      return node.sure === true ? found : `nullif(${found}, '')`;
    }
    case 'translate':
      return `translate(${of}, ${constant(node.from)}, ${constant(node.to)})`;
    case 'lower':
    case 'upper':
      return `${node.op}(${of})`;
    case 'pad':
      return `lpad(${of}, greatest(length(${of}), ${node.length})::INTEGER, ${constant(node.with)})`;
    case 'part':
      return `nullif(split_part(${of}, ${constant(node.by)}, ${node.at}), '')`;
    case 'slice':
      return `substring(${of}, ${node.from + 1}${node.length === undefined ? '' : `, ${node.length}`})`;
    case 'lookup':
      return `CASE ${of} ${node.table.map(([from, to]) => `WHEN ${constant(from)} THEN ${constant(to)}`).join(' ')} END`;
    case 'affine': {
      const exact = `CAST(TRY_CAST(${of} AS DECIMAL(18,6)) AS DECIMAL(19,6)) * CAST(${literal(node.times)} AS DECIMAL(19,9)) + CAST(${literal(node.plus)} AS DECIMAL(38,15))`;
      const rounded = `CAST(TRY_CAST(${exact} AS DECIMAL(18,${node.scale})) AS VARCHAR)`;
      return node.scale === 0 ? rounded : `rtrim(rtrim(${rounded}, '0'), '.')`;
    }
    case 'plain':
      // Decimals of 18 digits are 64-bit numbers; wider ones take the engine twenty times as long to print.
      return `rtrim(rtrim(CAST(TRY_CAST(${of} AS DECIMAL(18,${node.scale})) AS VARCHAR), '0'), '.')`;
    case 'writtenOut':
      return `CASE WHEN regexp_matches(${of}, '^[+-]?[0-9]{1,10}(\\.[0-9]{1,10})?[eE][+-]?[0-9]{1,2}$') AND ${WRITTEN_OUT_FITS(of)} THEN rtrim(rtrim(CAST(TRY_CAST(${of} AS DECIMAL(38,10)) AS VARCHAR), '0'), '.') END`;
    case 'parsed':
      return `CAST(CAST(try_strptime(${of}, ${node.formats.length === 1 ? constant(node.formats[0] ?? '') : `[${node.formats.map(constant).join(', ')}]`}) AS DATE) AS VARCHAR)`;
    case 'day':
      return `CASE WHEN regexp_matches(${of}, '^[0-9]{4}-[0-9]{2}-[0-9]{2}$') AND ${of} >= '0001' THEN CAST(TRY_CAST(${of} AS DATE) AS VARCHAR) END`;
    case 'daysAfter':
      return `CASE WHEN regexp_matches(${of}, '^[0-9]{1,6}$') THEN CAST(CAST(${literal(node.base)} AS DATE) + CAST(${of} AS INTEGER) AS VARCHAR) END`;
    case 'epoch':
      return node.unit === 's'
        ? `CASE WHEN regexp_matches(${of}, '^[0-9]{1,11}$') THEN strftime(make_timestamp(CAST(${of} AS BIGINT) * 1000000), '%Y-%m-%d %H:%M:%S') END`
        : `CASE WHEN regexp_matches(${of}, '^[0-9]{1,14}$') THEN strftime(make_timestamp(CAST(${of} AS BIGINT) * 1000), '%Y-%m-%d %H:%M:%S.%g') END`;
    case 'isoWeekDay':
      return `CASE WHEN ${of} < '9999' AND strftime(try_strptime(${of}, '%G-%V-%u'), '%G-%V-%u') = ${of} THEN strftime(try_strptime(${of}, '%G-%V-%u'), '%Y-%m-%d') END`;
    case 'demojibake':
      return `CASE WHEN regexp_matches(${of}, '[^\\x00-\\x7f]') AND NOT regexp_matches(translate(${of}, ${constant(CP1252)}, ${constant(C1)}), '[^\\x00-\\xff]') THEN TRY(decode(unhex(array_to_string(list_transform(string_split(translate(${of}, ${constant(CP1252)}, ${constant(C1)}), ''), lambda _c: printf('%02x', unicode(_c))), '')))) END`;
  }
}

/** At most 24 digits before the point and 10 after it, once written out: then the cast below is exact. */
const WRITTEN_OUT_FITS = (of: string): string => {
  const mantissa = `regexp_extract(${of}, '^[+-]?([0-9]+)', 1)`;
  const fraction = `regexp_extract(${of}, '\\.([0-9]+)', 1)`;
  const point = `(length(${mantissa}) + CAST(regexp_extract(${of}, '[eE]([+-]?[0-9]+)$', 1) AS INTEGER))`;
  return `${point} <= 24 AND length(rtrim(${mantissa} || ${fraction}, '0')) - ${point} <= 10`;
};

export function testSql(test: Test): string {
  switch (test.op) {
    case 'matches':
      return `regexp_matches(${textSql(test.of)}, ${constant(test.pattern)})`;
    case 'in':
      return test.values.length === 0 ? 'FALSE' : `${textSql(test.of)} IN (${test.values.map(constant).join(', ')})`;
    case 'between':
      return `${textSql(test.of)} BETWEEN ${constant(test.from)} AND ${constant(test.to)}`;
    case 'present':
      return `(${textSql(test.of)}) IS NOT NULL`;
    case 'all':
      return test.of.length === 0 ? 'TRUE' : `(${test.of.map(testSql).join(' AND ')})`;
    case 'any':
      return test.of.length === 0 ? 'FALSE' : `(${test.of.map(testSql).join(' OR ')})`;
    case 'not':
      return `NOT coalesce(${testSql(test.of)}, FALSE)`;
  }
}
