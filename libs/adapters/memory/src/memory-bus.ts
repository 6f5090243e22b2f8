import { SkeinError } from '@skein/kernel';
import type { BusEvent, EventBus, SubscribeOptions, Subscription } from '@skein/ports';
import { ConsumerGroup, type Member } from './consumer-group.ts';
import { TopicLog } from './topic-log.ts';

export interface MemoryBusOptions {
  /**
   * Events that each topic keeps for groups yet to come, and how far a group with members may fall behind before
   * publishers wait for it; default 10,000. A group without members may lose what lies further back.
   */
  readonly retain?: number;
}

interface Waiting {
  readonly key: string;
  readonly text: string;
  readonly accept: (offset: bigint) => void;
  readonly refuse: (error: unknown) => void;
}

interface Topic {
  readonly log: TopicLog;
  readonly groups: Map<string, ConsumerGroup>;
  readonly waiting: Waiting[];
}

/**
 * The event bus of one process: nothing outlives it. Delivery, order, groups, retries and dead letters are those of the
 * port; a slow group makes publishers wait instead of growing memory, so a handler must not publish to the topic it reads
 * faster than it reads.
 */
export function memoryBus({ retain = 10_000 }: MemoryBusOptions = {}): EventBus {
  if (!Number.isSafeInteger(retain) || retain < 1) throw new SkeinError('SKEIN_CONFIG_INVALID', `retain must be a positive integer, not ${retain}`);
  const topics = new Map<string, Topic>();
  let closed: Promise<void> | undefined;

  const topicOf = (name: string): Topic => {
    let topic = topics.get(name);
    if (!topic) topics.set(name, (topic = { log: new TopicLog(), groups: new Map(), waiting: [] }));
    return topic;
  };
  const hasRoom = (topic: Topic): boolean => {
    for (const group of topic.groups.values()) if (group.live && group.lag >= retain) return false;
    return true;
  };
  const append = (topic: Topic, key: string, text: string): bigint => {
    const { offset } = topic.log.append(key, text);
    const groups = [...topic.groups.values()];
    for (const group of groups) group.pump();
    const needed = groups.filter((group) => group.live).map((group) => group.needs);
    topic.log.trim(Math.min(topic.log.end - retain, ...needed));
    return BigInt(offset);
  };
  const admit = (topic: Topic): void => {
    while (topic.waiting.length > 0 && hasRoom(topic)) {
      const { key, text, accept } = topic.waiting.shift() as Waiting;
      accept(append(topic, key, text));
    }
  };
  const refuseClosed = (): void => {
    if (closed) throw new SkeinError('SKEIN_BUS_CLOSED', 'the event bus is closed');
  };

  const bus: EventBus = {
    async publish(name, key, payload) {
      refuseClosed();
      const text = asJson(name, payload);
      const topic = topicOf(name);
      if (topic.waiting.length === 0 && hasRoom(topic)) return append(topic, key, text);
      return new Promise((accept, refuse) => topic.waiting.push({ key, text, accept, refuse }));
    },

    async subscribe(
      name: string,
      { group: groupName, from, attempts = 5 }: SubscribeOptions,
      handler: (event: BusEvent) => Promise<void>,
    ): Promise<Subscription> {
      refuseClosed();
      if (!Number.isSafeInteger(attempts) || attempts < 1) throw new SkeinError('SKEIN_CONFIG_INVALID', `attempts must be a positive integer, not ${attempts}`);
      const topic = topicOf(name);
      let group = topic.groups.get(groupName);
      if (!group) {
        const start = from === 'earliest' ? topic.log.start : topic.log.end;
        const bury = async (key: string, letter: unknown): Promise<void> => void (await bus.publish(`${name}.dead`, key, letter));
        topic.groups.set(groupName, (group = new ConsumerGroup(name, groupName, topic.log, start, bury, () => admit(topic))));
      }
      const member: Member = { handler, attempts, inFlight: undefined, closed: false };
      group.join(member);
      const joined = group;
      return { close: () => joined.leave(member) };
    },

    close() {
      closed ??= (async () => {
        // `closed` must be set before anything below runs, or a handler that ends now could publish once more.
        await Promise.resolve();
        for (const topic of topics.values()) {
          for (const { refuse } of topic.waiting.splice(0))
            refuse(new SkeinError('SKEIN_BUS_CLOSED', 'the event bus was closed while the event waited for a slow group'));
        }
        await Promise.all([...topics.values()].flatMap((topic) => [...topic.groups.values()].map((group) => group.close())));
      })();
      return closed;
    },
  };
  return bus;
}

function asJson(topic: string, payload: unknown): string {
  let text: string | undefined;
  let cause: unknown;
  try {
    text = JSON.stringify(payload);
  } catch (error) {
    cause = error;
  }
  if (text !== undefined) return text;
  throw new SkeinError(
    'SKEIN_BUS_PAYLOAD',
    `an event for ${JSON.stringify(topic)} cannot be written as JSON: ${cause instanceof Error ? cause.message : typeof payload}`,
    { cause, context: { topic } },
  );
}
