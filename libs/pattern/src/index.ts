export {
  patternId,
  signatureKey,
  type DependencyVote,
  type Evidence,
  type Expression,
  type Gap,
  type Pattern,
  type PatternContext,
  type Signature,
  type Solution,
} from './pattern.ts';
export { bindExpression, clears, type Bound } from './bind.ts';
export { checkSolution, solutionQueries } from './check-solution.ts';
export type { ColumnFacts, Example, SourceFacts, ValueCount } from './column-facts.ts';
export type { Conflict, Outcome, Proposal } from './outcome.ts';
export { evaluate, type Repaired, type RowText } from './program/evaluate.ts';
export type { Program, Test, Text } from './program/program.ts';
export { toSql } from './program/to-sql.ts';
export { propose } from './propose.ts';
export type { FamilyTrial } from './gather.ts';
export { shapeOf, signatureOf, targetOf } from './shape.ts';
export { calibrationError, confidence, mayApply, posterior, prefer, probabilityGreater, type ConfidenceOptions, type Forecast } from './confidence.ts';
export { betaCdf, betaQuantile, type Beta } from './confidence-beta.ts';
export { mergeEvidence, totalEvidence, withinEvidence, withOutcomes, type Tally } from './evidence.ts';
export { readKnowledge, readNews, type News } from './news.ts';
export { PatternSet, type Knowledge } from './pattern-set.ts';
export { isName, readPattern } from './read-pattern.ts';
export { familyOf, LIBRARY } from './family/library.ts';
export { DECIDED, decisionAgent, isDecidedFor, isDecision } from './decision.ts';
export { unjustified } from './unjustified.ts';
export { banditContext, earn, mergeRewards, orderFamilies, rewardOf, withReward, type Earned, type Rewards, type Trial } from './bandit.ts';
export { clusterGaps, type Clustering, type GapCluster, type PersistentGap } from './cluster.ts';
export { signatureVector, similarity, VECTOR_LENGTH } from './signature-vector.ts';
export { nearness, weighVotes, type Vote, type VoteCell, type VoteSource } from './dependency-vote.ts';
export { nearValues, type NearValue } from './near-value.ts';
