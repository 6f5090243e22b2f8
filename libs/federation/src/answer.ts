import type { SandboxOutcome, SandboxResult } from '@skein/ports';
import type { QueryPlan } from './plan.ts';

/** What a query gives back: at once what is known at once, the rest when the body has ended. */
export interface Answer {
  readonly queryId: string;
  readonly plan: QueryPlan;
  readonly columns: SandboxResult['columns'];
  /** Bytes in the format asked for. It throws a SkeinError when the query fails in mid-stream: it never just ends. */
  readonly body: AsyncIterable<Uint8Array>;
  /** Rows, bytes and truncation; rejects as the body does. Settles after the audit record is kept. */
  readonly outcome: Promise<SandboxOutcome>;
}

export interface AnswerEnd {
  /** Keeps the audit record. */
  ended(outcome: SandboxOutcome): Promise<void>;
  /** Keeps the audit record and returns the error to show. */
  failed(error: unknown): Promise<Error>;
  /** The error of a consumer who left. */
  left(): unknown;
}

/** Wraps a sandbox's result so that it ends once, with one audit record, whoever ends it first. */
export function answerOf(queryId: string, plan: QueryPlan, result: SandboxResult, end: AnswerEnd): Answer {
  const { promise, resolve, reject } = Promise.withResolvers<SandboxOutcome>();
  // whoever reads only the body must not meet an unhandled rejection
  promise.catch(() => undefined);
  let over = false;
  const fail = (error: unknown): void => {
    if (over) return;
    over = true;
    end.failed(error).then(reject, reject);
  };
  result.outcome.then((outcome) => {
    if (over) return;
    over = true;
    end.ended(outcome).then(
      () => resolve(outcome),
      (error: unknown) => void end.failed(error).then(reject, reject),
    );
  }, fail);

  async function* body(): AsyncGenerator<Uint8Array, void, undefined> {
    let complete = false;
    try {
      for await (const bytes of result.body) yield bytes;
      complete = true;
    } catch (error) {
      complete = true;
      fail(error);
    } finally {
      if (!complete) fail(end.left());
    }
    await promise;
  }
  return { queryId, plan, columns: result.columns, body: body(), outcome: promise };
}
