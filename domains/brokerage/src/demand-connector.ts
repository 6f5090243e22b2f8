import { mkdir, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { SkeinError } from '@skein/kernel';
import { DEMAND_INDEX } from './demand-index.ts';

export interface DemandConnectorOptions {
  /** The gateway that the mesh is read through, like any consumer's: `http://127.0.0.1:4747`. */
  readonly gateway: string;
  readonly token: string;
  /** Folder of the domain's sources. */
  readonly directory: string;
  readonly signal?: AbortSignal;
}

interface Answer {
  readonly rows?: readonly Readonly<Record<string, unknown>>[];
  readonly meta?: { readonly truncated?: boolean };
}

/**
 * Asks the mesh for demand by group and week, and writes the answer as `demand_index.ndjson`: whole or not at all. Returns its rows. Throws
 * SKEIN_SOURCE_UNAVAILABLE where the gateway does not answer, refuses, or cuts the answer.
 */
export async function demandIndexFile({ gateway, token, directory, signal }: DemandConnectorOptions): Promise<number> {
  const unavailable = (reason: string, cause?: unknown) => new SkeinError('SKEIN_SOURCE_UNAVAILABLE', `demand index from ${gateway}: ${reason}`, { cause });
  const response = await fetch(new URL('v1/sql', gateway.endsWith('/') ? gateway : `${gateway}/`), {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', accept: 'application/json' },
    body: JSON.stringify({ sql: DEMAND_INDEX }),
    redirect: 'error',
    ...(signal ? { signal } : {}),
  }).catch((cause: unknown) => {
    throw unavailable(cause instanceof Error ? cause.message : String(cause), cause);
  });
  const text = await response.text().catch((cause: unknown) => {
    throw unavailable('the answer broke off', cause);
  });
  if (!response.ok) throw unavailable(`${response.status} ${text.slice(0, 300)}`);
  const { rows, meta } = answerOf(text) ?? {};
  if (rows === undefined || meta === undefined) throw unavailable('the answer is none of a gateway');
  if (meta.truncated !== false) throw unavailable('the answer was cut');
  await mkdir(directory, { recursive: true });
  const file = path.join(directory, 'demand_index.ndjson');
  // Nothing to tell is an answer too: a file without bytes would be taken for a broken one, and the answer before would stand.
  await writeFile(`${file}.part`, `${rows.map((row) => JSON.stringify(row)).join('\n')}\n`);
  await rename(`${file}.part`, file);
  return rows.length;
}

function answerOf(text: string): Answer | undefined {
  try {
    return JSON.parse(text) as Answer;
  } catch {
    return undefined;
  }
}
