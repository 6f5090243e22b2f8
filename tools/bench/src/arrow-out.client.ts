import { request } from 'node:http';
import { parentPort, workerData } from 'node:worker_threads';

/** What the client is told, and what it says when the answer has ended. */
export interface ArrowOutCall {
  readonly url: string;
  readonly token: string;
  readonly body: string;
}

export interface ArrowOutReply {
  readonly status: number;
  readonly milliseconds: number;
  readonly bytes: number;
  readonly rows: string | undefined;
  readonly truncated: string | undefined;
  /** Whether the last bytes are Arrow's end mark. */
  readonly whole: boolean;
  readonly text: string;
}

const { url, token, body } = workerData as ArrowOutCall;

// A client of its own thread: it must not take turns from the gateway's.
const started = performance.now();
const sent = request(
  `${url}/v1/sql`,
  { method: 'POST', headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', accept: 'application/vnd.apache.arrow.stream' } },
  (response) => {
    let bytes = 0;
    let tail: Buffer = Buffer.alloc(0);
    let text = '';
    response.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      tail = chunk.length >= 8 ? chunk.subarray(-8) : Buffer.concat([tail, chunk]).subarray(-8);
      if (response.statusCode !== 200) text += chunk.toString();
    });
    response.on('end', () => {
      parentPort?.postMessage({
        status: response.statusCode ?? 0,
        milliseconds: performance.now() - started,
        bytes,
        rows: response.trailers['skein-rows'],
        truncated: response.trailers['skein-truncated'],
        whole: tail.equals(Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0)),
        text,
      } satisfies ArrowOutReply);
    });
    response.on('error', (error) => {
      throw error;
    });
  },
);
sent.on('error', (error) => {
  throw error;
});
sent.end(body);
