/** What an escalation does. Steps may be run again after a crash: each must be idempotent. What they take and give is JSON. */
export interface EscalationSteps<Cluster extends { readonly id: string }, Candidate, Trial> {
  /** What could be done about the cluster. */
  candidates(cluster: Cluster): Promise<readonly Candidate[]>;
  /** Tries one; candidates are tried side by side. */
  attempt(cluster: Cluster, candidate: Candidate): Promise<Trial>;
  /** `settled`: the trials decide, and what they decide is done. `review`: a person is asked, and the review is open. */
  judge(cluster: Cluster, trials: readonly Trial[]): Promise<'settled' | 'review'>;
  /** Carries out what was decided in the review of the cluster. */
  settle(cluster: Pick<Cluster, 'id'>): Promise<void>;
}

/** Candidates of one escalation that are tried at most. */
export const MOST_CANDIDATES = 100;

/** Where an escalation stands. */
export type EscalationState = 'waiting' | 'settled';

/** Escalations in flight: one for each cluster of gaps, from its candidates to what a person decided. They outlive the process. */
export interface Escalations<Cluster extends { readonly id: string }> {
  /** Runs the escalation of a cluster up to its review, or to its end. One that was broken off goes on; one that waits or has ended is left alone. */
  start(cluster: Cluster): Promise<EscalationState>;
  /** Goes on after the decision, and returns when it is carried out. Once: an escalation that has ended is left alone. Throws SKEIN_REVIEW_UNKNOWN. */
  resume(id: string): Promise<void>;
  /** Undefined for what never started. */
  state(id: string): Promise<EscalationState | undefined>;
  close(): Promise<void>;
}
