import { readContract, type Contract } from '@skein/contract';
import { majorOf, type Principal } from '@skein/federation';
import { SkeinError, type Clock } from '@skein/kernel';
import type { ContractRegistry } from '@skein/ports';
import type { Authenticator } from '../auth/authenticator.ts';
import type { GatewayLog } from '../gateway-log.ts';
import type { ContractRightsBook } from '../registry/contract-rights.ts';
import { judgeStep } from '../registry/judge.ts';
import { operationReport, type OperationParts } from '../registry/operations.ts';
import { registeredContract } from '../registry/register-contract.ts';
import { CONTRACT_LIMIT } from './contract-push.ts';
import { answerText, asSkeinError, errorAnswer } from './error-answer.ts';
import type { Fastify } from './fastify.ts';
import { json } from './read-routes.ts';
import { bodyText } from './request-body.ts';
import { authorization } from './sql-route.ts';

export interface UsageRouteParts extends OperationParts {
  readonly authenticator: Authenticator;
  readonly rights: ContractRightsBook;
  readonly registry: ContractRegistry;
  readonly clock: Clock;
  readonly log: GatewayLog;
}

const FILE = 'contract.odcs.yaml';
/** More than contracts have that people write; what breaks comes first. */
const MOST_FINDINGS = 1_000;

/**
 * What owners of a product may know of its readers: `GET /v1/contracts/:product/usage`, the recorded queries, and
 * `POST /v1/contracts/:product/check`, what a proposed contract would do to them. Neither writes anything.
 */
export function addUsageRoutes(app: Fastify, parts: UsageRouteParts): void {
  const { authenticator, usage } = parts;
  app.register(async (scope: Fastify) => {
    scope.removeAllContentTypeParsers();
    // whatever it is called, it is read as YAML, and refused as such
    scope.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: CONTRACT_LIMIT }, async (_request: unknown, body: Buffer) => bodyText(body));
    scope.setErrorHandler((thrown, _request, reply) => {
      const error = asSkeinError(thrown);
      if (error.fault === 'platform') parts.log.error(thrown);
      const { status, headers, body } = errorAnswer(error);
      return reply.code(status).headers(headers).send(answerText(body));
    });

    scope.get<{ Params: { product: string } }>('/v1/contracts/:product/usage', async (request, reply) => {
      const { product } = request.params;
      checkOwner(parts, product, await authenticator.authenticate(authorization(request)));
      const uses = await usage.usesOf(product);
      const dropped = (await usage.dropped()).find((one) => one.product === product)?.dropped ?? 0;
      return json(reply, 200, { product, uses, dropped });
    });

    scope.route<{ Params: { product: string } }>({
      method: 'POST',
      url: '/v1/contracts/:product/check',
      bodyLimit: CONTRACT_LIMIT,
      handler: async (request, reply) => {
        const { product } = request.params;
        checkOwner(parts, product, await authenticator.authenticate(authorization(request)));
        if (typeof request.body !== 'string')
          throw new SkeinError('SKEIN_REQUEST_INVALID', 'the request has no body', { hint: 'Send the proposed contract as YAML.' });
        return json(reply, 200, await check(parts, product, request.body, (request.query as Readonly<Record<string, unknown>>)['against']));
      },
    });
  });
}

/** Throws SKEIN_PRODUCT_UNKNOWN for who owns no major of the product, alike for what is hidden and what is not there. */
function checkOwner({ rights, catalog }: UsageRouteParts, product: string, principal: Principal): void {
  const own = rights.of(product, principal);
  const majors = [...catalog.entries.values()].filter((entry) => entry.kind === 'product' && entry.contract.product === product).map(({ major }) => major);
  if (!own || !majors.some((major) => own.mayPush(major)))
    throw new SkeinError('SKEIN_PRODUCT_UNKNOWN', `no product ${JSON.stringify(product)} of yours is known`, { context: { product } });
}

async function check(parts: UsageRouteParts, product: string, text: string, against: unknown): Promise<object> {
  const { catalog, clock } = parts;
  const next = readContract(text, FILE);
  if (next.product !== product)
    throw new SkeinError('SKEIN_REQUEST_INVALID', `the contract is of ${next.product}, not of ${product}`, {
      hint: `Send it to /v1/contracts/${next.product}/check.`,
      context: { product },
    });
  // a major that is not there yet follows the one that has the product's name
  const live = catalog.entries.get(`${product}_v${majorOf(next)}`) ?? catalog.entries.get(product);
  if (!live) throw new SkeinError('SKEIN_PRODUCT_UNKNOWN', `there is no product ${JSON.stringify(product)}`, { context: { product } });
  const last = against === undefined ? live.contract : await registered(parts, live.contract, against);
  const today = new Date(clock.now()).toISOString().slice(0, 10);
  const { promisedMode } = await import('@skein/verifier/compat');
  const { findings } = await judgeStep({ earlier: [], last, next: { name: FILE, text }, mode: promisedMode(last), today, most: MOST_FINDINGS });
  return operationReport(parts, last, next, findings);
}

/** The version that a change is compared with instead of the live one: what was registered may be ahead of what runs. */
async function registered({ registry }: UsageRouteParts, { domain, name, product }: Contract, against: unknown): Promise<Contract> {
  const major = typeof against === 'string' ? /^(0|[1-9]\d{0,8})\.\d+\.\d+$/.exec(against)?.[1] : undefined;
  if (major === undefined)
    throw new SkeinError('SKEIN_REQUEST_INVALID', 'against must be one version', {
      hint: 'Ask for …/check?against=1.2.0, or leave it out for the live version.',
    });
  const version = (await registry.versions({ domain, name, major: Number(major) })).find((one) => one.version === against);
  if (version) return registeredContract(registry, version);
  throw new SkeinError('SKEIN_CONTRACT_NOT_FOUND', `no version ${String(against)} of ${product} is registered`, {
    hint: `See the versions with GET /v1/contracts/${product}.`,
    context: { product },
  });
}
