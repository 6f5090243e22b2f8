import { SkeinError } from '@skein/kernel';

/** What to say when the port is taken: who holds it, as far as that shows. */
export async function portInUse(host: string, port: number, cause: unknown): Promise<SkeinError> {
  const address = `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
  const holder = await identify(address);
  if (holder === undefined) {
    return new SkeinError('SKEIN_PORT_IN_USE', `port ${port} on ${host} is taken by another program`, {
      cause,
      hint: 'Stop that program, or choose another port with --port or SKEIN_PORT.',
      context: { host, port },
    });
  }
  return new SkeinError(
    'SKEIN_PORT_IN_USE',
    `port ${port} on ${host} is taken by a Skein gateway (process ${holder.pid}, up for ${holder.uptimeSeconds} s): ${address}`,
    {
      cause,
      hint: `Use the gateway that runs, stop it (kill ${holder.pid}), or choose another port with --port or SKEIN_PORT.`,
      context: { host, port, pid: holder.pid },
    },
  );
}

async function identify(address: string): Promise<{ pid: number; uptimeSeconds: number } | undefined> {
  try {
    const response = await fetch(`${address}/health`, { signal: AbortSignal.timeout(1_000), redirect: 'error', headers: { accept: 'application/json' } });
    const { skein, pid, uptimeSeconds } = Object(await response.json()) as { skein?: unknown; pid?: unknown; uptimeSeconds?: unknown };
    return skein === 'gateway' && Number.isSafeInteger(pid) && Number.isSafeInteger(uptimeSeconds)
      ? { pid: pid as number, uptimeSeconds: uptimeSeconds as number }
      : undefined;
  } catch {
    return undefined;
  }
}
