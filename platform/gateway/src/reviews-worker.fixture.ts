import { parentPort, workerData, type MessagePort } from 'node:worker_threads';
import { joinMemoryBoard } from '@skein/adapter-memory';
import { boardShows } from '@skein/ports/conformance';

/** A worker of a swarm in a thread of its own: tells when it is there, and when it knows a pattern of the signature. */
const { port, agent, key } = workerData as { port: MessagePort; agent: string; key: string };
const board = await joinMemoryBoard(port, agent);
parentPort?.postMessage('ready');
await boardShows(board, () => board.lookup(key).length > 0);
parentPort?.postMessage(board.lookup(key)[0]?.id);
await board.close();
