import { createHmac } from 'node:crypto';
import { sha256 } from '@skein/kernel';

/**
 * Pseudonyms are SHA-256 over a key of the scope and the value's text, cut to 128 bits: equal values of one scope have equal
 * pseudonyms over the whole mesh, so they join; values of two scopes do not, so they cannot be linked. The scope's key is
 * HMAC-SHA-256 of the mesh's secret (RFC 2104), so a sandbox never holds the secret itself.
 *
 * A view holds `{pseudonym:<scope>}` in the key's place: plans can be printed, and the key enters only on the way to the sandbox.
 */
export const PSEUDONYM_PLACEHOLDER = /\{pseudonym:([^{}]+)\}/g;

export function pseudonymSql(scope: string, text: string): string {
  return `substr(sha256('{pseudonym:${scopeName(scope)}}:' || ${text}), 1, 32)`;
}

/** Puts the keys of the scopes into a view. */
export function keyedView(sql: string, secret: Uint8Array): string {
  return sql.replace(PSEUDONYM_PLACEHOLDER, (_placeholder, scope: string) => createHmac('sha256', secret).update(scope).digest('hex'));
}

function scopeName(scope: string): string {
  return /^[\w.:-]{1,120}$/.test(scope) ? scope : `sha256:${sha256(scope)}`;
}
