import type { RunnableConfig } from '@langchain/core/runnables';
import {
  BaseCheckpointSaver,
  copyCheckpoint,
  getCheckpointId,
  WRITES_IDX_MAP,
  type Checkpoint,
  type CheckpointListOptions,
  type CheckpointMetadata,
  type CheckpointPendingWrite,
  type CheckpointTuple,
  type PendingWrite,
} from '@langchain/langgraph-checkpoint';
import { SkeinError } from '@skein/kernel';
import type { StateStore } from '@skein/ports';

const SPACE = 'langgraph';
/** Names that JSON quotes hold no bare slash between their parts, and ids of checkpoints (UUID version 6) sort by time. */
const separator = '/';

interface StoredCheckpoint {
  readonly checkpoint: readonly [type: string, base64: string];
  readonly metadata: readonly [type: string, base64: string];
  readonly parent: string | undefined;
}

interface StoredWrite {
  readonly task: string;
  readonly channel: string;
  readonly value: readonly [type: string, base64: string];
}

/** Keeps checkpoints in a `StateStore`: LangGraph's own saver for SQLite wants a native build. What it says it kept is on disk. */
export class StateCheckpointSaver extends BaseCheckpointSaver {
  readonly #store: StateStore;

  constructor(store: StateStore) {
    super();
    this.#store = store;
  }

  async getTuple(config: RunnableConfig): Promise<CheckpointTuple | undefined> {
    const { thread, namespace } = placeOf(config);
    const id = getCheckpointId(config) || (await this.#ids(thread, namespace)).at(-1);
    return id === undefined ? undefined : this.#tuple(thread, namespace, id);
  }

  async *list(config: RunnableConfig, options: CheckpointListOptions = {}): AsyncGenerator<CheckpointTuple> {
    const { thread, namespace } = placeOf(config);
    const before = options.before && getCheckpointId(options.before);
    let left = options.limit ?? Infinity;
    for (const id of (await this.#ids(thread, namespace)).reverse()) {
      if (left <= 0) return;
      if (before !== undefined && before !== '' && id >= before) continue;
      const tuple = await this.#tuple(thread, namespace, id);
      const metadata = tuple?.metadata as Readonly<Record<string, unknown>> | undefined;
      if (!tuple || !Object.entries(options.filter ?? {}).every(([key, value]) => metadata?.[key] === value)) continue;
      left -= 1;
      yield tuple;
    }
  }

  async put(config: RunnableConfig, checkpoint: Checkpoint, metadata: CheckpointMetadata): Promise<RunnableConfig> {
    const { thread, namespace } = placeOf(config);
    const stored: StoredCheckpoint = {
      checkpoint: await this.#dump(copyCheckpoint(checkpoint)),
      metadata: await this.#dump(metadata),
      parent: getCheckpointId(config) || undefined,
    };
    await this.#store.put(SPACE, [[checkpointKey(thread, namespace, checkpoint.id), bytes(stored)]]);
    return { configurable: { thread_id: thread, checkpoint_ns: namespace, checkpoint_id: checkpoint.id } };
  }

  async putWrites(config: RunnableConfig, writes: PendingWrite[], taskId: string): Promise<void> {
    const { thread, namespace } = placeOf(config);
    const prefix = writesKey(thread, namespace, getCheckpointId(config));
    const entries: [string, Uint8Array][] = [];
    for (const [at, [channel, value]] of writes.entries()) {
      const special = WRITES_IDX_MAP[channel];
      const key = `${prefix}${part(taskId)}${separator}${String(special ?? at).padStart(8, '0')}`;
      // A task that runs again says the same; its first words stand. Errors, interrupts and resumptions replace each other.
      if (special === undefined && (await this.#store.get(SPACE, key)) !== undefined) continue;
      entries.push([key, bytes({ task: taskId, channel, value: await this.#dump(value) } satisfies StoredWrite)]);
    }
    await this.#store.put(SPACE, entries);
  }

  async deleteThread(thread: string): Promise<void> {
    await this.#store.remove(SPACE, `c${separator}${part(thread)}${separator}`);
    await this.#store.remove(SPACE, `w${separator}${part(thread)}${separator}`);
  }

  async #ids(thread: string, namespace: string): Promise<string[]> {
    const prefix = checkpointKey(thread, namespace, '');
    return (await this.#store.list(SPACE, prefix)).map(([key]) => key.slice(prefix.length));
  }

  async #tuple(thread: string, namespace: string, id: string): Promise<CheckpointTuple | undefined> {
    const found = await this.#store.get(SPACE, checkpointKey(thread, namespace, id));
    if (found === undefined) return undefined;
    const stored = read<StoredCheckpoint>(found);
    const writes = (await this.#store.list(SPACE, writesKey(thread, namespace, id))).map(([, value]) => read<StoredWrite>(value));
    const pendingWrites = await Promise.all(
      writes.map(async ({ task, channel, value }): Promise<CheckpointPendingWrite> => [task, channel, await this.#load(value)]),
    );
    const at = (checkpoint_id: string): RunnableConfig => ({ configurable: { thread_id: thread, checkpoint_ns: namespace, checkpoint_id } });
    return {
      config: at(id),
      checkpoint: await this.#load<Checkpoint>(stored.checkpoint),
      metadata: await this.#load<CheckpointMetadata>(stored.metadata),
      pendingWrites,
      ...(stored.parent === undefined ? {} : { parentConfig: at(stored.parent) }),
    };
  }

  async #dump(value: unknown): Promise<readonly [string, string]> {
    const [type, serialized] = await this.serde.dumpsTyped(value);
    return [type, Buffer.from(serialized).toString('base64')];
  }

  async #load<Value>([type, base64]: readonly [string, string]): Promise<Value> {
    return (await this.serde.loadsTyped(type, Buffer.from(base64, 'base64'))) as Value;
  }
}

function placeOf(config: RunnableConfig): { thread: string; namespace: string } {
  const { thread_id: thread, checkpoint_ns: namespace = '' } = (config.configurable ?? {}) as { thread_id?: unknown; checkpoint_ns?: unknown };
  if (typeof thread !== 'string' || typeof namespace !== 'string') throw new SkeinError('SKEIN_INTERNAL', 'an escalation runs without the name of its thread');
  return { thread, namespace };
}

/** Without slashes, and so that no part begins another. */
function part(text: string): string {
  return encodeURIComponent(text);
}

function checkpointKey(thread: string, namespace: string, id: string): string {
  return `c${separator}${part(thread)}${separator}${part(namespace)}${separator}${id}`;
}

function writesKey(thread: string, namespace: string, id: string): string {
  return `w${separator}${part(thread)}${separator}${part(namespace)}${separator}${part(id)}${separator}`;
}

function bytes(value: StoredCheckpoint | StoredWrite): Uint8Array {
  return Buffer.from(JSON.stringify(value));
}

function read<Stored>(value: Uint8Array): Stored {
  return JSON.parse(Buffer.from(value).toString()) as Stored;
}
