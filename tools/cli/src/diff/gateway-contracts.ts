import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { ERRORS, SkeinError, type ErrorCode } from '@skein/kernel';

const TIMEOUT_MS = 30_000;
/** More than any answer about a contract has. */
const MOST_BYTES = 64 * 1024 * 1024;

/** A version as the registry lists it. */
export interface ListedVersion {
  readonly version: string;
  readonly hash: string;
}

/** The contracts of a gateway, over HTTP. Errors of the gateway keep their codes. */
export class GatewayContracts {
  readonly #base: string;
  readonly #token: string | undefined;

  /** @throws SkeinError SKEIN_USAGE for what is no http address. */
  constructor(address: string, token: string | undefined) {
    const url = URL.parse(address);
    if (!url || !/^https?:$/.test(url.protocol) || url.username !== '' || url.search !== '' || url.hash !== '')
      throw new SkeinError('SKEIN_USAGE', `${JSON.stringify(address)} is no address of a gateway`, {
        hint: 'Write http://host:port, and the token in a file (--token-file).',
      });
    this.#base = url.href.replace(/\/+$/, '');
    this.#token = token;
  }

  /** Address without a slash at its end. */
  get base(): string {
    return this.#base;
  }

  /** In the order of the registry, oldest first in each major; undefined where it shows no such product. */
  async versions(product: string): Promise<ListedVersion[] | undefined> {
    try {
      const { versions } = await this.#json<{ versions?: unknown }>('GET', `/v1/contracts/${encodeURIComponent(product)}`);
      if (!Array.isArray(versions)) throw unreadable(this.#base, 'its list of versions is none');
      return versions.map((one: { version?: unknown; hash?: unknown }) => {
        if (typeof one?.version !== 'string' || typeof one.hash !== 'string') throw unreadable(this.#base, 'a version has no number or no hash');
        return { version: one.version, hash: one.hash };
      });
    } catch (error) {
      if (error instanceof SkeinError && error.code === 'SKEIN_PRODUCT_UNKNOWN') return undefined;
      throw error;
    }
  }

  /** The document to the letter. */
  async text(product: string, version: string): Promise<string> {
    return await this.#send('GET', `/v1/contracts/${encodeURIComponent(product)}/versions/${encodeURIComponent(version)}`);
  }

  /** What recorded queries say of a proposed version beside a registered one: an OperationReport of @skein/federation. */
  async check(product: string, against: string, text: string): Promise<unknown> {
    return await this.#json('POST', `/v1/contracts/${encodeURIComponent(product)}/check?against=${encodeURIComponent(against)}`, text);
  }

  /** Registers a version; with the text of its approvals, where there are any. */
  async push(
    product: string,
    text: string,
    approvals?: string,
  ): Promise<{ readonly created: boolean; readonly version: string; readonly [name: string]: unknown }> {
    const address = `/v1/contracts/${encodeURIComponent(product)}/versions`;
    if (approvals === undefined) return await this.#json('POST', address, text);
    return await this.#json('POST', address, JSON.stringify({ document: text, approvals }), 'application/json');
  }

  /** Anything else that the gateway answers in JSON; `body` is sent as JSON. */
  async ask<Answer>(method: string, path: string, body?: unknown): Promise<Answer> {
    return await this.#json(method, path, body === undefined ? undefined : JSON.stringify(body), 'application/json');
  }

  async #json<Answer>(method: string, path: string, body?: string, type?: string): Promise<Answer> {
    const text = await this.#send(method, path, body, type);
    try {
      return JSON.parse(text) as Answer;
    } catch (cause) {
      throw unreadable(this.#base, 'it is no JSON', cause);
    }
  }

  async #send(method: string, path: string, body?: string, type = 'application/yaml'): Promise<string> {
    const headers: Record<string, string> = { accept: path.includes('/versions/') ? 'application/yaml' : 'application/json' };
    if (this.#token !== undefined) headers['authorization'] = `Bearer ${this.#token}`;
    if (body !== undefined) headers['content-type'] = type;
    let answer: Response;
    let text: string;
    try {
      // A redirect could carry the token elsewhere.
      answer = await fetch(`${this.#base}${path}`, {
        method,
        headers,
        redirect: 'error',
        signal: AbortSignal.timeout(TIMEOUT_MS),
        ...(body === undefined ? {} : { body }),
      });
      text = await bounded(answer);
    } catch (cause) {
      if (cause instanceof SkeinError) throw cause;
      const why = cause instanceof Error ? (cause.cause instanceof Error ? cause.cause.message : cause.message) : String(cause);
      throw new SkeinError('SKEIN_CLIENT_UNREACHABLE', `no answer from ${this.#base}: ${why}`, { cause });
    }
    if (!answer.ok) throw refusal(this.#base, answer.status, text);
    return text;
  }
}

/** The token in a file, or on standard input where the file is `-`. */
export async function readToken(file: string | undefined): Promise<string | undefined> {
  if (file === undefined) return undefined;
  let text: string;
  try {
    text = file === '-' ? readFileSync(0, 'utf8') : await readFile(file, 'utf8');
  } catch (cause) {
    throw new SkeinError('SKEIN_USAGE', `--token-file ${file} cannot be read`, { hint: 'Write it by: npx skein token --as steward > FILE', cause });
  }
  const token = text.trim();
  if (!/^[\x21-\x7e]+$/.test(token))
    throw new SkeinError('SKEIN_USAGE', `--token-file ${file} holds no token`, { hint: 'Write it by: npx skein token --as steward > FILE' });
  return token;
}

async function bounded(answer: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of answer.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > MOST_BYTES) throw unreadable(answer.url, `it has more than ${MOST_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** The gateway's own error, where the answer is one. */
export function refusal(base: string, status: number, text: string): SkeinError {
  let error: { code?: unknown; message?: unknown; hint?: unknown; context?: unknown } = {};
  try {
    error = (JSON.parse(text) as { error?: typeof error }).error ?? {};
  } catch {
    // What answered is no gateway; the status says what there is to say.
  }
  const { code, message, hint, context } = error;
  if (typeof code !== 'string' || !Object.hasOwn(ERRORS, code)) return unreadable(base, `status ${status} without an error of Skein`);
  return new SkeinError(code as ErrorCode, typeof message === 'string' ? message : `status ${status}`, {
    ...(typeof hint === 'string' ? { hint } : {}),
    ...(typeof context === 'object' && context !== null ? { context: context as Record<string, unknown> } : {}),
  });
}

function unreadable(base: string, why: string, cause?: unknown): SkeinError {
  return new SkeinError('SKEIN_CLIENT_ANSWER', `the answer of ${base} cannot be read: ${why}`, cause === undefined ? {} : { cause });
}
