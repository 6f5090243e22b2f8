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
