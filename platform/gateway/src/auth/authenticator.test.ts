import { createHmac, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createPrivateKey } from 'node:crypto';
import { fixedClock, type Clock } from '@skein/kernel';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAuthenticator } from './authenticator.ts';
import { devKeys, issueDevToken } from './dev-keys.ts';
import { developmentIssuer, oidcIssuer } from './trusted-issuer.ts';

const NOW = Date.UTC(2026, 5, 1);
const seconds = NOW / 1_000;
const b64 = (value: unknown): string => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

let dir: string;
let key: KeyObject;
let kid: string;
let publicX: string;
let publicJwk: Record<string, unknown>;
const clock = fixedClock(NOW);

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'skein-auth-'));
  const keys = await devKeys(dir);
  key = createPrivateKey({ key: keys.privateJwk as never, format: 'jwk' });
  kid = keys.publicJwk.kid as string;
  publicX = keys.publicJwk.x as string;
  publicJwk = { ...keys.publicJwk };
});
afterAll(() => rm(dir, { recursive: true }));

const claims = (): Record<string, unknown> => ({
  iss: 'skein-dev',
  aud: 'skein',
  sub: 'ann',
  roles: ['analyst'],
  purposes: ['planning'],
  nbf: seconds,
  exp: seconds + 600,
});
const header = (): Record<string, unknown> => ({ alg: 'EdDSA', kid, typ: 'JWT' });

/** Signs by hand, so that a token may be wrong in ways no library would write. */
function make(head: unknown = header(), body: unknown = claims(), by: KeyObject = key): string {
  const input = `${b64(head)}.${b64(body)}`;
  return `${input}.${sign(null, Buffer.from(input), by).toString('base64url')}`;
}

const authenticator = (at: Clock = clock) => createAuthenticator([developmentIssuer(dir)], at);
const stranger = generateKeyPairSync('ed25519').privateKey;

