import type { Signature } from './pattern.ts';

/** Length of a signature's vector. */
export const VECTOR_LENGTH = 128;

/**
 * A signature as a point of unit length, so that similar gaps stand near each other (`similarity` is their cosine): hashed character trigrams of rule, target
 * and shapes (K. Weinberger et al., "Feature hashing for large scale multitask learning", ICML 2009, with signed hashes). The same on every machine.
 */
export function signatureVector({ rule, target, shapes }: Signature): Float32Array {
  const vector = new Float32Array(VECTOR_LENGTH);
  const parts: [string, number][] = [
    [`r:${rule}`, 2],
    ...target.split(' ').map((part): [string, number] => [`t:${part}`, 1]),
    ...shapes.map((shape): [string, number] => [`s:${shape}`, 2 / shapes.length]),
  ];
  for (const [part, weight] of parts) {
    const grams = trigrams(part);
    for (const gram of grams) {
      const hash = hash32(gram);
      const at = (hash >>> 1) % VECTOR_LENGTH;
      vector[at] = (vector[at] as number) + ((hash & 1) === 0 ? weight : -weight) / Math.sqrt(grams.length);
    }
  }
  const length = Math.hypot(...vector);
  return length === 0 ? vector : vector.map((value) => value / length);
}

/** The cosine of two unit vectors, from −1 to 1. */
export function similarity(one: Float32Array, other: Float32Array): number {
  let sum = 0;
  for (let at = 0; at < one.length; at += 1) sum += (one[at] as number) * (other[at] ?? 0);
  return sum;
}

/** All runs of three characters, the ends marked. */
export function trigrams(text: string): string[] {
  const marked = `\u0002${text}\u0003`;
  return Array.from({ length: Math.max(1, marked.length - 2) }, (_, at) => marked.slice(at, at + 3));
}

/** FNV-1a over UTF-16 units, with the finaliser of MurmurHash3: its low bits alone are too regular. */
export function hash32(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
