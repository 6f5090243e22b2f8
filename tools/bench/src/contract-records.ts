import { readContract, toJsonSchema } from '@skein/contract';
import { lineValidator } from '@skein/verifier';
import { Ajv2019 } from 'ajv/dist/2019.js';
import type { BenchResult, Progress } from './bench.ts';
import { BENCH_CONTRACT } from './contract-batch.ts';

const RECORDS = 400_000;
const ROUNDS = 5;

/**
 * Lines of NDJSON to verdicts, against `JSON.parse` and ajv alone on the same lines (its own regular expressions, first error only);
 * records a second, the middle of five rounds in which the two take turns. About 1 record in 150 breaks a rule.
 */
export async function contractRecords(progress: Progress = () => undefined, records: number = RECORDS): Promise<BenchResult> {
  const contract = readContract(BENCH_CONTRACT, 'bench.yaml');
  const { $schema, $id, ...schema } = toJsonSchema(contract);
  const validate = new Ajv2019({ strict: false }).compile(schema);
  const judge = lineValidator(contract);
  progress(`writing ${records} lines`);
  const lines = Array.from({ length: records }, (_, index) => line(index));
  const [ours, alone]: [number[], number[]] = [[], []];
  let refused = 0;
  for (let round = 0; round <= ROUNDS; round++) {
    const start = performance.now();
    let bare = 0;
    for (const text of lines) if (!validate(JSON.parse(text))) bare++;
    const middle = performance.now();
    refused = 0;
    for (const text of lines) if (judge(text).length > 0) refused++;
    const end = performance.now();
    // Bounds of decimals have no keyword in JSON Schema: those records ajv lets pass.
    if (refused < bare || bare === 0) throw new Error(`${refused} records refused, ${bare} by ajv alone`);
    // The first round warms both.
    if (round > 0) {
      alone.push((records * 1_000) / (middle - start));
      ours.push((records * 1_000) / (end - middle));
    }
    progress(`round ${round} of ${ROUNDS}`);
  }
  const [figure, floor] = [median(ours), median(alone)];
  return { figure, floor, ratio: figure / floor, unit: 'records/s', records, refused };
}

/** One order, as `JSON.stringify` writes it; every field goes wrong now and then. */
function line(index: number): string {
  const h = Math.imul(index + 1, 2654435761) >>> 0;
  const or = <T>(prime: number, wrong: T, right: T): T => (h % prime === 0 ? wrong : right);
  return JSON.stringify({
    order_id: index + 1,
    customer: or(1013, 'X1', `C${String(h % 1_000_000).padStart(6, '0')}`),
    email: or(1019, 'nobody', `user${h % 700_000}@mail${h % 30}.example`),
    status: or(1021, 'lost', ['open', 'paid', 'sent', 'back'][h % 4] ?? 'open'),
    quantity: or(1031, 0, 1 + (h % 900)),
    price: or(1033, '-0.01', ((h % 5_000_000) / 100).toFixed(2)),
    currency: or<string | null>(1039, null, ['EUR', 'USD', 'JPY'][h % 3] ?? 'EUR'),
    country: h % 40 === 0 ? null : or(1049, 'de', ['DE', 'FR', 'US', 'JP'][h % 4] ?? 'DE'),
    plant: `P${h % 2_000}`,
  });
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
