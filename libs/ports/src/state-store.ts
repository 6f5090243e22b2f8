/**
 * Small state that outlives the process: values by key, in spaces that know nothing of each other. What was put stands when the promise resolves.
 * Throws SKEIN_STORAGE_FULL or SKEIN_STORAGE_FAILED.
 */
export interface StateStore {
  get(space: string, key: string): Promise<Uint8Array | undefined>;
  /** All of them or none. An entry that stands is replaced. */
  put(space: string, entries: readonly (readonly [key: string, value: Uint8Array])[]): Promise<void>;
  /** Entries whose key begins with the prefix, in the order of the keys' UTF-8 bytes. */
  list(space: string, prefix: string): Promise<readonly (readonly [key: string, value: Uint8Array])[]>;
  /** Removes what `list` would show. */
  remove(space: string, prefix: string): Promise<void>;
  close(): Promise<void>;
}
