import { SkeinError } from '@skein/kernel';
import type { BusEvent, DeadLetter } from '@skein/ports';
import type { LogEntry, TopicLog } from './topic-log.ts';

/** Events taken from the log and not yet finished; bounds what a group holds beside the log. */
const WINDOW = 1_024;
const FIRST_RETRY_MS = 5;
const LONGEST_RETRY_MS = 1_000;
/** Deliveries in one turn before the event loop gets a chance to do input and output. */
const BURST = 64;

export interface Member {
  readonly handler: (event: BusEvent) => Promise<void>;
  readonly attempts: number;
  inFlight: Promise<void> | undefined;
  closed: boolean;
}

/** Events of one key: the first is in flight, waits for its retry, or is ready; the others wait for it. */
interface Lane {
  readonly entries: LogEntry[];
  failures: number;
}

/**
 * The position of one group in one topic, and its members. Each member handles one event at a time; the events of one
 * key are handled one after another, those of other keys overtake them.
 */
export class ConsumerGroup {
  readonly #topic: string;
  readonly #name: string;
  readonly #log: TopicLog;
  readonly #bury: (key: string, letter: DeadLetter) => Promise<void>;
  readonly #onProgress: () => void;
  readonly #members = new Set<Member>();
  readonly #lanes = new Map<string, Lane>();
  readonly #ready: string[] = [];
  /** Offsets taken and not finished, in the order of the log. */
  readonly #unfinished = new Set<number>();
  readonly #timers = new Set<NodeJS.Timeout>();
  #next: number;
  #burst = 0;
  #resting = false;

  constructor(topic: string, name: string, log: TopicLog, start: number, bury: (key: string, letter: DeadLetter) => Promise<void>, onProgress: () => void) {
    this.#topic = topic;
    this.#name = name;
    this.#log = log;
    this.#next = start;
    this.#bury = bury;
    this.#onProgress = onProgress;
  }

  /** The lowest offset that the group still needs from the log. */
  get needs(): number {
    return this.#next;
  }

  /** How many accepted events the group has not finished. */
  get lag(): number {
    return this.#log.end - Math.max(this.#next, this.#log.start) + this.#unfinished.size;
  }

  get live(): boolean {
    return this.#members.size > 0;
  }

  join(member: Member): void {
    this.#members.add(member);
    this.pump();
  }

  async leave(member: Member): Promise<void> {
    member.closed = true;
    this.#members.delete(member);
    this.#onProgress();
    await member.inFlight;
  }

  /** Hands ready events to idle members, until either runs out. */
  pump(): void {
    if (this.#resting) return;
    for (const member of this.#members) {
      if (member.inFlight !== undefined) continue;
      this.#take();
      const key = this.#ready.shift();
      if (key === undefined) return;
      if (this.#burst++ >= BURST) {
        this.#ready.unshift(key);
        this.#rest();
        return;
      }
      member.inFlight = this.#handle(member, key);
    }
  }

  async close(): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    await Promise.all([...this.#members].map((member) => this.leave(member)));
  }

  #rest(): void {
    this.#resting = true;
    setImmediate(() => {
      this.#resting = false;
      this.#burst = 0;
      this.pump();
    });
  }

  #take(): void {
    this.#next = Math.max(this.#next, this.#log.start);
    while (this.#unfinished.size < WINDOW) {
      const entry = this.#log.at(this.#next);
      if (entry === undefined) return;
      this.#next += 1;
      this.#unfinished.add(entry.offset);
      const lane = this.#lanes.get(entry.key);
      if (lane) lane.entries.push(entry);
      else {
        this.#lanes.set(entry.key, { entries: [entry], failures: 0 });
        this.#ready.push(entry.key);
      }
    }
  }

  async #handle(member: Member, key: string): Promise<void> {
    const lane = this.#lanes.get(key) as Lane;
    const entry = lane.entries[0] as LogEntry;
    // Publishing must never run a handler on the publisher's stack.
    await Promise.resolve();
    let failure: unknown;
    let failed = false;
    try {
      await member.handler({ topic: this.#topic, key, payload: JSON.parse(entry.text), offset: BigInt(entry.offset) });
    } catch (error) {
      failed = true;
      failure = error;
    }
    if (failed && ++lane.failures < member.attempts) this.#retry(key, lane.failures);
    else if (!failed) this.#finish(key, lane, entry);
    else await this.#giveUp(member, key, lane, entry, failure);
    member.inFlight = undefined;
    if (!member.closed) this.pump();
  }

  #finish(key: string, lane: Lane, entry: LogEntry): void {
    this.#unfinished.delete(entry.offset);
    lane.entries.shift();
    lane.failures = 0;
    if (lane.entries.length > 0) this.#ready.push(key);
    else this.#lanes.delete(key);
    this.#onProgress();
  }

  #retry(key: string, failures: number): void {
    const timer = setTimeout(
      () => {
        this.#timers.delete(timer);
        this.#ready.push(key);
        this.pump();
      },
      Math.min(FIRST_RETRY_MS * 2 ** (failures - 1), LONGEST_RETRY_MS),
    );
    this.#timers.add(timer);
  }

  async #giveUp(member: Member, key: string, lane: Lane, entry: LogEntry, failure: unknown): Promise<void> {
    const letter: DeadLetter = {
      topic: this.#topic,
      offset: String(entry.offset),
      group: this.#name,
      attempts: lane.failures,
      reason: failure instanceof SkeinError ? `${failure.code}: ${failure.message}` : failure instanceof Error ? failure.message : String(failure),
      payload: JSON.parse(entry.text),
    };
    try {
      await this.#bury(key, letter);
      this.#finish(key, lane, entry);
    } catch {
      // The bus is closing: the event stays unfinished, as it would in a broker.
      member.closed = true;
    }
  }
}
