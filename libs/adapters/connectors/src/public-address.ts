import { lookup as systemLookup } from 'node:dns/promises';
import { BlockList, isIP } from 'node:net';
import { SkeinError } from '@skein/kernel';

const refused4 = new BlockList();
// IANA IPv4 special-purpose registry (RFC 6890 and its successors), multicast and the reserved rest. 169.254.169.254 is where clouds keep secrets.
for (const range of [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.31.196.0/24',
  '192.52.193.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '192.175.48.0/24',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
]) {
  const [net = '', bits = ''] = range.split('/');
  refused4.addSubnet(net, Number(bits), 'ipv4');
}

const global6 = new BlockList();
global6.addSubnet('2000::', 3, 'ipv6');
const refused6 = new BlockList();
// Within the global unicast addresses: Teredo and other protocol assignments, 6to4 (both hold an IPv4 address), documentation.
for (const [net, bits] of [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
] as const) {
  refused6.addSubnet(net, bits, 'ipv6');
}

/** Whether an IP address is one of the public internet. What is no IP address is none. */
export function isPublicAddress(address: string): boolean {
  const bare = address.replace(/%.*$/, '');
  const family = isIP(bare);
  if (family === 4) return !refused4.check(bare, 'ipv4');
  // Mapped, translated, unique-local, link-local and loopback addresses lie outside of 2000::/3.
  return family === 6 && bare === address && global6.check(bare, 'ipv6') && !refused6.check(bare, 'ipv6');
}

export type Lookup = (host: string) => Promise<readonly { address: string; family: number }[]>;

const everyAddress: Lookup = (host) => systemLookup(host, { all: true, verbatim: true });

/**
 * The address to connect to for a URL: every address that its host has must be public, or the operator names the host in `allowHosts`
 * (`localhost`, `10.0.0.5`, with or without `:port`). The caller connects to the address that it gets, so that a name that changes its
 * meaning between check and connection gains nothing. Throws SKEIN_SOURCE_ADDRESS, or SKEIN_SOURCE_UNAVAILABLE when the name has no address.
 */
export async function checkedAddress(url: URL, allowHosts: readonly string[], lookup: Lookup = everyAddress): Promise<{ address: string; family: number }> {
  const host = url.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
  if (!['http:', 'https:'].includes(url.protocol)) {
    throw new SkeinError('SKEIN_SOURCE_ADDRESS', `${url.protocol}//${url.host} is no http or https address`, { hint: 'Use http:// or https://.' });
  }
  const port = url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port;
  const allowed = allowHosts.some((one) => {
    const name = one.toLowerCase();
    return [host, url.hostname, `${url.hostname}:${port}`].includes(name);
  });
  const addresses = isIP(host) > 0 ? [{ address: host, family: isIP(host) }] : await resolved(host, lookup);
  const inner = addresses.find(({ address }) => !isPublicAddress(address));
  if (inner !== undefined && !allowed) {
    throw new SkeinError('SKEIN_SOURCE_ADDRESS', `${host} is ${inner.address === host ? '' : `${inner.address}, `}not an address of the public internet`, {
      hint: `If it is yours, allow it: allowHosts: ['${host}'].`,
      context: { host, address: inner.address },
    });
  }
  const [first] = addresses;
  if (first === undefined) throw new SkeinError('SKEIN_SOURCE_UNAVAILABLE', `${host} has no address`, { context: { host } });
  return first;
}

async function resolved(host: string, lookup: Lookup): Promise<readonly { address: string; family: number }[]> {
  try {
    return await lookup(host);
  } catch (error) {
    throw new SkeinError('SKEIN_SOURCE_UNAVAILABLE', `${host} cannot be resolved: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
      context: { host },
    });
  }
}
