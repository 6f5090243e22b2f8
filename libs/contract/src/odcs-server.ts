import { either, integer, matching, text, type Fields } from './shape.ts';
import { TEXT_FORMATS } from './text-format.ts';

export const uri = matching(new RegExp(TEXT_FORMATS['uri'] as string), 'https://example.org/path');
const host = { host: text };
/** A number, or text where a variable holds it. */
const port = either(integer, text);
const address = { host: text, port };
const database = { ...address, database: text };

interface ServerKind {
  readonly fields: Fields;
  readonly required: readonly string[];
}

const kind = (fields: Fields, ...required: string[]): ServerKind => ({ fields, required });

const poet = kind(database, 'database');
const zen = kind(database, 'host', 'database');

/** ODCS `servers[].type`: the fields of each kind of server, and which of them must stand (JSON Schema 3.0.2 to 3.2.0, `ServerSource`). */
export const SERVERS: Readonly<Record<string, ServerKind>> = {
  api: kind({ location: uri }, 'location'),
  athena: kind({ stagingDir: uri, schema: text, catalog: text, regionName: text, workgroup: text }, 'schema'),
  azure: kind({ location: uri, format: text, encoding: text, delimiter: text }, 'location', 'format'),
  bigquery: kind({ project: text, dataset: text }, 'project', 'dataset'),
  btrieve: zen,
  clickhouse: kind(database, 'host', 'port', 'database'),
  cloudsql: kind({ ...database, schema: text }, 'host', 'port', 'database', 'schema'),
  custom: kind({
    account: text,
    catalog: text,
    database: text,
    dataset: text,
    delimiter: text,
    endpointUrl: uri,
    format: text,
    encoding: text,
    host: text,
    location: uri,
    path: text,
    port,
    project: text,
    region: text,
    regionName: text,
    schema: text,
    serviceName: text,
    stagingDir: text,
    stream: text,
    warehouse: text,
  }),
  databricks: kind({ ...host, catalog: text, schema: text }, 'catalog', 'schema'),
  db2: kind({ ...database, schema: text }, 'host', 'port', 'database'),
  denodo: kind(database, 'host', 'port'),
  dremio: kind({ ...address, schema: text }, 'host', 'port'),
  duckdb: kind({ database: text, schema: either(text, integer) }, 'database'),
  exasol: kind({ ...address, schema: text }, 'host'),
  fastobjects: poet,
  glue: kind({ account: text, database: text, location: uri, format: text, encoding: text }, 'account', 'database'),
  hana: kind({ ...database, schema: text }, 'host'),
  hive: kind(database, 'host', 'database'),
  iceberg: kind({ catalog: text, catalogUrl: uri, namespace: text, warehouse: text }, 'catalog', 'catalogUrl'),
  impala: kind(database, 'host', 'database'),
  informix: kind(database, 'host', 'database'),
  ingres: kind(database, 'host', 'database'),
  kafka: kind({ ...host, format: text, encoding: text }, 'host'),
  kinesis: kind({ region: text, format: text, encoding: text }),
  local: kind({ path: text, format: text, encoding: text }, 'path', 'format'),
  mysql: kind(database, 'host', 'port', 'database'),
  oracle: kind({ ...address, serviceName: text }, 'host', 'port', 'serviceName'),
  poet,
  postgres: kind({ ...database, schema: text }, 'host', 'port', 'database', 'schema'),
  postgresql: kind({ ...database, schema: text }, 'host', 'port', 'database', 'schema'),
  presto: kind({ ...host, catalog: text, schema: text }, 'host'),
  pubsub: kind({ project: text }, 'project'),
  redshift: kind({ ...host, database: text, schema: text, region: text, account: text }, 'database', 'schema'),
  s3: kind({ location: uri, endpointUrl: uri, format: text, encoding: text, delimiter: text }, 'location'),
  sftp: kind({ location: matching(/^sftp:\/\//, 'sftp://host/path'), format: text, encoding: text, delimiter: text }, 'location'),
  snowflake: kind({ ...database, account: text, schema: text, warehouse: text }, 'account', 'database', 'schema'),
  sqlserver: kind({ ...database, schema: text }, 'host', 'database', 'schema'),
  synapse: kind(database, 'host', 'port', 'database'),
  teradata: kind(database, 'host'),
  trino: kind({ ...address, catalog: text, schema: text }, 'host', 'port', 'catalog', 'schema'),
  vectorwise: kind(database, 'host', 'database'),
  versant: poet,
  vertica: kind({ ...database, schema: text }, 'host', 'port', 'database', 'schema'),
  zen,
};
