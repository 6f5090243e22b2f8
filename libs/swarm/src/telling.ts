import type { Proposer, ProposerRun } from '@skein/ports';
import type { DataProduct } from '@skein/product';
import type { Candidate } from './candidate.ts';
import type { ModelUse } from './model.ts';
import type { SwarmEvent } from './report.ts';
import { sayable } from './sayable.ts';

/** What a run tells of gaps, and the model that it asks about them. */
export class Telling {
  readonly #emit: (event: SwarmEvent) => void;
  readonly #proposer: Proposer | undefined;
  readonly #model: ProposerRun | undefined;

  constructor(emit: (event: SwarmEvent) => void, proposer: Proposer | undefined) {
    this.#emit = emit;
    this.#proposer = proposer;
    this.#model = proposer?.begin();
  }

  /** What became of the gaps of a product. */
  made({ id, contract }: DataProduct, { mended, takenBack, persisting }: Pick<Candidate, 'mended' | 'takenBack' | 'persisting'>): void {
    const [domain = ''] = id.split('.');
    const place = (column: string, rule: string, why: string) => {
      const property = contract.properties.find(({ name }) => name === column);
      return { domain, product: id, column, rule, why: property === undefined ? why : sayable(property, why) };
    };
    for (const { gap, pattern, why, tried } of takenBack) {
      const at = place(gap.property.name, gap.gap.signature.rule, why);
      this.#emit({ verb: 'took-back', ...at, values: tried, pattern: pattern.id, category: pattern.category });
    }
    for (const { column, rule, cells, pattern, why } of mended) {
      this.#emit({ verb: 'repaired', ...place(column, rule, why), cells, pattern: pattern.id, category: pattern.category });
    }
    for (const { gap, why } of persisting) this.#emit({ verb: 'escalated', ...place(gap.property.name, gap.gap.signature.rule, why), cells: gap.gap.cells });
  }

  /** The model, for the gaps of one product; undefined where nobody is asked. */
  modelFor({ id }: DataProduct): ModelUse | undefined {
    const [run, proposer] = [this.#model, this.#proposer];
    if (run === undefined || proposer === undefined) return undefined;
    const [domain = ''] = id.split('.');
    return {
      run,
      tellsValues: proposer.tellsValues,
      heard: ({ property, gap }, outcome, why) =>
        this.#emit({ verb: 'asked', domain, product: id, column: property.name, rule: gap.signature.rule, outcome, why: sayable(property, why), ...run.spent }),
    };
  }
}
