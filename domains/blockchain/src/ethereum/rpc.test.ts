import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fixedClock } from '@skein/kernel';
import { afterEach, describe, expect, it } from 'vitest';
import { checkedAddress, isPublicAddress, pace, retryAfterMs } from '@skein/adapter-connectors';
import { rangeHint } from './range-hint.ts';
import { ethereumRpc, type RpcOptions } from './rpc.ts';

describe('isPublicAddress', () => {
  it.each([
    '127.0.0.1',
    '127.255.255.254',
    '0.0.0.0',
    '10.1.2.3',
    '100.64.0.1',
    '169.254.169.254',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '192.0.2.1',
    '198.18.0.1',
    '224.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::ffff:127.0.0.1',
    '::ffff:8.8.8.8',
    '64:ff9b::7f00:1',
    'fc00::1',
    'fd00:ec2::254',
    'fe80::1',
    'fe80::1%eth0',
    'ff02::1',
    '2001:db8::1',
    '2001::1',
    '2002:7f00:1::1',
    'localhost',
    '',
    '1.2.3',
  ])('refuses %s', (address) => {
    expect(isPublicAddress(address)).toBe(false);
  });

  it.each(['1.1.1.1', '8.8.8.8', '172.15.255.255', '172.32.0.0', '192.167.255.255', '169.253.255.255', '100.128.0.0', '2606:4700::1111', '2a00:1450:4001::1'])(
    'takes %s',
    (address) => {
      expect(isPublicAddress(address)).toBe(true);
    },
  );
});

describe('checkedAddress', () => {
  const resolves =
    (...addresses: string[]) =>
    () =>
      Promise.resolve(addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })));
  const check = (url: string, allow: string[] = [], ...addresses: string[]) => checkedAddress(new URL(url), allow, resolves(...addresses));

  it.each([
    ['http://2130706433:8545'],
    ['http://0x7f.1'],
    ['http://017700000001'],
    ['http://127.1'],
    ['http://[::ffff:127.0.0.1]'],
    ['http://[::1]:8545'],
    ['http://169.254.169.254/latest/meta-data'],
    ['file:///etc/passwd'],
    ['ftp://1.1.1.1'],
  ])('refuses %s however it is written', async (url) => {
    await expect(check(url)).rejects.toMatchObject({ code: 'SKEIN_SOURCE_ADDRESS' });
  });

  it('refuses a name when any of its addresses is private, and connects to the one that was checked', async () => {
    await expect(check('https://rpc.example', [], '1.1.1.1', '10.0.0.1')).rejects.toMatchObject({
      code: 'SKEIN_SOURCE_ADDRESS',
      context: { host: 'rpc.example', address: '10.0.0.1' },
    });
    await expect(check('https://rpc.example', [], '1.1.1.1', '8.8.8.8')).resolves.toEqual({ address: '1.1.1.1', family: 4 });
    await expect(check('https://rpc.example', [])).rejects.toMatchObject({ code: 'SKEIN_SOURCE_UNAVAILABLE' });
  });

  it('takes a private host that the operator names, and no other', async () => {
    await expect(check('http://node.internal:8545', ['node.internal'], '10.0.0.1')).resolves.toMatchObject({ address: '10.0.0.1' });
    await expect(check('http://node.internal:8545', ['node.internal:8545'], '10.0.0.1')).resolves.toMatchObject({ address: '10.0.0.1' });
    await expect(check('http://node.internal:9000', ['node.internal:8545'], '10.0.0.1')).rejects.toMatchObject({ code: 'SKEIN_SOURCE_ADDRESS' });
    await expect(check('http://evil-node.internal', ['node.internal'], '10.0.0.1')).rejects.toMatchObject({ code: 'SKEIN_SOURCE_ADDRESS' });
    await expect(check('http://[::1]:8545', ['::1'])).resolves.toMatchObject({ address: '::1' });
  });
});

