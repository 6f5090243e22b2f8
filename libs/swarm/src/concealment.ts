import { shapeOf, type Pattern } from '@skein/pattern';
import type { EngineSession, LandingStore, PatternBoard } from '@skein/ports';
import type { DataProduct, Domain, Landing } from '@skein/product';
import { decidedMasks, maskedDomain, maskedTables } from './masks.ts';
import type { Inputs } from './provenance.ts';
import { undecidedColumns, type UndecidedColumn } from './review/personal-columns.ts';

/** What a run hides: what persons decided, in bronze, and what nobody has decided on yet, in what is shown. */
export interface Concealment {
  /** The domain, with bronze tables that hide what is to be hidden. */
  readonly domain: Domain;
  /** Masks that a product's rows went through, directly or by way of other products. */
  masksOf(product: DataProduct): readonly Pattern[];
  readonly undecided: readonly UndecidedColumn[];
  /** Columns of a product that undecided ones go into: they are shown as if they were restricted. */
  undecidedIn(product: string): ReadonlySet<string>;
  /** Lines that are no records may quote a hidden column anywhere: of those of a masked table, the shape alone goes on. */
  conceal(inputs: Inputs): Inputs;
}

export interface ConcealmentParts {
  readonly domain: Domain;
  readonly landings: LandingStore;
  readonly session: () => Promise<EngineSession>;
  readonly board: PatternBoard | undefined;
}

export async function concealmentOf({ domain, landings, session, board }: ConcealmentParts, live: readonly Landing[]): Promise<Concealment> {
  const masks = decidedMasks(domain, board);
  const undecided = await undecidedColumns({ domain, landings, session, board }, live);
  return concealment(domain, await maskedDomain(domain, masks, session), masks, undecided);
}

/** For making a snapshot again with the masks that it was made with. */
export async function concealedAgain(domain: Domain, masks: readonly Pattern[], session: () => Promise<EngineSession>): Promise<Concealment> {
  return concealment(domain, await maskedDomain(domain, masks, session), masks, []);
}

function concealment(plain: Domain, domain: Domain, masks: readonly Pattern[], undecided: readonly UndecidedColumn[]): Concealment {
  const tables = maskedTables(plain, masks);
  const readBy = ({ step }: DataProduct): readonly string[] =>
    step.from.flatMap((name) => {
      if (plain.bronze.some((table) => table.name === name)) return [name];
      const product = plain.products.find(({ id }) => id === `${plain.name}.${name}`);
      return product === undefined ? [] : readBy(product);
    });
  return {
    domain,
    undecided,
    masksOf(product) {
      const read = new Set(readBy(product));
      return masks.filter((mask) => [...maskedTables(plain, [mask])].some((table) => read.has(table)));
    },
    undecidedIn: (product) => new Set(undecided.flatMap(({ reaches }) => reaches.filter((one) => one.product === product).map(({ column }) => column))),
    conceal(inputs) {
      if (!inputs.bronze.some(({ name }) => tables.has(name))) return inputs;
      return { ...inputs, malformed: inputs.malformed.map((line) => ({ ...line, raw: shapeOf(line.raw) })) };
    },
  };
}
