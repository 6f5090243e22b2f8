import type { Socket } from 'node:net';
import bindings, { type Connection, type DataChunk, type PreparedStatement } from '@duckdb/node-bindings';
import type { ResultFormat } from '@skein/ports';
import { uniqueNames, UnsupportedValue, type ResultColumn, type ResultEncoder } from '../wire/encoder.ts';
import { resultType, UnsupportedType } from '../wire/result-type.ts';
import { csvEncoder, jsonEncoder, ndjsonEncoder } from '../wire/text.ts';
import { vectorView } from '../wire/vector-view.ts';
import { bindParameters, ChildFailure, type QueryConnection } from './child-engine.ts';
import { dataFrame, FRAME, jsonFrame, writeAll, type EndNote, type ExecuteCommand } from './frames.ts';

/** `duckdb.h`, enum duckdb_statement_type. */
const SELECT_STATEMENT = 1;

/** Loaded when the child is idle, or at the first Arrow answer: its flatbuffers code takes 40 ms to load. */
let arrow: Promise<typeof import('../wire/arrow.ts')> | undefined;
export function loadArrow(): Promise<typeof import('../wire/arrow.ts')> {
  return (arrow ??= import('../wire/arrow.ts'));
}

/**
 * Runs one SELECT on a connection of its own and streams the answer. An error in mid-stream looks to the engine's caller like
 * the end of the result, so a second statement in the same transaction asks whether the stream was whole: it throws when not.
 */
export async function runQuery({ connection, begin, probe }: QueryConnection, command: ExecuteCommand, socket: Socket): Promise<void> {
  // asked for together: the child's one libuv thread does them in this order, and the query waits for one turn instead of two
  const began = bindings.execute_prepared(begin);
  const preparing = prepareSelect(connection, command);
  preparing.catch(() => {});
  await began;
  const statement = await preparing;
  const result = await bindings.execute_prepared_streaming(statement);
  bindings.destroy_prepare_sync(statement);
  const count = bindings.column_count(result);
  const names = uniqueNames(Array.from({ length: count }, (_, index) => bindings.column_name(result, index)));
  const columns = supported(() => names.map((name, index): ResultColumn => ({ name, type: resultType(bindings.column_logical_type(result, index)) })));
  const encoder = await encoderFor(command.format, columns);
  const head = jsonFrame(
    FRAME.columns,
    columns.map((column) => ({ name: column.name, type: column.type.text })),
  );

  let rows = 0;
  let truncated = false;
  let headSent = false;
  let writing: Promise<void> = Promise.resolve();
  const send = async (pieces: readonly Uint8Array[]): Promise<void> => {
    const framed = dataFrame(pieces);
    if (framed.length === 0) return;
    const before = writing;
    writing = writeAll(socket, headSent ? framed : [head, ...framed]);
    writing.catch(() => {});
    headSent = true;
    // the bytes of the take before are free now; those of this one may be on their way while the next batch fills
    await before;
  };
  const fetch = (): Promise<DataChunk | null> => {
    const next = bindings.fetch_chunk(result);
    next.catch(() => {});
    return next;
  };
  let next = fetch();
  try {
    for (;;) {
      const chunk = await next;
      const size = chunk === null ? 0 : bindings.data_chunk_get_size(chunk);
      if (chunk === null || size === 0) break;
      const wanted = Math.min(size, command.maxRows - rows);
      truncated = wanted < size;
      // the engine works on the next chunk while this one is encoded
      if (!truncated) next = fetch();
      supported(() =>
        encoder.add(
          columns.map((column, index) => vectorView(bindings.data_chunk_get_vector(chunk, index), column.type, wanted)),
          wanted,
        ),
      );
      rows += wanted;
      if (truncated) break;
      if (encoder.full) await send(encoder.take());
    }
  } finally {
    // the connection must not be closed under a fetch
    await next.catch(() => {});
  }
  await bindings.execute_prepared(probe);
  const outcome = { rows: BigInt(rows), truncated };
  const last = [...dataFrame(encoder.finish(outcome)), jsonFrame(FRAME.end, { rows: outcome.rows.toString(), truncated } satisfies EndNote)];
  await writing;
  await writeAll(socket, headSent ? last : [head, ...last]);
}

async function prepareSelect(connection: Connection, command: ExecuteCommand): Promise<PreparedStatement> {
  // what arrives was printed from a checked syntax tree; this is the second lock, against a mistake in the first
  if (!/^\s*(?:\(\s*)*(?:SELECT|WITH|FROM|VALUES)\b/i.test(command.sql)) throw new ChildFailure({ stage: 'prepare', kind: 'refused', text: 'not a SELECT' });
  let statement: PreparedStatement;
  try {
    statement = await bindings.prepare(connection, command.sql);
  } catch (error) {
    throw new ChildFailure({ stage: 'prepare', kind: 'engine', text: error instanceof Error ? error.message : String(error) });
  }
  if (Number(bindings.prepared_statement_type(statement)) !== SELECT_STATEMENT)
    throw new ChildFailure({ stage: 'prepare', kind: 'refused', text: 'not a SELECT' });
  const expected = bindings.nparams(statement);
  const names = Array.from({ length: expected }, (_, index) => parameterName(statement, index + 1));
  if (expected !== command.parameters.length || names.some((name, index) => name !== String(index + 1))) {
    const named = names.find((name) => name !== undefined && !/^[1-9][0-9]*$/.test(name));
    const text =
      named === undefined
        ? `the SQL has ${expected} parameters, ${command.parameters.length} values were given, and parameters count from $1`
        : `parameter ${JSON.stringify(named)} has a name; parameters are $1, $2 … or ?`;
    throw new ChildFailure({ stage: 'prepare', kind: 'parameters', text });
  }
  bindParameters(statement, command.parameters);
  return statement;
}

/** Undefined where the SQL has no parameter of that number: it throws for `SELECT $2`. */
function parameterName(statement: PreparedStatement, position: number): string | undefined {
  try {
    return bindings.parameter_name(statement, position);
  } catch {
    return undefined;
  }
}

async function encoderFor(format: ResultFormat, columns: readonly ResultColumn[]): Promise<ResultEncoder> {
  switch (format) {
    case 'arrow':
      return (await loadArrow()).arrowEncoder(columns);
    case 'json':
      return jsonEncoder(columns);
    case 'ndjson':
      return ndjsonEncoder(columns);
    case 'csv':
      return csvEncoder(columns);
  }
}

function supported<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof UnsupportedType) throw new ChildFailure({ stage: 'prepare', kind: 'unsupported', text: `${error.message}; cast it to VARCHAR` });
    if (error instanceof UnsupportedValue) throw new ChildFailure({ stage: 'run', kind: 'unsupported', text: `${error.message}; ${error.advice}` });
    throw error;
  }
}
