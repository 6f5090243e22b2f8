import { SkeinError } from '@skein/kernel';
import { Redis } from 'ioredis';

const LEAST_VERSION = [6, 2] as const;
/** Waits between attempts to connect, in milliseconds: doubled up to the last, so that a Redis that comes back is found within a second. */
const FIRST_WAIT = 25;
const LONGEST_WAIT = 500;
const CONNECT_MS = 3_000;
/** A connection on which nothing comes for so long, though it is asked every second, is dead. */
const SILENT_MS = 8_000;
const COMMAND_MS = 5_000;

/**
 * A connection that is kept up for ever. Commands fail at once while it is down, and are not sent again by themselves: what to repeat is for
 * the board to know.
 */
export function connection(url: string, name: string): Redis {
  const redis = new Redis(url, {
    lazyConnect: true,
    connectionName: name,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    connectTimeout: CONNECT_MS,
    socketTimeout: SILENT_MS,
    commandTimeout: COMMAND_MS,
    retryStrategy: (attempt) => Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** Math.min(attempt, 10)) * (0.75 + Math.random() / 4),
  });
  // Without a listener the first lost connection would end the process; what failed is told to whoever asked.
  redis.on('error', () => undefined);
  return redis;
}

/** Whether an error says that Redis is away, loading, full or read-only: the same command may succeed later. */
export function isPassing(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error.name !== 'ReplyError') return true;
  return /\b(LOADING|READONLY|OOM|MISCONF|BUSY|TRYAGAIN|CLUSTERDOWN|MASTERDOWN|NOREPLICAS)\b/.test(error.message);
}

/**
 * What the Redis lacks to keep what it acknowledges. A board needs the append-only file (`appendonly yes`; `appendfsync everysec` may lose the
 * last second when the machine fails, `always` nothing) and `maxmemory-policy noeviction`. Throws SKEIN_CONFIG_INVALID below Redis 6.2.
 */
export async function lacks(redis: Redis): Promise<string[]> {
  const info = new Map(
    (await Promise.all(['server', 'persistence', 'memory'].map((section) => redis.info(section))))
      .join('\r\n')
      .split('\r\n')
      .map((line): [string, string] => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]),
  );
  const version = info.get('redis_version') ?? '0';
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major < LEAST_VERSION[0] || (major === LEAST_VERSION[0] && minor < LEAST_VERSION[1])) {
    throw new SkeinError('SKEIN_CONFIG_INVALID', `Redis ${version} is too old: the pattern board needs ${LEAST_VERSION.join('.')}`);
  }
  // Managed servers may forbid CONFIG; then only what INFO says is known.
  const fsync = await redis.config('GET', 'appendfsync').then(
    (reply) => (Array.isArray(reply) ? String(reply[1]) : undefined),
    () => undefined,
  );
  const policy = info.get('maxmemory_policy');
  return [
    ...(info.get('aof_enabled') === '1' ? [] : ['appendonly is off: patterns published since its last dump are lost when Redis ends; set appendonly yes']),
    ...(fsync === 'no' ? ['appendfsync is no: what was published last is lost when the machine fails; set everysec or always'] : []),
    ...(policy === undefined || policy === 'noeviction' ? [] : [`maxmemory-policy is ${policy}: patterns may be evicted; set noeviction`]),
  ];
}
