import { join } from 'node:path';
import { SkeinError, checkName, systemClock, type Clock } from '@skein/kernel';
import type { JWK } from 'jose';
import { secretFile } from './secret-file.ts';

/** What development tokens claim to come from and to be for. */
export const DEV_ISSUER = 'skein-dev';
export const DEV_AUDIENCE = 'skein';
const DEFAULT_LIFETIME_SECONDS = 8 * 60 * 60;

export interface DevKeys {
  readonly privateJwk: JWK;
  /** Without the private part, with `kid` and `alg`: what the gateway trusts. */
  readonly publicJwk: JWK;
  readonly file: string;
}

/**
 * The development key pair (Ed25519) in `<dir>/dev.jwk.json`, readable by its owner only; `dir` is the folder `keys` of a data
 * directory. The first call makes it, durably; of racing processes one wins and all get the winner's.
 */
export async function devKeys(dir: string): Promise<DevKeys> {
  const file = join(dir, 'dev.jwk.json');
  const privateJwk = readKey(await secretFile(file, makeKey), file);
  const { d: _private, ...publicJwk } = privateJwk;
  return { privateJwk, publicJwk, file };
}

function readKey(text: string, file: string): JWK {
  let jwk: Partial<JWK> | null = null;
  try {
    jwk = JSON.parse(text) as Partial<JWK> | null;
  } catch {
    // Told below, without the text: it may hold a part of the key.
  }
  if (jwk?.kty !== 'OKP' || jwk.crv !== 'Ed25519' || typeof jwk.x !== 'string' || typeof jwk.d !== 'string' || typeof jwk.kid !== 'string') {
    throw new SkeinError('SKEIN_CONFIG_INVALID', `${file} is not a development key of Skein`, {
      place: { file },
      hint: 'Delete the file; the next start makes a new key, and old tokens end.',
    });
  }
  return { ...(jwk as JWK), alg: 'EdDSA', use: 'sig' };
}

async function makeKey(): Promise<string> {
  const { calculateJwkThumbprint, exportJWK, generateKeyPair } = await import('jose');
  const { privateKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true });
  const jwk = await exportJWK(privateKey);
  return `${JSON.stringify({ ...jwk, kid: await calculateJwkThumbprint(jwk), alg: 'EdDSA', use: 'sig' }, null, 2)}\n`;
}

export interface DevTokenRequest {
  /** Folder of keys (`keys` in the data directory) of the gateway that is to accept the token. */
  readonly dir: string;
  /** Role, and subject, of the token. */
  readonly as: string;
  /** Purposes that the bearer may name; default none but those every principal may name. */
  readonly purposes?: readonly string[];
  /** Seconds until the token ends; default 8 hours, at most 30 days. */
  readonly expiresIn?: number;
  readonly clock?: Clock;
}

/** A token for development, signed with the key in `dir`. Anybody who can read that key may be anybody. */
export async function issueDevToken({ dir, as, purposes = [], expiresIn = DEFAULT_LIFETIME_SECONDS, clock = systemClock }: DevTokenRequest): Promise<string> {
  checkName('role', as);
  if (!Number.isSafeInteger(expiresIn) || expiresIn < 1 || expiresIn > 30 * 24 * 60 * 60) {
    throw new SkeinError('SKEIN_CONFIG_INVALID', `a development token may live 1 second to 30 days, not ${expiresIn} seconds`);
  }
  const { privateJwk } = await devKeys(dir);
  const { SignJWT, importJWK } = await import('jose');
  const now = Math.floor(clock.now() / 1_000);
  return new SignJWT({ roles: [as], purposes: [...purposes] })
    .setProtectedHeader({ alg: 'EdDSA', kid: privateJwk.kid, typ: 'JWT' })
    .setSubject(as)
    .setIssuer(DEV_ISSUER)
    .setAudience(DEV_AUDIENCE)
    .setIssuedAt(now)
    .setNotBefore(now)
    .setExpirationTime(now + expiresIn)
    .sign(await importJWK(privateJwk, 'EdDSA'));
}
