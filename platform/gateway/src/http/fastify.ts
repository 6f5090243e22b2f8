import type { FastifyAdapter } from '@nestjs/platform-fastify';

/** The fastify that Nest runs on, by way of its adapter: the gateway declares no fastify of its own. */
export type Fastify = ReturnType<FastifyAdapter['get']>;
export type Route = Parameters<Fastify['route']>[0];
export type FastifyRequest = Parameters<Route['handler']>[0];
export type FastifyReply = Parameters<Route['handler']>[1];
