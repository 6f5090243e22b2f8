/** A piece of work of a run. */
export interface Job {
  readonly id: string;
  /** Ids of jobs that must have ended before. */
  readonly after: readonly string[];
  /** What the job builds in its lane's session, or finds there from a job before. */
  readonly warm: readonly string[];
}

/**
 * Runs jobs in lanes, each one at a time, so that no more than `lanes` are in flight. A free lane takes, of the jobs that may start, one whose inputs it
 * has built already, else one whose inputs no lane has; it takes another lane's job only when that lane is busy and has a second one waiting.
 * When a job throws, no further one is started; the first error is thrown once the others have ended.
 */
export async function runJobs(jobs: readonly Job[], lanes: number, work: (job: Job, lane: number) => Promise<void>): Promise<void> {
  const waiting = new Set(jobs);
  const ended = new Set<string>();
  const holder = new Map<string, number>();
  const busy = new Set<number>();
  const known = new Set(jobs.map(({ id }) => id));
  let news = Promise.withResolvers<void>();
  let failure: { readonly error: unknown } | undefined;

  function take(lane: number): Job | undefined {
    const ready = [...waiting].filter(({ after }) => after.every((id) => ended.has(id) || !known.has(id)));
    const holderOf = ({ warm }: Job) => warm.map((key) => holder.get(key)).find((one) => one !== undefined);
    return (
      ready.find((job) => holderOf(job) === lane) ??
      ready.find((job) => holderOf(job) === undefined) ??
      ready.find((job) => {
        const other = holderOf(job);
        return other !== undefined && busy.has(other) && ready.filter((one) => holderOf(one) === other).length > 1;
      })
    );
  }

  async function serve(lane: number): Promise<void> {
    while (failure === undefined && waiting.size > 0) {
      const job = take(lane);
      if (job === undefined) {
        if (busy.size === 0) throw new Error(`jobs wait for each other: ${[...waiting].map(({ id }) => id).join(', ')}`);
        await news.promise;
        continue;
      }
      waiting.delete(job);
      for (const key of job.warm) if (!holder.has(key)) holder.set(key, lane);
      busy.add(lane);
      try {
        await work(job, lane);
      } catch (error) {
        failure ??= { error };
      }
      busy.delete(lane);
      ended.add(job.id);
      news.resolve();
      news = Promise.withResolvers<void>();
    }
  }

  await Promise.all(Array.from({ length: Math.max(1, Math.min(lanes, jobs.length)) }, (_, lane) => serve(lane)));
  if (failure !== undefined) throw failure.error;
}
