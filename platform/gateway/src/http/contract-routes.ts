import { toJsonSchema } from '@skein/contract';
import type { Principal } from '@skein/federation';
import { SkeinError } from '@skein/kernel';
import type { RegisteredVersion, SnapshotStore } from '@skein/ports';
import type { Authenticator } from '../auth/authenticator.ts';
import type { GatewayLog } from '../gateway-log.ts';
import type { ContractRights } from '../registry/contract-rights.ts';
import { registeredContract } from '../registry/register-contract.ts';
import { acceptWeight } from './accept.ts';
import { CONTRACT_LIMIT, pushContract, visibleContracts, type ContractPushParts } from './contract-push.ts';
import { answerText, asSkeinError, errorAnswer } from './error-answer.ts';
import type { Fastify } from './fastify.ts';
import { json } from './read-routes.ts';
import { bodyText } from './request-body.ts';
import { authorization, purposeOf } from './sql-route.ts';

export interface ContractRouteParts extends ContractPushParts {
  readonly authenticator: Authenticator;
  readonly store: SnapshotStore;
  readonly log: GatewayLog;
}

/** The version that the live snapshot of a major was judged by. */
interface LiveVersion {
  readonly version: string;
  readonly hash: string;
  /** Version of the snapshot. */
  readonly snapshot: number;
}

const YAML = 'application/yaml';
/** Bytes of a document and its approvals, as JSON writes them. */
const BODY_LIMIT = 4 * CONTRACT_LIMIT;
/** JSON is YAML too. */
const BODY_TYPES = [YAML, 'text/yaml', 'application/x-yaml', 'text/x-yaml', 'application/json'];
const VERSION = /^(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})$/;
const MAJOR = /^(0|[1-9]\d{0,8})$/;

/** `/v1/contracts`: what is registered, and the way in. In a scope of its own, since its bodies are documents. */
export function addContractRoutes(app: Fastify, parts: ContractRouteParts): void {
  const { registry, rights, authenticator, store } = parts;

  app.register(async (scope: Fastify) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser(BODY_TYPES, { parseAs: 'buffer', bodyLimit: BODY_LIMIT }, async (_request: unknown, body: Buffer) => contractText(body));
    scope.setErrorHandler((thrown, _request, reply) => {
      const error = ownWords(thrown) ?? asSkeinError(thrown);
      if (error.fault === 'platform') parts.log.error(thrown);
      const { status, headers, body } = errorAnswer(error);
      return reply.code(status).headers(headers).send(answerText(body));
    });

    scope.get('/v1/contracts', async (request, reply) => {
      const principal = await authenticator.authenticate(authorization(request));
      const products = await Promise.all(rights.all(principal).map(async (own) => ({ product: own.product, majors: await majorsOf(own) })));
      return json(reply, 200, { products });
    });

    scope.get<{ Params: { product: string } }>('/v1/contracts/:product', async (request, reply) => {
      const own = await visible(await authenticator.authenticate(authorization(request)), request.params.product);
      const lines = await linesOf(own.product);
      const live = await Promise.all(lines.map(async ({ major }) => liveVersion(own, major)));
      const versions = lines.flatMap((line, at) =>
        line.versions.map((version) => ({ ...shown(version), mode: version.mode, live: live[at]?.hash === version.hash })),
      );
      return json(reply, 200, { product: own.product, versions });
    });

    scope.get<{ Params: { product: string; version: string } }>('/v1/contracts/:product/versions/:version', async (request, reply) => {
      const principal = await authenticator.authenticate(authorization(request));
      const own = await visible(principal, request.params.product);
      const version = await find(own.product, request.params.version, (request.query as Readonly<Record<string, unknown>>)['major']);
      const contract = await registeredContract(registry, version);
      if (!own.mayRead(contract, version.line.major))
        throw new SkeinError('SKEIN_AUTH_FORBIDDEN', `the contract of ${own.product} says more than you may see of the product`, {
          hint: `See what is visible to you with GET /v1/products/${own.product}.`,
          context: { product: own.product },
        });
      const form = chosenForm(request.headers.accept);
      const tag = `"${version.hash}"`;
      reply.headers({ etag: tag, vary: 'accept, authorization', 'cache-control': 'private, no-cache', 'x-content-type-options': 'nosniff' });
      reply.headers({ 'skein-contract': `${own.product}@${version.version}` });
      if (request.headers['if-none-match']?.split(',').some((one) => one.trim() === tag) === true) return reply.code(304).send();
      const document = await registry.text(version);
      if (form === 'yaml') return reply.header('content-type', `${YAML}; charset=utf-8`).send(document);
      reply.header('content-type', 'application/json; charset=utf-8');
      return reply.send(answerText({ product: own.product, ...shown(version), mode: version.mode, document, recordSchema: toJsonSchema(contract) }));
    });

    scope.route<{ Params: { product: string } }>({
      method: 'POST',
      url: '/v1/contracts/:product/versions',
      bodyLimit: BODY_LIMIT,
      handler: async (request, reply) => {
        const principal = await authenticator.authenticate(authorization(request));
        const { product } = request.params;
        if (typeof request.body !== 'string') throw NOT_A_DOCUMENT;
        const push = { product, ...pushed(request.body, request.headers['content-type']), ifMatch: request.headers['if-match'], purpose: purposeOf(request) };
        const { version, created, asked, findings, warnings } = await pushContract(parts, push, principal);
        reply.headers({ etag: `"${version.hash}"`, location: `/v1/contracts/${product}/versions/${version.version}` });
        return json(reply, created ? 201 : 200, { product, ...shown(version), mode: version.mode, created, bump: asked ?? null, findings, warnings });
      },
    });
  });

  async function visible(principal: Principal, product: string): Promise<ContractRights> {
    return visibleContracts(rights, product, principal);
  }

  async function linesOf(product: string): Promise<{ major: number; versions: readonly RegisteredVersion[] }[]> {
    const [domain = '', name = ''] = product.split('.');
    const majors = await registry.majors(domain, name);
    return Promise.all(majors.map(async (major) => ({ major, versions: await registry.versions({ domain, name, major }) })));
  }

  async function majorsOf(own: ContractRights): Promise<object[]> {
    const lines = await linesOf(own.product);
    return Promise.all(
      lines.map(async ({ major, versions }) => {
        const { version, hash, status, mode } = versions.at(-1) as RegisteredVersion;
        return { major, version, status, hash, mode, live: (await liveVersion(own, major)) ?? null };
      }),
    );
  }

  async function liveVersion({ tables }: ContractRights, major: number): Promise<LiveVersion | undefined> {
    const entry = tables.find((one) => one.major === major);
    const snapshot = entry && (await store.current(entry.table));
    return snapshot && { version: snapshot.contractVersion, hash: snapshot.contractHash, snapshot: snapshot.version };
  }

  async function find(product: string, asked: string, majorAsked: unknown): Promise<RegisteredVersion> {
    const lines = await linesOf(product);
    if (asked === 'latest') {
      if (majorAsked !== undefined && (typeof majorAsked !== 'string' || !MAJOR.test(majorAsked)))
        throw new SkeinError('SKEIN_REQUEST_INVALID', 'major must be one whole number', { hint: 'Ask for …/versions/latest?major=1.' });
      const line = majorAsked === undefined ? lines.at(-1) : lines.find(({ major }) => major === Number(majorAsked));
      const newest = line?.versions.at(-1);
      if (newest) return newest;
    } else if (!VERSION.test(asked)) {
      throw new SkeinError('SKEIN_REQUEST_INVALID', `${JSON.stringify(asked.slice(0, 60))} is no version of a contract`, {
        hint: 'Ask for major.minor.patch, or for latest.',
      });
    }
    const found = lines.flatMap(({ versions }) => versions).find(({ version }) => version === asked);
    if (found) return found;
    throw new SkeinError(
      'SKEIN_CONTRACT_NOT_FOUND',
      `no version ${asked}${typeof majorAsked === 'string' ? ` of major ${majorAsked}` : ''} of ${product} is registered`,
      {
        hint: `See the versions with GET /v1/contracts/${product}.`,
        context: { product },
      },
    );
  }
}

