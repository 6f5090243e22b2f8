import { SkeinError } from '@skein/kernel';
import { decimalOf, describeType, type IcebergType, type NestedField, type WantedField, type WantedType } from './schema.ts';

/** What a table knows of its columns so far. For a new table: all empty, `lastColumnId` 0. */
export interface KnownColumns {
  /** Field ids of all columns the table has ever had, by key. */
  readonly ids: Readonly<Record<string, number>>;
  /** The newest form of each column, the dropped ones included, by field id. */
  readonly fields: ReadonlyMap<number, NestedField>;
  /** Field ids of the current schema. */
  readonly current: ReadonlySet<number>;
  readonly lastColumnId: number;
}

export const NO_COLUMNS: KnownColumns = { ids: {}, fields: new Map(), current: new Set(), lastColumnId: 0 };

export interface EvolvedColumns {
  readonly fields: readonly NestedField[];
  readonly ids: Readonly<Record<string, number>>;
  readonly lastColumnId: number;
}

/**
 * Field ids for the wanted columns, by the rules of schema evolution (Iceberg table spec v2, "Schema Evolution"):
 *
 * - a column is known by its key: a rename or a new position keeps the id;
 * - a new column, and each of its parts, takes the next id after the highest ever given; ids are never given twice;
 * - a column that comes back under its old key has its old id;
 * - int → long, float → double and a wider precision of a decimal keep the id; parts of structs are known by name;
 * - every other change of type is refused with SKEIN_SCHEMA_INCOMPATIBLE: it breaks consumers, so it needs a new major version;
 * - a column may become optional; what was once optional, or was added later, stays optional in the table, because older
 *   snapshots lack values (the contract still demands them of every new row).
 */
export function evolve(known: KnownColumns, wanted: readonly WantedField[]): EvolvedColumns {
  refuseDuplicates(wanted);
  const brandNew = known.lastColumnId === 0;
  let lastColumnId = known.lastColumnId;
  const next = (): number => (lastColumnId += 1);
  const ids: Record<string, number> = Object.assign(Object.create(null) as Record<string, number>, known.ids);

  const fields = wanted.map((column): NestedField => {
    const knownId = Object.hasOwn(known.ids, column.key) ? known.ids[column.key] : undefined;
    const before = knownId === undefined ? undefined : known.fields.get(knownId);
    if (before === undefined) {
      const id = next();
      ids[column.key] = id;
      return { id, name: column.name, required: column.required && brandNew, type: withIds(column.type, brandNew, next) };
    }
    const required = column.required && before.required && known.current.has(before.id);
    return { id: before.id, name: column.name, required, type: promote(column.name, before.type, column.type, next) };
  });
  return { fields, ids: { ...ids }, lastColumnId };
}

function refuseDuplicates(wanted: readonly WantedField[]): void {
  if (wanted.length === 0) throw new SkeinError('SKEIN_CONTRACT_INVALID', 'a table needs at least one column');
  const seen = new Map<string, string>();
  for (const column of wanted) {
    // engines fold case, so two names that differ only in case cannot both be columns
    for (const [what, text] of [
      ['name', column.name.toLowerCase()],
      ['id', column.key],
    ] as const) {
      if (seen.has(`${what} ${text}`))
        throw new SkeinError('SKEIN_CONTRACT_INVALID', `two columns have the ${what} ${JSON.stringify(text)}`, { context: { column: column.name } });
      seen.set(`${what} ${text}`, column.name);
    }
  }
}

function withIds(type: WantedType, brandNew: boolean, next: () => number): IcebergType {
  if (typeof type === 'string') return type;
  if (type.type === 'list') {
    const id = next();
    return { type: 'list', 'element-id': id, element: withIds(type.element, brandNew, next), 'element-required': false };
  }
  if (type.type === 'map') {
    const [keyId, valueId] = [next(), next()];
    return {
      type: 'map',
      'key-id': keyId,
      key: withIds(type.key, brandNew, next),
      'value-id': valueId,
      value: withIds(type.value, brandNew, next),
      'value-required': false,
    };
  }
  // ids of siblings first, then of what lies deeper
  const numbered = type.fields.map((field) => ({ id: next(), field }));
  return {
    type: 'struct',
    fields: numbered.map(({ id, field }) => ({ id, name: field.name, required: field.required && brandNew, type: withIds(field.type, brandNew, next) })),
  };
}

function promote(path: string, before: IcebergType, wanted: WantedType, next: () => number): IcebergType {
  if (typeof before === 'string' || typeof wanted === 'string') {
    if (typeof before === 'string' && typeof wanted === 'string' && promotable(before, wanted)) return wanted;
    throw incompatible(path, before, wanted);
  }
  if (before.type === 'struct' && wanted.type === 'struct') {
    const old = new Map(before.fields.map((field) => [field.name, field]));
    return {
      type: 'struct',
      fields: wanted.fields.map((field): NestedField => {
        const known = old.get(field.name);
        if (known === undefined) return { id: next(), name: field.name, required: false, type: withIds(field.type, false, next) };
        return {
          id: known.id,
          name: field.name,
          required: field.required && known.required,
          type: promote(`${path}.${field.name}`, known.type, field.type, next),
        };
      }),
    };
  }
  if (before.type === 'list' && wanted.type === 'list') return { ...before, element: promote(`${path}.element`, before.element, wanted.element, next) };
  if (before.type === 'map' && wanted.type === 'map') {
    return { ...before, key: promote(`${path}.key`, before.key, wanted.key, next), value: promote(`${path}.value`, before.value, wanted.value, next) };
  }
  throw incompatible(path, before, wanted);
}

function promotable(from: string, to: string): boolean {
  if (from === to || (from === 'int' && to === 'long') || (from === 'float' && to === 'double')) return true;
  const [a, b] = [decimalOf(from as IcebergType), decimalOf(to as IcebergType)];
  return a !== undefined && b !== undefined && a.scale === b.scale && b.precision >= a.precision;
}

function incompatible(path: string, from: IcebergType, to: WantedType): SkeinError {
  return new SkeinError('SKEIN_SCHEMA_INCOMPATIBLE', `column ${path} is stored as ${describeType(from)} and cannot become ${describeType(to)}`, {
    context: { column: path, from: describeType(from), to: describeType(to) },
  });
}