describe('rangeHint', () => {
  it.each<[string, bigint | undefined]>([
    ['query returned more than 10000 results', undefined],
    ['query returned more than 10000 results. Try with this block range [0x64, 0xc8].', 101n],
    [
      'Log response size exceeded. You can make eth_getLogs requests with up to a 2K block range and no limit on the response size. Based on your parameters, this block range should work: [0x64, 0x12b]',
      200n,
    ],
    ['query exceeds max results 20000, retry with the range 100-149', 50n],
    ['block range too large', undefined],
    ['block range is too wide', undefined],
    ['exceed maximum block range: 500', 500n],
    ['eth_getLogs is limited to a 10,0 range', 100n],
    ['requested too many blocks from 0 to 16777216, maximum is set to 204', 204n],
    ['range is too large, max is 1k blocks', undefined],
    ['response size exceeded the limit of 10MB', undefined],
    ['query timeout exceeded', undefined],
    ['eth_getLogs block range limit of 128 exceeded', 128n],
  ])('%s', (message, span) => {
    expect(rangeHint(message, 100n, 1_099n)).toEqual({ span });
  });

  it.each(['execution reverted', 'rate limit exceeded', 'header not found', 'too many requests', 'invalid argument 0: hex string without 0x prefix'])(
    'takes "%s" for something else',
    (message) => {
      expect(rangeHint(message, 100n, 1_099n)).toBeUndefined();
    },
  );

  it('takes no suggestion that begins elsewhere or is no smaller', () => {
    expect(rangeHint('Try with this block range [0x0, 0x10]: query returned more than 10000 results', 100n, 200n)).toEqual({ span: undefined });
    expect(rangeHint('query returned more than 10000 results. Try with this block range [0x64, 0xfff]', 100n, 200n)).toEqual({ span: undefined });
  });
});

/** Time that passes only by waiting. */
function told() {
  const clock = fixedClock(0);
  const slept: number[] = [];
  return { clock, slept, random: () => 0.5, sleep: (milliseconds: number) => (slept.push(milliseconds), clock.advance(milliseconds), Promise.resolve()) };
}

describe('pace', () => {
  it('spreads requests over time, speeds up while it is answered, and halves once when it is refused', async () => {
    const timing = told();
    const own = pace({ start: 10, least: 3, most: 12 }, timing);
    for (let request = 0; request < 21; request++) await own.take();
    expect(timing.clock.now()).toBe(2_000);
    for (let request = 0; request < 9; request++) own.answered();
    expect(own.rate).toBe(12);
    own.limited();
    own.limited();
    expect(own.rate).toBe(6);
    timing.clock.advance(1_000);
    own.limited(5_000);
    expect(own.rate).toBe(3);
    const before = timing.clock.now();
    await own.take();
    expect(timing.clock.now() - before).toBe(5_000);
    timing.clock.advance(2_000);
    own.limited();
    expect(own.rate).toBe(3);
  });

  it('reads Retry-After as seconds or a date, within bounds', () => {
    const timing = { clock: fixedClock(Date.parse('2026-01-01T00:00:00Z')), sleep: () => Promise.resolve(), random: () => 0 };
    expect(['3', 'Thu, 01 Jan 2026 00:00:07 GMT', '86400', 'Thu, 01 Jan 2025 00:00:00 GMT', 'soon', null].map((text) => retryAfterMs(text, timing))).toEqual([
      3_000,
      7_000,
      60_000,
      0,
      undefined,
      undefined,
    ]);
  });
});

