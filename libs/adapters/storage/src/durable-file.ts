import { createHash, randomUUID } from 'node:crypto';
import { link, mkdir, open, rename, rm, stat, unlink, writeFile } from 'node:fs/promises';
import path from 'node:path';

export function isErrno(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && codes.includes((error as NodeJS.ErrnoException).code ?? '');
}

/** Makes the entries of a directory durable: names of files created, linked, renamed or removed in it. */
export async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Creates a file that must not exist yet and makes its content durable. Its name is durable after `syncDirectory` of the folder. */
export async function writeSynced(file: string, content: string | Uint8Array): Promise<void> {
  const handle = await open(file, 'wx');
  try {
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Makes the content of a finished file durable, and gives its sha256 and size as read back. */
export async function syncAndHash(file: string): Promise<{ sha256: string; bytes: bigint }> {
  const handle = await open(file, 'r');
  try {
    await handle.sync();
    return await hashStream(handle.createReadStream({ autoClose: false, highWaterMark: 1 << 20 }));
  } finally {
    await handle.close();
  }
}

/** sha256 and size of a file, read in pieces of 1 MiB. */
export async function hashFile(file: string): Promise<{ sha256: string; bytes: bigint }> {
  const handle = await open(file, 'r');
  try {
    return await hashStream(handle.createReadStream({ autoClose: false, highWaterMark: 1 << 20 }));
  } finally {
    await handle.close();
  }
}

async function hashStream(stream: AsyncIterable<Buffer>): Promise<{ sha256: string; bytes: bigint }> {
  const hash = createHash('sha256');
  let bytes = 0n;
  for await (const chunk of stream) {
    hash.update(chunk);
    bytes += BigInt(chunk.length);
  }
  return { sha256: hash.digest('hex'), bytes };
}

/** Creates a folder with those above it and makes each new name durable. */
export async function makeDirectory(directory: string): Promise<void> {
  const first = await mkdir(directory, { recursive: true });
  if (first === undefined) return;
  for (let child = directory; child.length >= first.length; child = path.dirname(child)) await syncDirectory(path.dirname(child));
}

/**
 * Puts `content` at `target` if and only if nothing is there yet: temporary file, fsync, link(), unlink, fsync of the folder.
 * Returns false when another was first. Not rename(), which would replace the other's file, and not an exclusive
 * open() of the target, which lets readers see half of it. Whoever sees the name sees the whole content. `onLinked` is called
 * the moment others can see it: a failure after that leaves it in place, perhaps not durable.
 */
export async function linkExclusive(target: string, content: string | Uint8Array, onLinked?: () => void): Promise<boolean> {
  const directory = path.dirname(target);
  const temporary = path.join(directory, `.tmp-${randomUUID()}`);
  try {
    await writeSynced(temporary, content);
    await link(temporary, target);
  } catch (error) {
    await unlink(temporary).catch(() => undefined);
    if (isErrno(error, 'EEXIST')) return false;
    throw error;
  }
  onLinked?.();
  await unlink(temporary).catch(() => undefined);
  await syncDirectory(directory);
  return true;
}

/** Puts `content` at `target`, replacing what is there, so that a crash leaves either the old or the new content whole. */
export async function writeDurable(target: string, content: string | Uint8Array): Promise<void> {
  const temporary = path.join(path.dirname(target), `.tmp-${randomUUID()}`);
  try {
    await writeSynced(temporary, content);
    await rename(temporary, target);
  } catch (error) {
    await unlink(temporary).catch(() => undefined);
    throw error;
  }
  await syncDirectory(path.dirname(target));
}

/** Like `writeDurable` but without any fsync, for files that are only hints: readers must survive their loss. Never throws. */
export async function writeHint(target: string, content: string): Promise<void> {
  const temporary = path.join(path.dirname(target), `.tmp-${randomUUID()}`);
  try {
    await writeFile(temporary, content);
    await rename(temporary, target);
  } catch {
    await unlink(temporary).catch(() => undefined);
  }
}

/**
 * The time by the clock that stamps files, in milliseconds: ages of files must not be taken by another clock, or a process
 * whose clock is off by a day would take work in progress for garbage. Undefined when no file can be made there (a full disk).
 */
export async function storeTime(directory: string): Promise<number | undefined> {
  const probe = path.join(directory, `.tmp-${randomUUID()}`);
  try {
    await writeFile(probe, '');
    return (await stat(probe)).mtimeMs;
  } catch {
    return undefined;
  } finally {
    await rm(probe, { force: true });
  }
}
