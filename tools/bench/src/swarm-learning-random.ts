/** Park and Miller's generator ("Random number generators: good ones are hard to find", CACM 31(10), 1988), as a number in [0, 1). */
export function random(seed: number): () => number {
  let state = (seed % 2_147_483_646) + 1;
  return () => {
    state = (state * 16_807) % 2_147_483_647;
    return (state - 1) / 2_147_483_646;
  };
}