describe('ethereumRpc', () => {
  const servers: { close(): void }[] = [];
  afterEach(() => servers.splice(0).forEach((server) => server.close()));
  const serve = async (answer: (response: ServerResponse, count: number) => void): Promise<string> => {
    let count = 0;
    const server = createServer((request, response) => {
      request.resume().on('end', () => answer(response, ++count));
    });
    servers.push({ close: () => (server.closeAllConnections(), server.close()) });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  };
  const json = (response: ServerResponse, body: object, status = 200, headers: Record<string, string> = {}) =>
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify({ jsonrpc: '2.0', id: 1, ...body }));
  const rpcTo = (url: string | string[], timing = told(), options: Partial<RpcOptions> = {}) =>
    ethereumRpc({ url, allowHosts: ['127.0.0.1'], timing, ...options });

  it('refuses loopback unless the host is allowed, at once and without a request', async () => {
    let requests = 0;
    const url = await serve((response) => (requests++, json(response, { result: '0x1' })));
    const timing = told();
    await expect(ethereumRpc({ url, timing }).call('eth_chainId', [])).rejects.toMatchObject({
      code: 'SKEIN_SOURCE_ADDRESS',
      hint: expect.stringContaining('127.0.0.1'),
    });
    expect([requests, timing.slept.length]).toEqual([0, 0]);
    await expect(rpcTo(url).call('eth_chainId', [])).resolves.toBe('0x1');
  });

  it('connects to the address that was checked, whatever the name means elsewhere', async () => {
    const url = new URL(await serve((response) => json(response, { result: '0x1' })));
    const lookup = () => Promise.resolve([{ address: '127.0.0.1', family: 4 }]);
    const named = `http://node.invalid:${url.port}`;
    await expect(ethereumRpc({ url: named, allowHosts: ['node.invalid'], lookup, timing: told() }).call('eth_chainId', [])).resolves.toBe('0x1');
    await expect(ethereumRpc({ url: named, lookup, timing: told() }).call('eth_chainId', [])).rejects.toMatchObject({ code: 'SKEIN_SOURCE_ADDRESS' });
  });

  it('follows no redirect', async () => {
    let reached = 0;
    const inner = await serve((response) => (reached++, json(response, { result: '0x1' })));
    const outer = await serve((response) => response.writeHead(307, { location: inner }).end());
    await expect(rpcTo(outer).call('eth_chainId', [])).rejects.toMatchObject({ code: 'SKEIN_SOURCE_ADDRESS', message: expect.stringContaining('redirects') });
    expect(reached).toBe(0);
  });

  it('waits as long as Retry-After says, and no longer than its attempts', async () => {
    const timing = told();
    const url = await serve((response, count) =>
      count < 3 ? json(response, { error: { code: -32005, message: 'limit' } }, 429, { 'retry-after': '7' }) : json(response, { result: '0x2' }),
    );
    const rpc = rpcTo(url, timing);
    await expect(rpc.call('eth_chainId', [])).resolves.toBe('0x2');
    expect(timing.clock.now()).toBeGreaterThanOrEqual(14_000);
    expect(rpc.pace.rate).toBeLessThan(20);
    const never = await serve((response) => json(response, { error: { code: -32005, message: 'limit' } }, 429));
    await expect(rpcTo(never, told(), { attempts: 4 }).call('eth_chainId', [])).rejects.toMatchObject({
      code: 'SKEIN_SOURCE_UNAVAILABLE',
      message: expect.stringContaining('(4 attempts)'),
    });
  });

  it('asks once where a refusal is final', async () => {
    for (const [body, status] of [
      [{ error: { code: -32601, message: 'the method eth_getBlockReceipts does not exist' } }, 200],
      [{ error: { code: -32000, message: 'missing trie node 12ab (path ) state is not available' } }, 200],
      [{}, 401],
    ] as const) {
      let requests = 0;
      const url = await serve((response) => (requests++, json(response, body, status)));
      await expect(rpcTo(url).call('eth_getBlockReceipts', ['0x1'])).rejects.toMatchObject({
        code: 'SKEIN_SOURCE_ANSWER',
        context: { method: 'eth_getBlockReceipts' },
      });
      expect(requests).toBe(1);
    }
  });

  it('asks the next of several addresses', async () => {
    const bad = await serve((response) => response.destroy());
    const good = await serve((response) => json(response, { result: '0x3' }));
    await expect(rpcTo([bad, good]).call('eth_chainId', [])).resolves.toBe('0x3');
  });

  it('gives up an answer that does not come', async () => {
    const url = await serve((response) => void response.writeHead(200, { 'content-type': 'application/json' }).write('{'));
    await expect(rpcTo(url, told(), { timeoutMs: 50, attempts: 2 }).call('eth_chainId', [])).rejects.toMatchObject({ code: 'SKEIN_SOURCE_UNAVAILABLE' });
  });
});
