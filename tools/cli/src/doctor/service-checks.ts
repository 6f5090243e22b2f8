import { connect, createServer } from 'node:net';
import { systemClock } from '@skein/kernel';
import { fail, ok, warn, type Finding } from './finding.ts';

const PATIENCE_MS = 2_000;

export interface Answered {
  readonly finding: Finding;
  /** The `Date` header of a gateway, and when it was asked (ms). */
  readonly clock: { readonly date: string | undefined; readonly asked: number } | undefined;
}

/** Whether the address of the gateway is free, or a mesh answers there. */
export async function portCheck(at: string): Promise<Answered> {
  const url = URL.canParse(at) ? new URL(at) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol))
    return { finding: fail('port', `${JSON.stringify(at)} is no address`, 'Give --at an address such as http://127.0.0.1:4747.'), clock: undefined };
  const port = Number(url.port || (url.protocol === 'https:' ? 443 : 80));
  const asked = systemClock.now();
  try {
    const answer = await fetch(new URL('/health', url), { signal: AbortSignal.timeout(PATIENCE_MS), redirect: 'manual' });
    const body: unknown = await answer.json().catch(() => undefined);
    const clock = { date: answer.headers.get('date') ?? undefined, asked: (asked + systemClock.now()) / 2 };
    const isMesh = typeof body === 'object' && body !== null && 'status' in body;
    if (isMesh && answer.ok) return { finding: ok('port', `a mesh answers at ${url.origin}`), clock };
    if (isMesh) return { finding: warn('port', `the mesh at ${url.origin} is not well: ${JSON.stringify(body).slice(0, 200)}`, 'Look at its output.'), clock };
    return { finding: warn('port', `something that is no mesh answers at ${url.origin}`, 'Stop it, or start the mesh with another --port.'), clock: undefined };
  } catch {
    const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
    if (!/^(?:127\.|localhost$|::1$)/.test(host))
      return { finding: warn('port', `nothing answers at ${url.origin}`, 'Start the mesh there, or give --at where one is.'), clock: undefined };
    return {
      finding: (await isFree(host, port))
        ? ok('port', `port ${port} is free`)
        : fail('port', `port ${port} is taken by a program that does not answer, or may not be used`, 'Stop it, or start the mesh with another --port.'),
      clock: undefined,
    };
  }
}

async function isFree(host: string, port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/** Whether a Redis answers a PING; one that asks for a password answers too. */
export async function redisCheck(address: string): Promise<Finding> {
  const shown = address.replace(/\/\/[^@/]*@/, '//…@');
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url === undefined || !/^rediss?:$/.test(url.protocol))
    return fail('redis', `${shown} is no address of a Redis`, 'Set SKEIN_REDIS to one such as redis://127.0.0.1:6379.');
  const unreachable = (why: string) =>
    fail('redis', `${shown} cannot be reached: ${why}`, 'Start it, or unset SKEIN_REDIS: the data directory then holds what swarms learn.');
  const tls = url.protocol === 'rediss:' ? await import('node:tls') : undefined;
  return await new Promise((resolve) => {
    const where = { host: url.hostname || '127.0.0.1', port: Number(url.port || 6379) };
    const socket = tls ? tls.connect({ ...where, servername: where.host }) : connect(where);
    const end = (finding: Finding) => {
      socket.destroy();
      resolve(finding);
    };
    socket.setTimeout(PATIENCE_MS, () => end(unreachable('it does not answer')));
    socket.once('error', (error) => end(unreachable(error.message || String((error as NodeJS.ErrnoException).code))));
    socket.once(tls ? 'secureConnect' : 'connect', () => socket.write('PING\r\n'));
    socket.once('data', (chunk) => {
      const line = chunk.toString('latin1').split('\r\n')[0] ?? '';
      end(
        /^(?:\+PONG|-NOAUTH|-NOPERM|-ERR.*auth)/i.test(line) ? ok('redis', `${shown} answers`) : unreachable(`it answers ${JSON.stringify(line.slice(0, 60))}`),
      );
    });
  });
}

/** Whether a model service answers at all: any answer but a failure of the server will do, since no key is sent. */
export async function modelCheck(address: string): Promise<Finding> {
  const fix = 'Start the service, or correct --model-address.';
  try {
    const answer = await fetch(`${address.replace(/\/+$/, '')}/models`, { signal: AbortSignal.timeout(PATIENCE_MS), redirect: 'manual' });
    await answer.body?.cancel();
    return answer.status >= 500 ? warn('model', `${address} answers with ${answer.status}`, fix) : ok('model', `${address} answers`);
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
    return fail('model', `${address} cannot be reached: ${cause}`, fix);
  }
}
