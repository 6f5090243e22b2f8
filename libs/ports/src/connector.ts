/** What a connector brought. */
export interface Brought {
  /** Files that were written or written anew, relative to the source folder, with `/`. */
  readonly files: readonly string[];
  /** Records that those files hold. */
  readonly records: number;
  /** Records that came more than once in one delivery, byte for byte, and were written once. */
  readonly repeated: number;
}

/**
 * Brings what one source has into a domain's source folder. What stands there is whole at any moment: a file is replaced at once, when all of
 * its delivery has come and holds together, and is as it was otherwise. One connector a folder at a time.
 */
export interface Connector {
  /** The folder of sources it writes into. */
  readonly directory: string;
  /**
   * Takes what is new; writes nothing where nothing is. What was taken of a delivery that broke off, by a kill too, is not taken again. Faults that may pass
   * are tried again within bounds; then, and for those that do not, it throws: SKEIN_SOURCE_UNAVAILABLE (does not answer, asks to be spared),
   * SKEIN_SOURCE_ANSWER (an answer that is none of the source's form), SKEIN_SOURCE_UNTRUE (contradicts itself, or brings what is not ours),
   * SKEIN_SOURCE_ADDRESS (leads where it must not).
   */
  bring(signal?: AbortSignal): Promise<Brought>;
}
