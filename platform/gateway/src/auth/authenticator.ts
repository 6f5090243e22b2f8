import { createHash } from 'node:crypto';
import { SkeinError, type Clock } from '@skein/kernel';
import type { Principal } from '@skein/federation';
import type { JWTVerifyGetKey } from 'jose';
import { readCompactToken, refuseToken } from './compact-token.ts';
import type { TrustedIssuer } from './trusted-issuer.ts';

/** Pinned: a token's header never widens them. */
const ALGORITHMS = ['EdDSA', 'ES256', 'RS256'];
/** How far the clocks of issuer and gateway may differ. */
const CLOCK_TOLERANCE_SECONDS = 5;
/** A verified token is not verified again for at most this long, so that a key withdrawn by its issuer ends soon. */
const REMEMBER_SECONDS = 300;
const REMEMBER_TOKENS = 1_000;

/** jose's codes for a key set that did not come or is not one: the token may be good. */
const KEYS_AT_FAULT: ReadonlySet<string> = new Set(['ERR_JWKS_TIMEOUT', 'ERR_JWKS_INVALID', 'ERR_JOSE_GENERIC']);

export interface Authenticator {
  /** The principal of an `Authorization` header. Throws SKEIN_AUTH_REQUIRED, SKEIN_AUTH_INVALID or SKEIN_AUTH_UNAVAILABLE. */
  authenticate(authorization: string | undefined): Promise<Principal>;
  /** Loads what the first token would have to wait for. */
  warm(): Promise<void>;
}

interface Remembered {
  readonly principal: Principal;
  readonly until: number;
}

/** Turns bearer tokens (RFC 6750) of the trusted issuers into principals. */
export function createAuthenticator(issuers: readonly TrustedIssuer[], clock: Clock): Authenticator {
  const keys = new Map<string, Promise<JWTVerifyGetKey>>();
  const remembered = new Map<string, Remembered>();

  const keysOf = (trusted: TrustedIssuer): Promise<JWTVerifyGetKey> => {
    let made = keys.get(trusted.issuer);
    if (!made) {
      made = trusted.keys();
      keys.set(trusted.issuer, made);
      // An issuer that was out of reach once is asked again by the next token.
      made.catch(() => keys.delete(trusted.issuer));
    }
    return made;
  };

  async function verify(token: string): Promise<Remembered> {
    const { payload: claimed } = readCompactToken(token, ALGORITHMS);
    const trusted = issuers.find(({ issuer }) => issuer === claimed['iss']);
    if (!trusted) throw refuseToken(`its issuer is ${JSON.stringify(claimed['iss']) ?? 'missing'}`);
    const { errors, jwtVerify } = await import('jose');
    const getKey = await keysOf(trusted);
    const now = clock.now();
    try {
      const { payload } = await jwtVerify(token, getKey, {
        algorithms: ALGORITHMS,
        issuer: trusted.issuer,
        audience: trusted.audience,
        requiredClaims: ['exp', 'sub'],
        clockTolerance: CLOCK_TOLERANCE_SECONDS,
        currentDate: new Date(now),
      });
      const until = Math.min((payload.exp as number) + CLOCK_TOLERANCE_SECONDS, now / 1_000 + REMEMBER_SECONDS) * 1_000;
      return { principal: principalOf(payload), until };
    } catch (error) {
      if (error instanceof SkeinError) throw error;
      const fromToken = error instanceof errors.JOSEError && !KEYS_AT_FAULT.has(error.code);
      if (fromToken) throw refuseToken(reasonOf(error), error);
      throw new SkeinError('SKEIN_AUTH_UNAVAILABLE', `the keys of the issuer ${trusted.issuer} could not be read`, { cause: error });
    }
  }

  return {
    async authenticate(authorization) {
      if (authorization === undefined || authorization === '') throw new SkeinError('SKEIN_AUTH_REQUIRED', 'the request has no Authorization header');
      const token = /^Bearer +([^\s,]*)$/i.exec(authorization)?.[1];
      if (!token) throw refuseToken('the Authorization header is not "Bearer <token>"');
      const fingerprint = createHash('sha256').update(token).digest('base64');
      const known = remembered.get(fingerprint);
      if (known && clock.now() < known.until) return known.principal;
      remembered.delete(fingerprint);
      const verified = await verify(token);
      if (remembered.size >= REMEMBER_TOKENS) remembered.delete(remembered.keys().next().value as string);
      remembered.set(fingerprint, verified);
      return verified.principal;
    },
    async warm() {
      await import('jose');
      // An issuer that is down now is no reason to fail: its tokens will say so.
      await Promise.all(issuers.map((trusted) => keysOf(trusted).catch(() => undefined)));
    },
  };
}

/** jose's messages name claims and never values; they say enough to mend a token and nothing to forge one. */
function reasonOf(error: { code: string; message: string }): string {
  return error.code === 'ERR_JWKS_NO_MATCHING_KEY' ? 'its key (kid) is not one of its issuer' : error.message;
}

function principalOf(claims: Readonly<Record<string, unknown>>): Principal {
  const subject = claims['sub'];
  if (typeof subject !== 'string' || subject === '' || subject.length > 256) throw refuseToken('its sub must be a text of 1 to 256 characters');
  return { subject, roles: names(claims, 'roles'), purposes: names(claims, 'purposes'), claims };
}

function names(claims: Readonly<Record<string, unknown>>, name: string): string[] {
  const value = claims[name] ?? [];
  if (!Array.isArray(value) || value.length > 256 || !value.every((item) => typeof item === 'string' && item.length <= 256))
    throw refuseToken(`its ${name} must be a list of texts`);
  return [...new Set(value as string[])];
}
