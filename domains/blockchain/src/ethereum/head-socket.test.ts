import { createServer, type AddressInfo, type Server } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { headSocket } from './head-socket.ts';

describe('headSocket', () => {
  const servers: Server[] = [];
  afterEach(() => {
    for (const server of servers.splice(0)) server.close();
  });

  /** Takes connections, and keeps what comes first on each. */
  async function listener(): Promise<{ readonly port: number; readonly heard: string[] }> {
    const heard: string[] = [];
    const server = createServer((socket) => {
      socket.once('data', (data) => {
        heard.push(data.toString('latin1'));
        socket.destroy();
      });
      socket.on('error', () => undefined);
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return { port: (server.address() as AddressInfo).port, heard };
  }
  const ended = new AbortController();
  const wait = (socket: ReturnType<typeof headSocket>) => socket.wait(10, ended.signal);

  it.each(['ws', 'wss'])('over %s connects to the address that was checked, whatever the name means elsewhere, and keeps the name', async (scheme) => {
    const { port, heard } = await listener();
    const troubles: string[] = [];
    const lookup = () => Promise.resolve([{ address: '127.0.0.1', family: 4 }]);
    const url = `${scheme}://node.invalid:${port}`;
    const socket = headSocket({ url, allowHosts: ['node.invalid'], lookup, onTrouble: (message) => troubles.push(message) });
    await wait(socket);
    await expect.poll(() => heard.length).toBe(1);
    // the host of the request, or the server name of the handshake, which is a record of type 22
    expect(heard[0]).toContain('node.invalid');
    if (scheme === 'wss') expect(heard[0]?.charCodeAt(0)).toBe(22);
    await expect.poll(() => troubles.length).toBeGreaterThan(0);
    socket.close();
    const inner = headSocket({ url, lookup });
    await expect(wait(inner)).rejects.toMatchObject({ code: 'SKEIN_SOURCE_ADDRESS' });
    inner.close();
    expect(heard).toHaveLength(1);
  });

  it.each([
    'ws://[::ffff:127.0.0.1]',
    'wss://[::ffff:7f00:1]',
    'wss://2130706433',
    'ws://0x7f.1',
    'wss://017700000001',
    'wss://[64:ff9b::7f00:1]',
    'wss://169.254.169.254',
  ])('does not reach %s', async (url) => {
    const socket = headSocket({ url });
    await expect(wait(socket)).rejects.toMatchObject({ code: 'SKEIN_SOURCE_ADDRESS' });
    socket.close();
  });

  it('follows no redirect', async () => {
    const { port, heard } = await listener();
    const away = createServer((socket) => {
      socket.once('data', () => socket.end(`HTTP/1.1 307 Temporary Redirect\r\nlocation: ws://127.0.0.1:${port}/\r\ncontent-length: 0\r\n\r\n`));
      socket.on('error', () => undefined);
    });
    servers.push(away);
    await new Promise<void>((resolve) => away.listen(0, '127.0.0.1', resolve));
    const troubles: string[] = [];
    const socket = headSocket({
      url: `ws://127.0.0.1:${(away.address() as AddressInfo).port}`,
      allowHosts: ['127.0.0.1'],
      onTrouble: (message) => troubles.push(message),
    });
    await wait(socket);
    await expect.poll(() => troubles.length).toBeGreaterThan(0);
    socket.close();
    expect(heard).toEqual([]);
  });
});
