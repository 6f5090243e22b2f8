import { literal } from '@skein/kernel';
import type { DataProduct } from '@skein/product';
import { violationValueSql, type Check } from '@skein/verifier';
import { CANDIDATE, type Malformed, type Rows } from './candidate.ts';
import { DEPENDENCY, DISPUTED } from './dependency-votes.ts';
import type { Healed } from './healing.ts';
import { STANDING } from './mending.ts';

/**
 * One row for each violation: rule, column, raw value, row id and source position; and one for each repaired cell, with the value before, the value
 * after, the solution and its evidence: what is needed to undo it.
 */
export function feedbackSql(
  product: DataProduct,
  { plan, position: rowId, extras, columns }: Rows,
  offending: readonly string[],
  malformed: readonly Malformed[],
  healed: Healed,
): string {
  const source = extras.includes('_file') ? '_file AS source_file, _row AS source_position' : 'NULL::VARCHAR AS source_file, NULL::BIGINT AS source_position';
  const usable = plan.checks.filter((check) => check.reads.every((name) => columns.includes(name)));
  const one = (pick: (check: Check) => string) => `CASE _check ${usable.map((check) => `WHEN ${literal(check.id)} THEN ${pick(check)}`).join(' ')} END`;
  const violation = (from: string) =>
    `SELECT ${literal(product.id)} AS product, _check AS rule, ${one((check) => literal(check.column ?? null))} AS column_name,
       ${one((check) => violationValueSql(check))} AS value, ${rowId} AS row_id, ${source}, ${one((check) => literal(check.severity))} AS severity,
       ${literal(product.layer)} AS layer, ${one((check) => literal(messageOf(check)))} AS message FROM ${from}`;
  const parts: string[] = [];
  if (usable.length > 0) {
    // A value that could not be typed is NULL by then: that it is also missing is no second fault.
    const untyped = extras.includes('_invalid')
      ? `_check <> '_invalid' AND NOT coalesce(list_contains(list_transform(_invalid, _i -> _i."column" || '.required'), _check), false)`
      : 'true';
    parts.push(violation(`(SELECT *, unnest(_failed) AS _check FROM ${CANDIDATE} WHERE _failed IS NOT NULL) WHERE ${untyped}`));
    parts.push(violation(`(SELECT *, unnest(_warned) AS _check FROM ${CANDIDATE} WHERE _warned IS NOT NULL)`));
    for (const table of offending) parts.push(violation(table));
  }
  if (extras.includes('_invalid')) {
    parts.push(
      `SELECT ${literal(product.id)}, _i."column" || '.' || _i.rule, _i."column", _i.value, ${rowId}, ${source}, 'error', ${literal(product.layer)},
         CASE _i.rule WHEN 'type' THEN 'the value cannot be read as the type of ' || _i."column" ELSE _i."column" || ' breaks ' || _i.rule END FROM (SELECT *, unnest(_invalid) AS _i FROM ${CANDIDATE} WHERE len(_invalid) > 0)`,
    );
  }
  for (const { file, row, reason, raw } of malformed) {
    parts.push(
      `SELECT ${literal(product.id)}, 'source.malformed', NULL, ${literal(raw.replaceAll('\0', '\u2400'))}, ${literal(`${file}#${row}`)}, ${literal(file)}, ${row}, 'error', 'landing', ${literal(reason)}`,
    );
  }
  if (parts.length === 0) {
    parts.push(
      `SELECT NULL::VARCHAR AS product, NULL::VARCHAR AS rule, NULL::VARCHAR AS column_name, NULL::VARCHAR AS value, NULL::VARCHAR AS row_id, NULL::VARCHAR AS source_file, NULL::BIGINT AS source_position, NULL::VARCHAR AS severity, NULL::VARCHAR AS layer, NULL::VARCHAR AS message WHERE false`,
    );
  }
  const open = `SELECT *, CASE severity WHEN 'error' THEN 'escalated' END AS outcome, NULL::VARCHAR AS repaired_value, NULL::VARCHAR AS solution, NULL::VARCHAR AS evidence FROM (${parts.join(' UNION ALL ')})`;
  const repaired = healed.rows === 0 ? [] : [repairedSql(product, rowId, source, healed)];
  const disputed = healed.disputed ? [disputedSql(product, rowId, source, healed)] : [];
  return `SELECT * FROM (${[open, ...repaired, ...disputed].join(' UNION ALL ')}) ORDER BY source_file, source_position, row_id, rule`;
}

function repairedSql(product: DataProduct, rowId: string, source: string, { applied }: Healed): string {
  const evidence = new Map(
    applied.map(({ pattern, why }) => [
      pattern.id,
      `${pattern.category}: ${why}; ${pattern.test.passed} of ${pattern.test.cells} cells held back came out right`,
    ]),
  );
  const said = [...evidence].map(([id, text]) => `WHEN ${literal(id)} THEN ${literal(text)}`).join(' ');
  return `SELECT ${literal(product.id)}, _m.check_id, _m."column", _m.value, ${rowId}, ${source}, 'info', ${literal(product.layer)},
      _m."column" || ' broke ' || _m.rule || ' and was repaired', 'repaired', _m.repaired, _m.pattern, coalesce(_m.evidence, CASE _m.pattern ${said} END)
    FROM (${STANDING}) _m JOIN ${CANDIDATE} _c ON _c._mend = _m.id`;
}

/** Cells that differ from the rows that they should agree with, where the evidence decides nothing: their rows are published as they are. */
function disputedSql(product: DataProduct, rowId: string, source: string, { rows }: Healed): string {
  const decided = rows === 0 ? 'false' : `EXISTS (SELECT 1 FROM (${STANDING}) _m WHERE _m.id = _d.id AND _m."column" = _d."column")`;
  return `SELECT ${literal(product.id)}, _d."column" || '.${DEPENDENCY}', _d."column", _d.value, ${rowId}, ${source}, 'warning', ${literal(product.layer)},
      _d."column" || ' breaks ${DEPENDENCY}: ' || _d.why, 'escalated', NULL, NULL, NULL
    FROM ${DISPUTED} _d JOIN ${CANDIDATE} _c ON coalesce(_c._mend, _c.rowid) = _d.id
    WHERE NOT ${decided}`;
}

function messageOf(check: Check): string {
  return `${check.column ?? 'the row'} breaks ${check.rule} (${check.place.file}${check.place.line ? `:${check.place.line}` : ''})`;
}