/** Each: what is wrong, the bad token, a word of the reason, and the twin: the same token without the fault. */
const cases: readonly [name: string, bad: () => string, reason: RegExp, twin?: () => string][] = [
  ['alg none', () => `${b64({ ...header(), alg: 'none' })}.${b64(claims())}.`, /base64url|algorithm/],
  ['alg none with a signature', () => make({ ...header(), alg: 'none' }), /algorithm is "none"/],
  [
    'HS256 keyed with the public key',
    () => {
      const input = `${b64({ ...header(), alg: 'HS256' })}.${b64(claims())}`;
      return `${input}.${createHmac('sha256', Buffer.from(publicX, 'base64url')).update(input).digest('base64url')}`;
    },
    /algorithm is "HS256"/,
  ],
  ['another audience', () => make(header(), { ...claims(), aud: 'other' }), /aud/, () => make(header(), { ...claims(), aud: ['other', 'skein'] })],
  ['another issuer', () => make(header(), { ...claims(), iss: 'https://evil.example' }), /issuer/],
  ['expired', () => make(header(), { ...claims(), exp: seconds - 6 }), /exp/, () => make(header(), { ...claims(), exp: seconds - 4 })],
  ['not yet valid', () => make(header(), { ...claims(), nbf: seconds + 6 }), /nbf/, () => make(header(), { ...claims(), nbf: seconds + 4 })],
  ['without exp', () => make(header(), { ...claims(), exp: undefined }), /exp/],
  ['exp as text', () => make(header(), { ...claims(), exp: String(seconds + 600) }), /exp/],
  ['without sub', () => make(header(), { ...claims(), sub: undefined }), /sub/],
  ['unknown kid', () => make({ ...header(), kid: 'nobody' }), /kid/],
  ['no kid', () => make({ ...header(), kid: undefined }), /kid/],
  ['kid as a path', () => make({ ...header(), kid: '../../../../dev/null' }), /kid/],
  ['embedded jwk of a stranger', () => make({ ...header(), jwk: publicOf(stranger) }, claims(), stranger), /jwk/],
  ['embedded jwk, though its own', () => make({ ...header(), jwk: publicJwk }), /jwk/],
  ['jku', () => make({ ...header(), jku: 'https://evil.example/jwks.json' }), /jku/],
  ['x5u', () => make({ ...header(), x5u: 'https://evil.example/cert.pem' }), /x5u/],
  ['x5c', () => make({ ...header(), x5c: ['MIIB'] }), /x5c/],
  ['tampered payload', () => splice(1, b64({ ...claims(), roles: ['steward'] })), /signature/],
  ['tampered signature', () => splice(2, flip(make().split('.')[2] as string)), /signature/],
  ['second spelling of the signature', () => splice(2, respell(make().split('.')[2] as string)), /canonical/],
  ['signed by a stranger under our kid', () => make(header(), claims(), stranger), /signature/],
  ['truncated', () => make().slice(0, -10), /signature|canonical/],
  ['two parts', () => make().split('.').slice(0, 2).join('.'), /three/],
  ['typ of something else', () => make({ ...header(), typ: 'dpop+jwt' }), /type/, () => make({ ...header(), typ: 'at+jwt' })],
  ['crit', () => make({ ...header(), crit: ['exp'] }), /crit/],
  ['b64 false', () => make({ ...header(), b64: false, crit: ['b64'] }), /b64|crit/],
  ['alg twice', () => make(`{"alg":"none","kid":${JSON.stringify(kid)},"alg":"EdDSA"}`), /twice/],
  ['roles twice, once escaped', () => make(header(), JSON.stringify(claims()).replace(/}$/, ',"r\\u006fles":["steward"]}')), /twice/],
  ['header is not JSON', () => make('alg=EdDSA'), /not JSON/],
  ['payload is not JSON', () => make(header(), 'sub=ann'), /not JSON/],
  ['payload is a list', () => make(header(), [claims()]), /not a JSON object/],
  ['payload is not UTF-8', () => `${b64(header())}.${Buffer.from([0x7b, 0xff, 0x7d]).toString('base64url')}.AAAA`, /not JSON/],
  ['roles as text', () => make(header(), { ...claims(), roles: 'steward' }), /roles/],
  ['oversized', () => make(header(), { ...claims(), junk: 'x'.repeat(9_000) }), /longer/],
];

function publicOf(secret: KeyObject): object {
  const { d: _private, ...jwk } = secret.export({ format: 'jwk' });
  return jwk;
}
function splice(part: number, text: string): string {
  return make().split('.').with(part, text).join('.');
}
function flip(text: string): string {
  return `${text[0] === 'A' ? 'B' : 'A'}${text.slice(1)}`;
}
/** The last character of 64 bytes in base64url carries 4 bits that decoders ignore. */
function respell(text: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  return text.slice(0, -1) + alphabet[alphabet.indexOf(text.at(-1) as string) ^ 1];
}

