import bindings, { type Connection } from '@duckdb/node-bindings';
import { arrowEncoder } from './arrow.ts';
import { uniqueNames, type ResultColumn, type ResultEncoder } from './encoder.ts';
import { resultType } from './result-type.ts';
import { vectorView } from './vector-view.ts';

/** A connection to an engine of the test's own, in UTC. */
export async function testConnection(): Promise<Connection> {
  const connection = await bindings.connect(await bindings.open(':memory:', bindings.create_config()));
  await bindings.query(connection, "SET TimeZone = 'UTC'");
  return connection;
}

/** All bytes of a query's answer in one format, with the columns as the encoder saw them. */
export async function encodeQuery(
  connection: Connection,
  sql: string,
  encoder: (columns: readonly ResultColumn[]) => ResultEncoder = arrowEncoder,
): Promise<{ bytes: Buffer; columns: ResultColumn[]; rows: number }> {
  const statement = await bindings.prepare(connection, sql);
  const result = await bindings.execute_prepared_streaming(statement);
  const names = uniqueNames(Array.from({ length: bindings.column_count(result) }, (_, index) => bindings.column_name(result, index)));
  const columns = names.map((name, index) => ({ name, type: resultType(bindings.column_logical_type(result, index)) }));
  const encoding = encoder(columns);
  const pieces: Uint8Array[] = [];
  let rows = 0;
  for (;;) {
    const chunk = await bindings.fetch_chunk(result);
    const size = chunk === null ? 0 : bindings.data_chunk_get_size(chunk);
    if (chunk === null || size === 0) break;
    encoding.add(
      columns.map((column, index) => vectorView(bindings.data_chunk_get_vector(chunk, index), column.type, size)),
      size,
    );
    rows += size;
    // copied at once: the encoder may use the memory again
    if (encoding.full) pieces.push(...encoding.take().map((piece) => Buffer.from(piece)));
  }
  pieces.push(...encoding.finish({ rows: BigInt(rows), truncated: false }));
  return { bytes: Buffer.concat(pieces), columns, rows };
}
