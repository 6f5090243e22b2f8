import { MessageChannel, type MessagePort } from 'node:worker_threads';
import type { PatternBoard } from '@skein/ports';
import { BoardHub, type BoardEvent, type BoardReply, type BoardRequest } from './board-hub.ts';
import { MemoryMember, type HubLink } from './memory-member.ts';

/** A board in the memory of one process. */
export interface MemoryBoard {
  /** A member in this thread. */
  join(agent: string): Promise<PatternBoard>;
  /**
   * The way in for one worker thread: hand it over in `workerData`, with `transferList: [port]`, and call `joinMemoryBoard(port, agent)` there. A
   * port serves one member. A thread that ends leaves the board; its leases expire.
   */
  port(): MessagePort;
  /** Forgets all, and closes every port that was handed out: their members find the board unavailable. */
  close(): void;
}

/** Makes a board whose hub lives in the calling thread. It keeps neither the thread nor the process alive. */
export function memoryBoard(): MemoryBoard {
  const hub = new BoardHub();
  const ports = new Set<MessagePort>();
  return {
    join: (agent) =>
      MemoryMember.join(agent, (onEvent) => {
        const member = { tell: onEvent };
        return { ask: async (request) => hub.handle(member, request), leave: () => void hub.handle(member, { ask: 'leave' }) };
      }),
    port() {
      const { port1, port2 } = new MessageChannel();
      const member = { tell: (event: BoardEvent) => port1.postMessage({ event }) };
      port1.on('message', ({ id, request }: ToHub) => port1.postMessage({ id, reply: hub.handle(member, request) }));
      port1.once('close', () => {
        ports.delete(port1);
        hub.handle(member, { ask: 'leave' });
      });
      port1.unref();
      ports.add(port1);
      return port2;
    },
    close() {
      for (const port of ports) port.close();
      hub.close();
    },
  };
}

/** Joins from a worker thread the board that the port belongs to. The port keeps the thread alive until the member is closed. */
export function joinMemoryBoard(port: MessagePort, agent: string): Promise<PatternBoard> {
  return MemoryMember.join(agent, (onEvent, onGone) => {
    const waiting = new Map<number, { resolve: (reply: BoardReply) => void; reject: (error: Error) => void }>();
    let asked = 0;
    let open = true;
    port.on('message', (message: FromHub) => {
      if ('event' in message) onEvent(message.event);
      else {
        waiting.get(message.id)?.resolve(message.reply);
        waiting.delete(message.id);
      }
    });
    const gone = (): void => {
      if (!open) return;
      open = false;
      for (const { reject } of waiting.values()) reject(new Error('the hub of the board has gone'));
      waiting.clear();
      onGone();
    };
    port.once('close', gone);
    const link: HubLink = {
      ask: (request) =>
        new Promise((resolve, reject) => {
          if (!open) return reject(new Error('the hub of the board has gone'));
          asked += 1;
          waiting.set(asked, { resolve, reject });
          port.postMessage({ id: asked, request } satisfies ToHub);
        }),
      leave() {
        port.close();
        gone();
      },
    };
    return link;
  });
}

interface ToHub {
  readonly id: number;
  readonly request: BoardRequest;
}

type FromHub = { readonly event: BoardEvent } | { readonly id: number; readonly reply: BoardReply };