describe('tokens', () => {
  it('accepts a good one and reads the principal from its claims', async () => {
    expect(await authenticator().authenticate(`Bearer ${make()}`)).toEqual({ subject: 'ann', roles: ['analyst'], purposes: ['planning'], claims: claims() });
  });

  it.each(cases)('refuses: %s', async (_name, bad, reason, twin) => {
    await expect(authenticator().authenticate(`Bearer ${bad()}`)).rejects.toMatchObject({ code: 'SKEIN_AUTH_INVALID', message: expect.stringMatching(reason) });
    await expect(authenticator().authenticate(`Bearer ${(twin ?? make)()}`)).resolves.toMatchObject({ subject: 'ann' });
  });

  it.each([
    ['absent', undefined, 'SKEIN_AUTH_REQUIRED'],
    ['empty', '', 'SKEIN_AUTH_REQUIRED'],
    ['Bearer alone', 'Bearer ', 'SKEIN_AUTH_INVALID'],
    ['another scheme', 'Basic YTpi', 'SKEIN_AUTH_INVALID'],
    ['two tokens', 'Bearer a.b.c, Bearer a.b.c', 'SKEIN_AUTH_INVALID'],
  ])('refuses a header that is %s', async (_name, authorization, code) => {
    await expect(authenticator().authenticate(authorization)).rejects.toMatchObject({ code });
  });

  it('remembers a verified token only until it ends', async () => {
    const moving = fixedClock(NOW);
    const one = authenticator(moving);
    const token = `Bearer ${make()}`;
    const first = await one.authenticate(token);
    expect(await one.authenticate(token)).toBe(first);
    moving.advance(604_000);
    await expect(one.authenticate(token)).resolves.toMatchObject({ subject: 'ann' });
    moving.advance(1_001);
    await expect(one.authenticate(token)).rejects.toMatchObject({ code: 'SKEIN_AUTH_INVALID' });
  });

  it('trusts only the development key of its own data directory', async () => {
    const other = await mkdtemp(join(tmpdir(), 'skein-auth-'));
    const foreign = await issueDevToken({ dir: other, as: 'analyst', clock });
    await expect(authenticator().authenticate(`Bearer ${foreign}`)).rejects.toMatchObject({ code: 'SKEIN_AUTH_INVALID' });
    const own = await issueDevToken({ dir, as: 'analyst', purposes: ['planning'], clock });
    expect(await authenticator().authenticate(`Bearer ${own}`)).toMatchObject({ subject: 'analyst', roles: ['analyst'], purposes: ['planning'] });
    await rm(other, { recursive: true });
  });
});

describe('an OpenID Connect provider', () => {
  it('is found by discovery, and its keys verify its tokens and no others', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    let says: (base: string) => object = (base) => ({ issuer: base, jwks_uri: `${base}/keys` });
    const server = createServer((request, response) => {
      const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      const body = request.url === '/keys' ? { keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'k1', alg: 'ES256', use: 'sig' }] } : says(base);
      response.setHeader('content-type', 'application/json').end(JSON.stringify(body));
    });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const token = (iss: string, by = privateKey): string => {
      const input = `${b64({ alg: 'ES256', kid: 'k1' })}.${b64({ ...claims(), iss, aud: 'mesh' })}`;
      return `Bearer ${input}.${sign('sha256', Buffer.from(input), { key: by, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
    };
    const one = createAuthenticator([oidcIssuer(base, 'mesh')], clock);
    await expect(one.authenticate(token(base))).resolves.toMatchObject({ subject: 'ann' });
    await expect(one.authenticate(token(base, generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey))).rejects.toMatchObject({
      code: 'SKEIN_AUTH_INVALID',
    });
    await expect(one.authenticate(`Bearer ${make()}`)).rejects.toMatchObject({ code: 'SKEIN_AUTH_INVALID' });
    says = () => ({ issuer: 'https://other.example', jwks_uri: `${base}/keys` });
    const confused = createAuthenticator([oidcIssuer(base, 'mesh')], clock);
    await expect(confused.authenticate(token(base))).rejects.toMatchObject({ code: 'SKEIN_AUTH_UNAVAILABLE' });
    says = (at) => ({ issuer: at, jwks_uri: 'http://10.0.0.1/keys' });
    await expect(createAuthenticator([oidcIssuer(base, 'mesh')], clock).authenticate(token(base))).rejects.toMatchObject({ code: 'SKEIN_CONFIG_INVALID' });
    says = (at) => ({ issuer: at, jwks_uri: `${at}/keys` });
    await expect(confused.authenticate(token(base))).resolves.toMatchObject({ subject: 'ann' });
    server.closeAllConnections();
    await new Promise((closed) => server.close(closed));
    await expect(createAuthenticator([oidcIssuer(base, 'mesh')], clock).authenticate(token(base))).rejects.toMatchObject({ code: 'SKEIN_AUTH_UNAVAILABLE' });
  });

  it.each(['http://idp.example', 'file:///etc/passwd', 'https://user:pass@idp.example', 'nonsense', 'http://127.0.0.1.evil.example'])(
    'may not be %s',
    (issuer) => {
      expect(() => oidcIssuer(issuer, 'mesh')).toThrowError(/https/);
    },
  );
});
