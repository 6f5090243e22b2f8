import { signatureKey, type Gap } from './pattern.ts';
import { hash32, trigrams } from './signature-vector.ts';

/** A gap that no solution has closed, and how its rule words the violation. */
export interface PersistentGap {
  readonly gap: Gap;
  readonly message: string;
}

/** Gaps that are likely one cause, and so one question to a person. */
export interface GapCluster {
  /** The gap with the most cells: the one to show. */
  readonly leader: PersistentGap;
  /** All of them, the leader first, then by cells. */
  readonly members: readonly PersistentGap[];
  readonly cells: number;
}

export interface Clustering {
  readonly clusters: readonly GapCluster[];
  /** The cosines above which messages, and values, were taken as alike; found from these gaps. */
  readonly thresholds: Thresholds;
  /** Unrelated pairs that it was found from. */
  readonly calibratedOn: number;
}

export interface Thresholds {
  readonly message: number;
  readonly values: number;
}

/** The share of unrelated pairs that may pass for alike. */
const FALSE_ALIKE = 0.01;
const PAIRS = 4_000;
const VALUES = 12;
const LONGEST_VALUE = 64;
const LONGEST_MESSAGE = 512;

/**
 * Groups gaps by rule, then by shape (at least one in common), then by likeness of their messages and of their commonest values, both: the cosine of
 * their character trigrams, each weighted by how rare it is among these gaps; digits count as one. From which cosine on two texts are alike is not
 * fixed, for it depends on the texts: it is the value that 1 % of unrelated pairs exceed, where unrelated are gaps of different rules or without a
 * shape in common, and scrambled texts of the same characters. Every gap is in one cluster. The result depends on the gaps
 * alone, not on their order.
 */
export function clusterGaps(gaps: readonly PersistentGap[]): Clustering {
  const documents = gaps
    .map((gap) => ({ gap, id: identity(gap), rule: gap.gap.signature.rule, shapes: new Set(gap.gap.signature.shapes), text: textOf(gap) }))
    .sort((a, b) => b.gap.gap.cells - a.gap.gap.cells || (a.id < b.id ? -1 : 1));
  const weigh: Weigh = {
    message: weights(documents.map(({ text }) => text.message)),
    values: weights(documents.map(({ text }) => text.values)),
  };
  const points = documents.map((document): Point => ({ ...document, ...vectors(document.text, weigh) }));
  const { thresholds, calibratedOn } = calibrate(points, weigh);

  const clusters: Growing[] = [];
  const byShape = new Map<string, Growing[]>();
  for (const point of points) {
    const keys = [...point.shapes].map((shape) => JSON.stringify([point.rule, shape]));
    let best: Growing | undefined;
    let closest = -1;
    for (const cluster of new Set(keys.flatMap((key) => byShape.get(key) ?? []))) {
      // To the leader, and not to the nearest member: chains of small steps would tie everything together.
      const near = likeness(cluster.leader, point, thresholds);
      if (near !== undefined && near > closest) [best, closest] = [cluster, near];
    }
    if (best) {
      best.members.push(point.gap);
      continue;
    }
    const cluster: Growing = { leader: point, members: [point.gap] };
    clusters.push(cluster);
    for (const key of keys) byShape.set(key, [...(byShape.get(key) ?? []), cluster]);
  }
  const found = clusters.map(({ leader, members }): GapCluster => {
    return { leader: leader.gap, members, cells: members.reduce((sum, { gap }) => sum + gap.cells, 0) };
  });
  return { clusters: found.sort((a, b) => b.cells - a.cells || (identity(a.leader) < identity(b.leader) ? -1 : 1)), thresholds, calibratedOn };
}

type Vector = ReadonlyMap<string, number>;

interface Point {
  readonly gap: PersistentGap;
  readonly rule: string;
  readonly shapes: ReadonlySet<string>;
  readonly text: Text;
  readonly message: Vector;
  readonly values: Vector;
}

interface Text {
  readonly message: readonly string[];
  readonly values: readonly string[];
}

interface Weigh {
  readonly message: (text: readonly string[]) => Vector;
  readonly values: (text: readonly string[]) => Vector;
}

type Vectors = Pick<Point, 'message' | 'values'>;

function vectors(text: Text, weigh: Weigh): Vectors {
  return { message: weigh.message(text.message), values: weigh.values(text.values) };
}

