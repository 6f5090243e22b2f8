import { SkeinError } from '@skein/kernel';

/** Longer ones are refused unread: a token is a credential, not a document. */
const LONGEST = 8_192;
const COMPACT = /^[\w-]+\.[\w-]+\.[\w-]+$/;
const ALLOWED_HEADERS: ReadonlySet<string> = new Set(['alg', 'kid', 'typ', 'x5t', 'x5t#S256']);
const KID = /^[\w.~=+-]{1,128}$/;

export interface CompactToken {
  readonly alg: string;
  readonly kid: string;
  readonly payload: Readonly<Record<string, unknown>>;
}

export function refuseToken(reason: string, cause?: unknown): SkeinError {
  return new SkeinError('SKEIN_AUTH_INVALID', `the token was refused: ${reason}`, { cause });
}

/**
 * Reads header and payload of a JWS in compact form (RFC 7515, RFC 7519) more strictly than the standard asks, before any
 * key is looked up: a header may only choose among keys that the gateway already has, so everything that brings or names a
 * key of its own (`jwk`, `jku`, `x5u`, `x5c`) or changes the meaning of the token (`crit`, `b64`, `zip`) is refused, as are
 * names given twice and base64url text that has a second spelling. Nothing in the result is verified yet.
 */
export function readCompactToken(token: string, algorithms: readonly string[]): CompactToken {
  if (token.length > LONGEST) throw refuseToken(`it is longer than ${LONGEST} characters`);
  if (!COMPACT.test(token)) throw refuseToken('it is not three base64url parts with dots between');
  const parts = token.split('.') as [string, string, string];
  for (const part of parts) {
    if (Buffer.from(part, 'base64url').toString('base64url') !== part) throw refuseToken('a part is not canonical base64url');
  }
  const header = jsonObject(parts[0], 'header');
  for (const name of Object.keys(header)) {
    if (!ALLOWED_HEADERS.has(name)) throw refuseToken(`its header may not have ${JSON.stringify(name)}`);
  }
  const { alg, kid, typ } = header;
  if (typeof alg !== 'string' || !algorithms.includes(alg))
    throw refuseToken(`its algorithm is ${JSON.stringify(alg) ?? 'missing'}; allowed are ${algorithms.join(', ')}`);
  if (typ !== undefined && (typeof typ !== 'string' || !/^(application\/)?(at\+)?jwt$/i.test(typ)))
    throw refuseToken(`its type is ${JSON.stringify(typ)}, not JWT`);
  if (typeof kid !== 'string' || !KID.test(kid)) throw refuseToken('its header names no usable key (kid)');
  return { alg, kid, payload: jsonObject(parts[1], 'payload') };
}

function jsonObject(part: string, name: string): Record<string, unknown> {
  let value: unknown;
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(part, 'base64url'));
    value = JSON.parse(text);
  } catch (error) {
    throw refuseToken(`its ${name} is not JSON`, error);
  }
  if (value === null || typeof value !== 'object' || Array.isArray(value)) throw refuseToken(`its ${name} is not a JSON object`);
  if (namesTwice(text)) throw refuseToken(`its ${name} gives a name twice`);
  return value as Record<string, unknown>;
}

/** Whether an object of the JSON text, which is well-formed, gives one name twice: parsers differ in which of the two they take. */
function namesTwice(text: string): boolean {
  const scopes: (Set<string> | undefined)[] = [];
  for (const [lexeme, colon] of text.matchAll(/"(?:[^"\\]|\\.)*"(\s*:)?|[{}[\]]/g)) {
    if (lexeme === '{') scopes.push(new Set());
    else if (lexeme === '[') scopes.push(undefined);
    else if (lexeme === '}' || lexeme === ']') scopes.pop();
    else if (colon !== undefined) {
      const name = JSON.parse(lexeme.slice(0, lexeme.length - colon.length)) as string;
      const scope = scopes.at(-1);
      if (scope?.has(name)) return true;
      scope?.add(name);
    }
  }
  return false;
}
