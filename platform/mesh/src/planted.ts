import type { Planted, PlantedOutcome } from '@skein/demo';
import type { RunReport } from '@skein/swarm';

/** What was put into the demo sources beside what the swarms found of it. */
export interface PlantedLine {
  readonly product: string;
  readonly faults: readonly string[];
  readonly expected: PlantedOutcome;
  readonly rule: string;
  readonly planted: number;
  readonly found: number;
}

/** Faults that one rule finds are counted together, because the rule cannot tell them apart. */
export function comparePlanted(planted: Planted, reports: readonly RunReport[]): PlantedLine[] {
  const products = new Map(reports.flatMap((report) => report.products.map((product) => [product.product, product] as const)));
  const lines = new Map<string, PlantedLine>();
  for (const [fault, { count, expected, product, rule = '' }] of Object.entries(planted)) {
    if (expected === 'accepted' || count === 0) continue;
    const key = JSON.stringify([product, expected, expected === 'deduplicated' ? '' : rule]);
    const known = lines.get(key);
    const report = products.get(product);
    const found = expected === 'refused' ? (report?.violations[rule] ?? 0) : expected === 'repaired' ? (report?.repairs[rule] ?? 0) : (report?.duplicates ?? 0);
    lines.set(key, { product, faults: [...(known?.faults ?? []), fault], expected, rule, planted: (known?.planted ?? 0) + count, found });
  }
  return [...lines.values()].sort((a, b) => (a.product < b.product ? -1 : a.product > b.product ? 1 : a.expected < b.expected ? -1 : 1));
}
