import { SkeinError } from '@skein/kernel';
import type { JWTVerifyGetKey } from 'jose';
import { DEV_AUDIENCE, DEV_ISSUER, devKeys } from './dev-keys.ts';

/** Whose tokens a gateway accepts, and where their keys come from. */
export interface TrustedIssuer {
  readonly issuer: string;
  readonly audience: string;
  /** Chooses among the issuer's keys by the token's `kid`; made at the first token. */
  keys(): Promise<JWTVerifyGetKey>;
}

/** Trusts tokens of `issueDevToken` for the same folder of keys, and no others. */
export function developmentIssuer(dir: string): TrustedIssuer {
  return {
    issuer: DEV_ISSUER,
    audience: DEV_AUDIENCE,
    async keys() {
      const { createLocalJWKSet } = await import('jose');
      return createLocalJWKSet({ keys: [(await devKeys(dir)).publicJwk] });
    },
  };
}

/**
 * Trusts an OpenID Connect provider: its keys are found by discovery (OpenID Connect Discovery 1.0, section 4) at the
 * issuer's own address. Both addresses must be https, or http on a loopback address; redirects are not followed.
 */
export function oidcIssuer(issuer: string, audience: string): TrustedIssuer {
  allowedAddress(issuer, 'the OIDC issuer');
  return {
    issuer,
    audience,
    async keys() {
      const { createRemoteJWKSet } = await import('jose');
      const document = await discover(issuer);
      if (document.issuer !== issuer) throw unavailable(issuer, `it calls itself ${JSON.stringify(document.issuer)}`);
      if (typeof document.jwks_uri !== 'string') throw unavailable(issuer, 'it names no jwks_uri');
      return createRemoteJWKSet(allowedAddress(document.jwks_uri, 'the jwks_uri of the OIDC issuer'), {
        timeoutDuration: 5_000,
        cooldownDuration: 30_000,
        cacheMaxAge: 600_000,
      });
    },
  };
}

async function discover(issuer: string): Promise<{ issuer?: unknown; jwks_uri?: unknown }> {
  try {
    const response = await fetch(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`, {
      redirect: 'error',
      signal: AbortSignal.timeout(5_000),
      headers: { accept: 'application/json' },
    });
    if (!response.ok) throw new Error(`status ${response.status}`);
    return Object(await response.json()) as { issuer?: unknown; jwks_uri?: unknown };
  } catch (error) {
    throw unavailable(issuer, error instanceof Error ? error.message : String(error), error);
  }
}

function unavailable(issuer: string, reason: string, cause?: unknown): SkeinError {
  return new SkeinError('SKEIN_AUTH_UNAVAILABLE', `the OIDC issuer ${issuer} cannot be used: ${reason}`, { cause });
}

function allowedAddress(address: string, what: string): URL {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  const loopback = url !== undefined && ['127.0.0.1', '[::1]', 'localhost'].includes(url.hostname);
  if (url === undefined || url.username !== '' || url.password !== '' || !(url.protocol === 'https:' || (url.protocol === 'http:' && loopback))) {
    throw new SkeinError('SKEIN_CONFIG_INVALID', `${what} must be an https address (http on loopback only), not ${JSON.stringify(address)}`);
  }
  return url;
}