/** How near two gaps are; undefined when a text of the one is not like that of the other. What both lack says nothing. */
function likeness(one: Vectors, other: Vectors, thresholds: Thresholds): number | undefined {
  let near = 1;
  for (const part of ['message', 'values'] as const) {
    if (one[part].size + other[part].size === 0) continue;
    const like = cosine(one[part], other[part]);
    if (like <= thresholds[part]) return undefined;
    near *= like;
  }
  return near;
}

interface Growing {
  readonly leader: Point;
  readonly members: PersistentGap[];
}

function calibrate(points: readonly Point[], weigh: Weigh): { thresholds: Thresholds; calibratedOn: number } {
  const unrelated: [Vectors, Vectors][] = [];
  const count = points.length;
  for (let pair = 0; pair < PAIRS && count > 1; pair += 1) {
    const [one, other] = [points[hash32(`${pair} one`) % count] as Point, points[hash32(`${pair} other`) % count] as Point];
    if (one.rule !== other.rule || !meet(one.shapes, other.shapes)) unrelated.push([one, other]);
  }
  // Where all gaps are of one rule, there is nothing unrelated among them: scrambled texts stand in for it.
  for (let pair = 0; pair < Math.min(PAIRS / 4, count * 4); pair += 1) {
    const one = points[pair % count] as Point;
    const other = points[hash32(`${pair} scrambled`) % count] as Point;
    const scramble = (lines: readonly string[]): string[] => lines.map((line, index) => scrambled(line, `${pair} ${index}`));
    unrelated.push([one, vectors({ message: scramble(other.text.message), values: scramble(other.text.values) }, weigh)]);
  }
  const threshold = (part: keyof Thresholds): number => {
    const likes = unrelated.filter(([one, other]) => one[part].size > 0 && other[part].size > 0).map(([one, other]) => cosine(one[part], other[part]));
    return likes.sort((a, b) => a - b)[Math.min(likes.length - 1, Math.ceil(likes.length * (1 - FALSE_ALIKE)))] ?? 0;
  };
  return { thresholds: { message: threshold('message'), values: threshold('values') }, calibratedOn: unrelated.length };
}

/** Vectors of unit length over trigrams; one that stands in every text says nothing (inverse document frequency, smoothed). */
function weights(texts: readonly (readonly string[])[]): (text: readonly string[]) => Vector {
  const holders = new Map<string, number>();
  for (const text of texts) for (const gram of new Set(text.flatMap(trigrams))) holders.set(gram, (holders.get(gram) ?? 0) + 1);
  return (text) => {
    let square = 0;
    const vector = new Map<string, number>();
    for (const gram of text.flatMap(trigrams)) {
      if (vector.has(gram)) continue;
      const weight = Math.log(1 + texts.length / (holders.get(gram) ?? 1));
      vector.set(gram, weight);
      square += weight * weight;
    }
    const length = Math.sqrt(square) || 1;
    return new Map([...vector].map(([gram, weight]) => [gram, weight / length]));
  };
}

function cosine(one: Vector, other: Vector): number {
  const [few, many] = one.size <= other.size ? [one, other] : [other, one];
  let sum = 0;
  for (const [gram, weight] of few) sum += weight * (many.get(gram) ?? 0);
  return sum;
}

function meet(one: ReadonlySet<string>, other: ReadonlySet<string>): boolean {
  for (const shape of one) if (other.has(shape)) return true;
  return false;
}

/** The message, and the commonest values; missing ones are told by the shape. One digit is as good as another: what differs in numbers alone is one cause. */
function textOf({ gap, message }: PersistentGap): Text {
  const plain = (text: string, longest: number): string => text.slice(0, longest).toLowerCase().replaceAll(/\d/g, '9');
  const values = gap.values.slice(0, VALUES).flatMap(({ value }) => (value === null || value === '' ? [] : [plain(value, LONGEST_VALUE)]));
  return { message: message === '' ? [] : [plain(message, LONGEST_MESSAGE)], values };
}

/** The same characters in an order that hangs on the seed alone. */
function scrambled(text: string, seed: string): string {
  return Array.from(text, (character, at) => ({ character, at: hash32(`${seed} ${at}`) }))
    .sort((a, b) => a.at - b.at)
    .map(({ character }) => character)
    .join('');
}

function identity({ gap, message }: PersistentGap): string {
  const { domain, product, column } = gap.context;
  return [domain, product, column, signatureKey(gap.signature), message].join('\u001f');
}
