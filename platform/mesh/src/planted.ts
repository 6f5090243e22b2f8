import type { Planted, PlantedOutcome } from '@skein/demo';
import { snapshotScan, type RunReport, type SwarmAdapters } from '@skein/swarm';

/** What was put into the demo sources beside what the swarms found of it. */
export interface PlantedLine {
  readonly product: string;
  readonly faults: readonly string[];
  readonly expected: PlantedOutcome;
  readonly rule: string;
  readonly planted: number;
  readonly found: number;
  /** Of those found, values put right: by the step, or by the swarm's agents. */
  readonly repaired: number;
  /** Of the agents' repairs, those that are not what was meant. */
  readonly wrong: number;
  /** Of those found, what nothing could close. */
  readonly escalated: number;
}

/** A cell that the swarm's agents repaired. */
export interface RepairedCell {
  readonly product: string;
  readonly rule: string;
  readonly value: string;
  readonly repaired: string | null;
}

/** What agents repaired in the live versions of products, from their feedback datasets. */
export async function repairedCells({ engine, store }: SwarmAdapters, reports: readonly RunReport[]): Promise<RepairedCell[]> {
  const healed = reports.flatMap(({ products }) => products.filter(({ repaired }) => Object.keys(repaired).length > 0));
  const cells: RepairedCell[] = [];
  if (healed.length === 0) return cells;
  const session = await engine.open();
  try {
    for (const { product } of healed) {
      const [domain = '', name = ''] = product.split('.');
      const snapshot = await store.current({ domain, name: `${name}_feedback`, major: 1 });
      if (snapshot) {
        cells.push(
          ...(await session.rows<RepairedCell>(
            `SELECT product, rule, value, repaired_value AS repaired FROM (${snapshotScan(snapshot)}) WHERE outcome = 'repaired'`,
          )),
        );
      }
    }
    return cells;
  } finally {
    await session.close();
  }
}

/** Faults that one rule finds are counted together, because the rule cannot tell them apart. */
export function comparePlanted(planted: Planted, reports: readonly RunReport[], cells: readonly RepairedCell[] = []): PlantedLine[] {
  const products = new Map(reports.flatMap((report) => report.products.map((product) => [product.product, product] as const)));
  const lines = new Map<string, PlantedLine>();
  for (const [fault, { count, expected, product, rule = '', meant = {} }] of Object.entries(planted)) {
    if (expected === 'accepted' || count === 0) continue;
    const key = JSON.stringify([product, expected, expected === 'deduplicated' ? '' : rule]);
    const known = lines.get(key);
    const report = products.get(product);
    const found = foundOf(report, expected, rule);
    const right = cells.filter(
      (cell) => cell.product === product && cell.rule === rule && Object.hasOwn(meant, cell.value) && meant[cell.value] === cell.repaired,
    );
    lines.set(key, {
      product,
      faults: [...(known?.faults ?? []), fault],
      expected,
      rule,
      planted: (known?.planted ?? 0) + count,
      found,
      repaired: expected === 'repaired' || expected === 'healed' ? found : 0,
      wrong: expected === 'healed' ? found - right.length : 0,
      escalated: expected === 'refused' ? (report?.escalated[rule] ?? 0) : 0,
    });
  }
  return [...lines.values()].sort((a, b) => (a.product < b.product ? -1 : a.product > b.product ? 1 : a.expected < b.expected ? -1 : 1));
}

function foundOf(report: RunReport['products'][number] | undefined, expected: PlantedOutcome, rule: string): number {
  if (expected === 'refused') return report?.violations[rule] ?? 0;
  if (expected === 'repaired') return report?.repairs[rule] ?? 0;
  return expected === 'healed' ? (report?.repaired[rule] ?? 0) : (report?.duplicates ?? 0);
}
