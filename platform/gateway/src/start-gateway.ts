import 'reflect-metadata';
import { Module, type DynamicModule, type LoggerService } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { FastifyAdapter } from '@nestjs/platform-fastify/adapters/fastify-adapter.js';
import { SkeinError } from '@skein/kernel';
import { DEFAULT_GRACE_MS, GATEWAY_PARTS, GatewayModule, type GatewayOptions, type GatewayParts } from './gateway-module.ts';
import { lineLog, type GatewayLog } from './gateway-log.ts';
import { refusedByParser, refusedByRouter } from './http/refused-early.ts';
import { portInUse } from './port-in-use.ts';

export interface StartOptions extends Omit<GatewayOptions, 'log'> {
  /** Default 127.0.0.1: whoever opens it to a network does so knowingly. */
  readonly host?: string;
  /** Default 0: a free one. */
  readonly port?: number;
  /** Domains that run in the same process: `DataProductModule.forRoot(…)` and one `forFeature(…)` for each. Needs `bus`. */
  readonly imports?: readonly DynamicModule[];
  readonly log?: GatewayLog;
}

export interface RunningGateway {
  /** `http://127.0.0.1:4747` */
  readonly url: string;
  readonly parts: GatewayParts;
  /** The Nest application, for composition roots that add to it. */
  readonly app: NestFastifyApplication;
  /** Takes no further request, ends what runs after a time of grace, and returns when all is closed that the gateway opened. */
  close(): Promise<void>;
}

/** A request's header and body must have come by then. */
const REQUEST_MS = 30_000;
const KEEP_ALIVE_MS = 65_000;
const WARM_AFTER_MS = 100;
/** Beyond the time of grace, connections that still hang are cut. */
const LAST_MS = 1_000;

@Module({})
class Root {}

/** Starts the gateway over adapters that are made already; they are not closed with it. Throws SKEIN_PORT_IN_USE and what its parts throw. */
export async function startGateway({
  host = '127.0.0.1',
  port = 0,
  imports = [],
  log = lineLog(process.stderr),
  ...options
}: StartOptions): Promise<RunningGateway> {
  const adapter = new FastifyAdapter({
    skipMiddie: true,
    requestTimeout: REQUEST_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    forceCloseConnections: 'idle',
    // longer than a request line may be: names are judged by who knows them
    routerOptions: { maxParamLength: 20_000 },
    return503OnClosing: false,
    frameworkErrors: refusedByRouter,
    clientErrorHandler: refusedByParser,
    schemaController: { compilersFactory: { buildValidator: noSchemas, buildSerializer: noSchemas } },
  });
  const root: DynamicModule = { module: Root, imports: [GatewayModule.forRoot({ ...options, log }), ...imports] };
  let started = false;
  // What goes wrong while it starts is thrown; Nest need not write it down as well.
  const logger = nestLogger({ error: (error) => started && log.error(error), warn: (message) => log.warn(message) });
  const app = await NestFactory.create<NestFastifyApplication>(root, adapter, { logger, abortOnError: false, bodyParser: false });
  try {
    if (imports.length > 0) {
      if (!options.bus) throw new SkeinError('SKEIN_CONFIG_INVALID', 'domains in the gateway process need a bus');
      const { BusServer } = await import('@skein/nest');
      app.connectMicroservice({ strategy: new BusServer(options.bus) }, { inheritAppConfig: false });
      await app.startAllMicroservices();
    }
    await listen(app, host, port);
  } catch (error) {
    await app.close().catch(() => undefined);
    throw (error as NodeJS.ErrnoException).code === 'EADDRINUSE' ? await portInUse(host, port, error) : error;
  }
  started = true;
  const parts = app.get<GatewayParts>(GATEWAY_PARTS, { strict: false });
  // What the first query would otherwise wait for, but not in the way of the first answer. A failure shows again when it matters.
  setTimeout(() => void Promise.allSettled([parts.authenticator.warm(), parts.metrics.warm()]), WARM_AFTER_MS).unref();
  let closing: Promise<void> | undefined;
  return { url: await app.getUrl(), parts, app, close: () => (closing ??= close(app, (options.graceMs ?? DEFAULT_GRACE_MS) + LAST_MS)) };
}

/** The gateway checks bodies itself, so fastify need not load its compilers for schemas, which takes 60 ms. */
function noSchemas(): never {
  throw new SkeinError('SKEIN_INTERNAL', 'a route has a JSON Schema, and the gateway has no compiler for it', {
    hint: 'Check the body in the handler, as sql-route.ts does.',
  });
}

async function listen(app: NestFastifyApplication, host: string, port: number): Promise<void> {
  const server = app.getHttpServer();
  server.headersTimeout = REQUEST_MS;
  await app.listen(port, host);
}

async function close(app: NestFastifyApplication, cutMs: number): Promise<void> {
  const server = app.getHttpServer();
  const force = setTimeout(() => server.closeAllConnections(), cutMs);
  // A connection that was busy when the closing began is kept alive by its client; it goes when its answer is out.
  const idle = setInterval(() => server.closeIdleConnections(), 25);
  try {
    await app.close();
  } finally {
    clearTimeout(force);
    clearInterval(idle);
  }
}

/** Nest's own words: what went wrong, and nothing else. */
function nestLogger(log: { error(error: unknown): unknown; warn(message: string): unknown }): LoggerService {
  const silent = (): void => undefined;
  return {
    log: silent,
    debug: silent,
    verbose: silent,
    warn: (message: unknown) => log.warn(String(message)),
    error: (message: unknown) => log.error(message),
    fatal: (message: unknown) => log.error(message),
  };
}
