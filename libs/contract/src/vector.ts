import { quote } from './check-shape.ts';
import { parsePhysicalType, PhysicalTypeError, type PhysicalType } from './column-type.ts';
import type { ColumnType, Vector } from './contract.ts';
import { booleanAt, mapAt, numberAt, offsetOf, textAt, type Reading } from './reading.ts';
import type { TreeMap } from './yaml-tree.ts';

/** More dimensions than any model has; what is above is a slip of the pen. */
const MOST_DIMENSIONS = 65_536;

/** Inclusive range of the elements that are whole numbers; the others need only be finite. */
const RANGES: Readonly<Record<string, readonly [minimum: number, maximum: number]>> = { int8: [-128, 127], uint8: [0, 255], binary: [0, 1] };

/** The range that each element of a vector keeps, where its type is narrower than the column's. */
export function vectorRange(vector: Vector): readonly [minimum: number, maximum: number] | undefined {
  return RANGES[vector.elementType];
}

/**
 * What holds the elements exactly: halves stand in a float of 32 bits, whole numbers in an integer of 32. Where `elementType` is
 * silent, a physical type of doubles speaks, else it is float32.
 */
export function vectorElement(property: TreeMap, physical: PhysicalType | undefined): { readonly name: Vector['elementType']; readonly type: ColumnType } {
  const options = mapAt(property, 'logicalTypeOptions');
  const doubles = physical?.type.kind === 'list' && physical.type.element.kind === 'float' && physical.type.element.bits === 64;
  const name = ((options && textAt(options, 'elementType')) ?? (doubles ? 'float64' : 'float32')) as Vector['elementType'];
  if (Object.hasOwn(RANGES, name)) return { name, type: { kind: 'int', bits: 32 } };
  return { name, type: { kind: 'float', bits: name === 'float64' ? 64 : 32 } };
}

/** The options of a vector; undefined, with a fault, where its length is not said. */
export function readVector(property: TreeMap, elements: ColumnType, reading: Reading): Vector | undefined {
  const options = mapAt(property, 'logicalTypeOptions');
  const written = options && numberAt(options, 'dimensions');
  const dimensions = Number(written);
  if (!options || written === undefined) {
    reading.invalid('dimensions', offsetOf(property, 'logicalType'), 'a vector does not say how long it is', 'Add logicalTypeOptions: { dimensions: 384 }.');
    return undefined;
  }
  if (dimensions > MOST_DIMENSIONS) {
    reading.invalid(
      'dimensions',
      offsetOf(options, 'dimensions'),
      `dimensions is ${written}, at most ${MOST_DIMENSIONS} are read`,
      'Write the length that the model gives.',
    );
    return undefined;
  }
  const said = (name: 'embeddingModel' | 'embeddingModelVersion' | 'distanceMetric') => {
    const value = textAt(options, name);
    return value === undefined ? {} : { [name]: value };
  };
  return {
    dimensions,
    elementType:
      (textAt(options, 'elementType') as Vector['elementType'] | undefined) ?? (elements.kind === 'float' && elements.bits === 64 ? 'float64' : 'float32'),
    normalized: booleanAt(options, 'normalized') === true,
    ...said('distanceMetric'),
    ...said('embeddingModel'),
    ...said('embeddingModelVersion'),
  };
}

/**
 * A physical type of a vector: `FLOAT[384]`, `FLOAT[]`, or `VECTOR(384)`, which says a length and leaves the elements to the
 * logical side (`undefined`). A length must be the one that `dimensions` says. Throws PhysicalTypeError.
 */
export function vectorPhysicalType(property: TreeMap, written: string): PhysicalType | undefined {
  const named = /^\s*(?:HALFVEC|VECTOR)\s*\(\s*([0-9]{1,9})\s*\)\s*$/i.exec(written);
  const sized = named ? undefined : /^([^[\]]{1,64})\[\s*([0-9]{1,9})\s*\]\s*$/.exec(written);
  const length = named?.[1] ?? sized?.[2];
  const options = mapAt(property, 'logicalTypeOptions');
  const dimensions = options && numberAt(options, 'dimensions');
  if (length !== undefined && dimensions !== undefined && Number(length) !== Number(dimensions))
    throw new PhysicalTypeError(`it is ${length} long, and dimensions is ${quote(dimensions)}`);
  return named ? undefined : parsePhysicalType(sized ? `${sized[1]}[]` : written);
}
