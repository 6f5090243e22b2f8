import { patternId, signatureKey, type Gap } from '@skein/pattern';
import type { EngineSession, LandingStore, PatternBoard } from '@skein/ports';
import type { BronzeTable, Domain, FieldProfile, Landing, Source } from '@skein/product';
import { landingsOf } from '../bronze.ts';
import { profileLanded } from '../landing/profile.ts';
import { originsOf, type Derived, type Origins } from '../origins.ts';
import { detectPersonal, masks, maskingSignature, type SourceColumn } from './masking.ts';

/** A column of a source that seems to hold personal data, and that nobody has decided on. */
export interface UndecidedColumn {
  readonly source: SourceColumn;
  /** Columns of products that are made of it. */
  readonly reaches: readonly Derived[];
}

export interface PersonalSearch {
  readonly domain: Domain;
  readonly landings: LandingStore;
  readonly session: () => Promise<EngineSession>;
  readonly board: PatternBoard | undefined;
}

/**
 * Looks through the profiles of the landings that count for columns of bronze tables that seem personal, where their contracts do not say so: no column made of
 * it is confidential or restricted, or, since lineage tells of whole columns only, not all made of the column that a field lies in are.
 */
export async function undecidedColumns({ domain, landings, session, board }: PersonalSearch, live: readonly Landing[]): Promise<UndecidedColumn[]> {
  const origins = originsOf(domain);
  const seen = new Map<string, { table: BronzeTable; field: FieldProfile; reaches: readonly Derived[] }>();
  for (const landing of live) {
    const tables = domain.bronze.filter((table) => landingsOf(table, [landing]).length > 0);
    const source = domain.sources.find(({ name }) => name === landing.source);
    if (tables.length === 0 || source === undefined) continue;
    const fields = await suspects({ domain, landings, session, board }, source, landing);
    for (const table of tables) {
      for (const field of fields) {
        const nested = source.shape === 'json';
        const root = nested ? rootOf(field.name) : field.name;
        const column = `${table.name}.${nested ? field.name : field.name.toLowerCase()}`;
        const known = seen.get(column);
        if (known) seen.set(column, { ...known, field: added(known.field, field) });
        else if (offers(table, root, origins, nested)) {
          const reaches = origins.of(table.name, root);
          if (!isClassified(reaches, root !== field.name)) seen.set(column, { table, field, reaches });
        }
      }
    }
  }
  return [...seen].flatMap(([column, { table, field, reaches }]) => {
    const source = sourceColumn(domain, table, column, field);
    return detectPersonal(source) === undefined || isDecided(board, source) ? [] : [{ source, reaches }];
  });
}

/** What a column that is seldom filled holds shows over many files only. */
function added(one: FieldProfile, other: FieldProfile): FieldProfile {
  const forms = { ...one.forms };
  for (const [form, count] of Object.entries(other.forms)) forms[form] = (forms[form] ?? 0) + count;
  return { ...one, texts: one.texts + other.texts, forms };
}

/** Landings never change: what was seen of one is kept, so that a run with nothing to do reads no profiles. */
const SEEN = new WeakMap<LandingStore, Map<string, readonly FieldProfile[]>>();

/** Fields of a landing of which some value has the form of personal data. */
async function suspects({ domain, landings, session }: PersonalSearch, source: Source, landing: Landing): Promise<readonly FieldProfile[]> {
  const seen = SEEN.get(landings) ?? new Map<string, readonly FieldProfile[]>();
  SEEN.set(landings, seen);
  const key = `${domain.name}/${landing.sequence}/${landing.sha256}`;
  const known = seen.get(key);
  if (known) return known;
  let profile = await landings.profileOf(domain.name, landing);
  if (profile === undefined) {
    profile = await profileLanded(await session(), landing.path, source.shape, landing.rows);
    await landings.keepProfile(domain.name, landing, profile);
  }
  const fields = profile.columns.filter(({ forms }) => Object.keys(forms).length > 0);
  seen.set(key, fields);
  return fields;
}

/** The column of the bronze table that a field of a record lies in. */
export function rootOf(name: string): string {
  return /^[^.[]+/.exec(name)?.[0] ?? name;
}

/** Whether the bronze table hands the column on; what it does not is in the landing alone. */
function offers(table: BronzeTable, root: string, origins: Origins, nested: boolean): boolean {
  if (!nested && table.columns !== undefined) return table.columns.some((name) => name.toLowerCase() === root.toLowerCase());
  return Object.hasOwn(table.lineage ?? {}, root) || origins.of(table.name, root).length > 0;
}

function isClassified(reaches: readonly Derived[], isPart: boolean): boolean {
  const classed = reaches.filter(({ classification }) => classification === 'confidential' || classification === 'restricted').length;
  return classed > 0 && (!isPart || classed === reaches.length);
}

function sourceColumn(domain: Domain, table: BronzeTable, column: string, { shapes, texts, forms }: FieldProfile): SourceColumn {
  const product = domain.products.find(({ step }) => step.from.includes(table.name))?.id ?? domain.name;
  // Shapes stand for values: nobody needs the values to decide, and they stay in the landing.
  const values: Gap['values'] = shapes.map(({ shape, share }) => ({ value: shape, count: Math.max(1, Math.round(share * texts)) }));
  return { context: { domain: domain.name, product, column }, values, profile: { texts, forms }, rows: [] };
}

function isDecided(board: PatternBoard | undefined, { context }: SourceColumn): boolean {
  if (board === undefined) return false;
  const signature = maskingSignature(context);
  if (board.lookup(signatureKey(signature)).some(({ category }) => category === 'masking')) return true;
  return masks().every(({ solutions }) =>
    solutions.every((solution) => board.rejection(patternId({ category: 'masking', signature, solution })) !== undefined),
  );
}