function shown({ version, hash, status, publishedAt, publishedBy }: RegisteredVersion) {
  return { version, hash, status, publishedAt: new Date(publishedAt).toISOString(), publishedBy };
}

function chosenForm(accept: string | undefined): 'yaml' | 'json' {
  if (accept === undefined || accept.trim() === '') return 'yaml';
  const yaml = Math.max(acceptWeight(accept, YAML), acceptWeight(accept, 'text/yaml'));
  const json = acceptWeight(accept, 'application/json');
  if (Math.max(yaml, json) === 0)
    throw new SkeinError('SKEIN_REQUEST_ACCEPT', `nothing of ${JSON.stringify(accept.slice(0, 200))} can be produced`, {
      hint: 'Accept application/yaml or application/json.',
    });
  return json > yaml ? 'json' : 'yaml';
}

const NOT_A_DOCUMENT = new SkeinError('SKEIN_REQUEST_INVALID', 'the body of the request is no contract in YAML or JSON', {
  hint: 'Send it with the header content-type: application/yaml.',
});

const TOO_LARGE = new SkeinError('SKEIN_REQUEST_TOO_LARGE', 'the contract is too large', {
  hint: `A contract has at most ${CONTRACT_LIMIT} bytes, and so has a file of approvals.`,
});

/** What HTTP refuses before the handler is asked speaks of queries elsewhere. */
const OWN_WORDS: Readonly<Record<string, SkeinError>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: TOO_LARGE,
  FST_ERR_CTP_INVALID_MEDIA_TYPE: NOT_A_DOCUMENT,
  FST_ERR_CTP_EMPTY_TYPE: NOT_A_DOCUMENT,
};

function ownWords(thrown: unknown): SkeinError | undefined {
  const { code } = Object(thrown) as { code?: unknown };
  return typeof code === 'string' && Object.hasOwn(OWN_WORDS, code) ? OWN_WORDS[code] : undefined;
}

/** A document alone, or (as JSON) `{ document, approvals }`: the texts of two files. */
function pushed(body: string, type: string | undefined): { readonly text: string; readonly approvals: string | undefined } {
  const { document: text = body, approvals, ...others } = (type?.startsWith('application/json') === true && envelope(body)) || {};
  if (typeof text !== 'string' || (approvals !== undefined && typeof approvals !== 'string') || Object.keys(others).length > 0)
    throw new SkeinError('SKEIN_REQUEST_INVALID', 'a push of more than a document has the members document and approvals, which are texts, and no others');
  if ([text, approvals ?? ''].some((one) => Buffer.byteLength(one) > CONTRACT_LIMIT)) throw TOO_LARGE;
  return { text, approvals };
}

/** What JSON says beside a contract; undefined for a contract written as JSON, and for what is no JSON. */
function envelope(body: string): { readonly document?: unknown; readonly approvals?: unknown } | undefined {
  try {
    const read: unknown = JSON.parse(body);
    return typeof read === 'object' && read !== null && Object.hasOwn(read, 'document') ? read : undefined;
  } catch {
    return undefined;
  }
}

function contractText(body: Uint8Array): string {
  try {
    return bodyText(body);
  } catch (error) {
    throw new SkeinError('SKEIN_REQUEST_INVALID', 'the contract is not UTF-8', { hint: 'Save it as UTF-8.', cause: error });
  }
}
