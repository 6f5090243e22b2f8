import { SkeinError } from '@skein/kernel';
import { MOST_CANDIDATES, type EscalationState, type EscalationSteps, type Escalations, type StateStore } from '@skein/ports';

export interface LanggraphEscalationsOptions<Cluster extends { readonly id: string }, Candidate, Trial> {
  readonly steps: EscalationSteps<Cluster, Candidate, Trial>;
  /** Where escalations are kept between steps. It is not closed with them. */
  readonly state: StateStore;
}

/**
 * Escalations as LangGraph threads, one for each cluster: candidates are tried side by side, a review interrupts the thread, and its decision goes on with
 * it, in this process or a later one. LangGraph takes a quarter of a second to load, which a process without escalations does not spend.
 */
export function langgraphEscalations<Cluster extends { readonly id: string }, Candidate, Trial>({
  steps,
  state,
}: LanggraphEscalationsOptions<Cluster, Candidate, Trial>): Escalations<Cluster> {
  let making: ReturnType<typeof makeGraph<Cluster, Candidate, Trial>> | undefined;
  const graph = (): NonNullable<typeof making> => (making ??= makeGraph(steps, state));
  /** One thing at a time for each thread: LangGraph does not keep two runs of one apart. */
  const busy = new Map<string, Promise<unknown>>();
  let closed = false;

  function alone<Result>(id: string, work: () => Promise<Result>): Promise<Result> {
    if (closed) return Promise.reject(new SkeinError('SKEIN_GATEWAY_STOPPING', 'escalations are closed'));
    const done = (busy.get(id) ?? Promise.resolve()).then(work, work);
    const quiet = done.then(
      () => undefined,
      () => undefined,
    );
    busy.set(id, quiet);
    void quiet.then(() => busy.get(id) === quiet && busy.delete(id));
    return done;
  }

  return {
    start: (cluster) => alone(cluster.id, async () => (await graph()).start(cluster.id, cluster)),
    resume: (id) => alone(id, async () => (await graph()).resume(id)),
    state: (id) => alone(id, async () => (await graph()).state(id)),
    async close() {
      closed = true;
      await Promise.all(busy.values());
    },
  };
}

async function makeGraph<Cluster extends { readonly id: string }, Candidate, Trial>(steps: EscalationSteps<Cluster, Candidate, Trial>, store: StateStore) {
  const [{ Annotation, Command, END, interrupt, Send, START, StateGraph }, { StateCheckpointSaver }] = await Promise.all([
    import('@langchain/langgraph'),
    import('./checkpoint-saver.ts'),
  ]);
  const Shape = Annotation.Root({
    cluster: Annotation<Cluster>(),
    candidates: Annotation<readonly Candidate[]>(),
    trials: Annotation<readonly Trial[]>({ reducer: (all, more) => [...all, ...more], default: () => [] }),
    verdict: Annotation<'settled' | 'review'>(),
  });
  const graph = new StateGraph(Shape)
    .addNode('look', async ({ cluster }) => ({ candidates: (await steps.candidates(cluster)).slice(0, MOST_CANDIDATES) }))
    .addNode('attempt', async ({ cluster, candidates: [candidate] }) => ({ trials: [await steps.attempt(cluster, candidate as Candidate)] }))
    .addNode('judge', async ({ cluster, trials }) => ({ verdict: await steps.judge(cluster, trials) }))
    .addNode('review', () => {
      interrupt('decision');
      return {};
    })
    .addNode('settle', async ({ cluster }) => {
      await steps.settle(cluster);
      return {};
    })
    .addEdge(START, 'look')
    .addConditionalEdges(
      'look',
      ({ cluster, candidates }) => (candidates.length === 0 ? 'judge' : candidates.map((one) => new Send('attempt', { cluster, candidates: [one] }))),
      ['attempt', 'judge'],
    )
    .addEdge('attempt', 'judge')
    .addConditionalEdges('judge', ({ verdict }) => (verdict === 'review' ? 'review' : END), ['review', END])
    .addEdge('review', 'settle')
    .addEdge('settle', END)
    .compile({ checkpointer: new StateCheckpointSaver(store) });
  // A step is on disk before the next begins: what a person was shown must be there after a crash.
  const at = (id: string) => ({ configurable: { thread_id: id }, durability: 'sync' as const, maxConcurrency: MOST_CANDIDATES });

  async function stand(id: string): Promise<EscalationState | 'broken' | undefined> {
    const { next, tasks, createdAt } = await graph.getState(at(id));
    if (createdAt === undefined) return undefined;
    if (next.length === 0) return 'settled';
    return tasks.some(({ name, interrupts }) => name === 'review' && interrupts.length > 0) ? 'waiting' : 'broken';
  }

  async function ended(id: string): Promise<EscalationState> {
    return (await stand(id)) === 'waiting' ? 'waiting' : 'settled';
  }

  return {
    async start(id: string, cluster: Cluster): Promise<EscalationState> {
      const before = await stand(id);
      if (before === 'waiting' || before === 'settled') return before;
      await graph.invoke(before === 'broken' ? null : { cluster }, at(id));
      return ended(id);
    },
    async resume(id: string): Promise<void> {
      let before = await stand(id);
      if (before === undefined) throw new SkeinError('SKEIN_REVIEW_UNKNOWN', `no escalation ${JSON.stringify(id.slice(0, 80))} is known`);
      if (before === 'broken') {
        await graph.invoke(null, at(id));
        before = await stand(id);
      }
      if (before === 'waiting') await graph.invoke(new Command({ resume: 'decided' }), at(id));
    },
    async state(id: string): Promise<EscalationState | undefined> {
      const standing = await stand(id);
      return standing === 'broken' ? 'waiting' : standing;
    },
  };
}
