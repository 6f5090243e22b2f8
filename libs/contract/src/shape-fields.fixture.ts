import { LOGICAL_TYPES } from './odcs-shape.ts';
import { SERVERS } from './odcs-server.ts';
import type { MapShape, Shape } from './shape.ts';

/** What decides a variant, each way: the values of its deciding fields. */
export const WAYS: Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>> = {
  server: [{ type: 'custom' }, ...Object.keys(SERVERS).map((type) => ({ type }))],
  'quality rule': [{ type: 'text' }, { type: 'library', metric: 'rowCount' }, { type: 'sql' }, { type: 'custom' }],
  property: LOGICAL_TYPES.map((logicalType) => ({ logicalType })),
  item: LOGICAL_TYPES.map((logicalType) => ({ logicalType })),
  'relationship of a schema object': [{ from: 'p.a' }, { from: null }],
};

export function chosen(shape: Shape & { is: 'variant' }, way: Readonly<Record<string, unknown>>): Shape {
  return shape.choose((name) => way[name]);
}

/** One step on the way from the document to a map: the field of a map, or the entry of a list. */
export type Step = { readonly in: MapShape; readonly field: string; readonly way: Readonly<Record<string, unknown>> } | 'entry';

export interface ShapeField {
  /** `<name of the map>.<field>` */
  readonly key: string;
  readonly map: MapShape;
  readonly field: string;
  readonly shape: Shape;
  readonly way: Readonly<Record<string, unknown>>;
  /** The steps from the document to the map. */
  readonly steps: readonly Step[];
}

/** Fields that every server has, told once, of a server of type custom. */
const EVERY_SERVER = ['id', 'server', 'type', 'description', 'environment', 'roles', 'customProperties'];

/** Every field of every map that a shape can reach, each once. */
export function shapeFields(root: Shape): ShapeField[] {
  const found = new Map<string, ShapeField>();
  const seen = new Set<string>();
  const queue: { shape: Shape; steps: readonly Step[]; way: Readonly<Record<string, unknown>> }[] = [{ shape: root, steps: [], way: {} }];
  for (let next = queue.shift(); next; next = queue.shift()) {
    const { shape, steps, way } = next;
    if (shape.is === 'lazy') queue.push({ shape: shape.to(), steps, way });
    if (shape.is === 'either') for (const one of shape.of) queue.push({ shape: one, steps, way });
    if (shape.is === 'list') queue.push({ shape: shape.of, steps: [...steps, 'entry'], way: {} });
    if (shape.is === 'variant') for (const each of WAYS[shape.name] ?? []) queue.push({ shape: chosen(shape, each), steps, way: each });
    if (shape.is !== 'map') continue;
    const visit = `${shape.name} ${JSON.stringify(way)}`;
    if (seen.has(visit)) continue;
    seen.add(visit);
    for (const [field, inner] of Object.entries(shape.fields)) {
      const key = `${shape.name}.${field}`;
      const told = shape.name.startsWith('server of type') && shape.name !== 'server of type custom' && EVERY_SERVER.includes(field);
      if (!told && !found.has(key)) found.set(key, { key, map: shape, field, shape: inner, way, steps });
      queue.push({ shape: inner, steps: [...steps, { in: shape, field, way }], way: {} });
    }
  }
  return [...found.values()];
}
