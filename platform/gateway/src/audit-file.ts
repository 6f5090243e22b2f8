import { mkdir, open, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { SkeinError } from '@skein/kernel';
import { storageError, type AuditLog, type AuditRecord } from '@skein/ports';

export interface FileAuditLogOptions {
  /** Made when it is absent; readable by its owner only. */
  readonly directory: string;
  /** Milliseconds of records that a power cut can take, default 1,000; the end of the process takes none that `append` returned for. */
  readonly syncMs?: number;
}

interface Waiting {
  readonly day: string;
  readonly line: string;
  readonly kept: () => void;
  readonly failed: (error: unknown) => void;
}

/** Records that may wait for the disk; more are refused, since memory must not grow with a disk that hangs. */
const QUEUE = 10_000;

/**
 * The audit log as one file of NDJSON for each UTC day, `<directory>/YYYY-MM-DD.ndjson`, by the time of the request. Records
 * that come while the disk works are written together, so that a slow disk costs a query one write and never one each.
 * A record that a crash or a full disk cut off stays a line of its own, which is no JSON; those after it are whole.
 */
export function fileAuditLog({ directory, syncMs = 1_000 }: FileAuditLogOptions): AuditLog {
  const queue: Waiting[] = [];
  let file: { readonly day: string; readonly handle: FileHandle; torn: boolean } | undefined;
  let writing: Promise<void> | undefined;
  let syncTimer: NodeJS.Timeout | undefined;
  let closed = false;

  const failure = (error: unknown): SkeinError =>
    error instanceof SkeinError ? error : storageError(error, `the audit log in ${directory} cannot be written`);

  async function fileOf(day: string): Promise<NonNullable<typeof file>> {
    if (file?.day === day) return file;
    const old = file;
    file = undefined;
    if (old) await old.handle.sync().finally(() => old.handle.close());
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const path = join(directory, `${day}.ndjson`);
    const handle = await open(path, 'a+', 0o600);
    try {
      const { size } = await handle.stat();
      const last = size > 0 ? await handle.read(Buffer.alloc(1), 0, 1, size - 1) : undefined;
      const folder = await open(directory);
      await folder.sync().finally(() => folder.close());
      file = { day, handle, torn: last !== undefined && last.buffer[0] !== 0x0a };
    } catch (error) {
      await handle.close();
      throw error;
    }
    return file;
  }

  async function writeAll(): Promise<void> {
    while (queue.length > 0) {
      const { day } = queue[0] as Waiting;
      const end = queue.findIndex((item) => item.day !== day);
      const batch = queue.splice(0, end < 0 ? queue.length : end);
      try {
        const target = await fileOf(day);
        const text = `${target.torn ? '\n' : ''}${batch.map((item) => item.line).join('')}`;
        target.torn = true;
        await target.handle.appendFile(text);
        target.torn = false;
        syncTimer ??= setTimeout(() => {
          syncTimer = undefined;
          file?.handle.sync().catch(() => undefined);
        }, syncMs).unref();
        for (const item of batch) item.kept();
      } catch (error) {
        for (const item of batch) item.failed(failure(error));
      }
    }
    // In the same turn in which the queue was found empty: whoever appends next must start a new writer.
    writing = undefined;
  }

  return {
    append(record) {
      if (closed) return Promise.reject(new SkeinError('SKEIN_STORAGE_FAILED', 'the audit log is closed'));
      if (queue.length >= QUEUE) return Promise.reject(new SkeinError('SKEIN_STORAGE_FAILED', `the audit log is ${QUEUE} records behind its disk`));
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      queue.push({ day: new Date(record.time).toISOString().slice(0, 10), line: `${auditLine(record)}\n`, kept: resolve, failed: reject });
      writing ??= writeAll();
      return promise;
    },
    async close() {
      closed = true;
      await writing;
      clearTimeout(syncTimer);
      const last = file;
      file = undefined;
      if (last) await last.handle.sync().finally(() => last.handle.close());
    },
  };
}

/** One record as one line of JSON: time as ISO 8601, rows as a number where it is exact and as text where it is not. */
function auditLine({ time, rows, ...rest }: AuditRecord): string {
  return JSON.stringify({
    time: new Date(time).toISOString(),
    ...rest,
    ...(rows === undefined ? {} : { rows: rows <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(rows) : rows.toString() }),
  });
}
