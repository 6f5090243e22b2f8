import { canonicalJson, sha256 } from '@skein/kernel';
import { advise, quote } from './check-shape.ts';
import { readCompatibilityMode } from './compatibility-mode.ts';
import type { Contract, Property, ServiceLevel, Tolerance } from './contract.ts';
import { compareDecimal } from './exact.ts';
import { isDate } from './moment.ts';
import type { ReadOptions } from './document.ts';
import { throwFaults, type Fault } from './fault.ts';
import { inspectOdcs, readOdcs, type OdcsDocument } from './odcs.ts';
import { readDependencies } from './functional-dependency.ts';
import { readQuality } from './quality-rule.ts';
import { booleanAt, customAt, itemsAt, mapAt, mapsAt, nodeAt, numberAt, offsetOf, Reading, textAt } from './reading.ts';
import { readObjectReferences, readReferences } from './reference.ts';
import { resolveType } from './resolve-type.ts';
import { readTypeOptions } from './type-options.ts';
import { canonicalTree, exactNumber, plainTree, type TreeMap } from './yaml-tree.ts';

const NAME = /^[a-z][a-z0-9_]{0,62}$/;
const SEMVER = /^(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})(?:-[0-9A-Za-z.-]{1,64})?(?:\+[0-9A-Za-z.-]{1,64})?$/;
const LAYOUT = /(?:^|[\\/])([^\\/]+)[\\/]([^\\/]+)[\\/]v(\d+)[\\/]contract\.odcs\.yaml$/;
const CLASSES = ['public', 'internal', 'confidential', 'restricted'];

/**
 * Reads the contract of one output port: an ODCS document with one schema object, whose types resolve and whose options
 * do not contradict each other. Throws a SkeinError with place, frame and fix for the first fault; `context.faults` holds all.
 *
 * @param file as messages shall name it; where it follows `contracts/<domain>/<name>/v<major>/contract.odcs.yaml`, the
 * document must agree with it.
 * @param options values of the document's variables; the hash is of what they make of it.
 */
export function readContract(text: string, file: string, options: ReadOptions = {}): Contract {
  const document = readOdcs(text, file, options);
  const reading = new Reading(document.source);
  const contract = readDocument(document, file, reading);
  throwFaults(reading.faults);
  return contract as Contract;
}

/** What a look at a contract found: the faults of the standard and of Skein's reading apart, and the contract where there is none of either. */
export interface Inspection {
  readonly document: OdcsDocument;
  /** Where the document departs from ODCS. */
  readonly standard: readonly Fault[];
  /** What is sound ODCS, and yet contradicts itself or cannot be bound to one output port. */
  readonly meaning: readonly Fault[];
  readonly contract: Contract | undefined;
  /** As much of one schema object as could be read; for further looks only, since what is faulty is left out of it. */
  readonly partial: Contract | undefined;
}

/**
 * Looks at a contract and lists all of its faults, where `readContract` throws. Every schema object is looked at, also where
 * there is more than one. Throws only for what cannot be read at all (syntax, limits).
 */
export function inspectContract(text: string, file: string, options: ReadOptions = {}): Inspection {
  return inspectDocument(inspectOdcs(text, file, options), file);
}

export function inspectDocument(document: OdcsDocument, file: string): Inspection {
  const reading = new Reading(document.source);
  const contract = readDocument(document, file, reading);
  if (!contract) {
    const domain = textAt(document.root, 'domain') ?? '';
    for (const object of mapsAt(document.root, 'schema')) {
      const properties = readProperties(object, { domain, name: textAt(object, 'name') ?? '' }, reading);
      readQuality(object, undefined, new Set(properties.map((property) => property.name)), reading);
    }
  }
  // A field of the wrong shape is missing to the reading too: the fault of the standard says it better.
  const told = new Set(document.faults.map(({ place }) => `${place.line}:${place.column}`));
  const meaning = reading.faults.filter(({ place }) => !told.has(`${place.line}:${place.column}`));
  return { document, standard: document.faults, meaning, contract: document.faults.length + meaning.length === 0 ? contract : undefined, partial: contract };
}

function readDocument({ root }: OdcsDocument, file: string, reading: Reading): Contract | undefined {
  const domain = name(root, 'domain', 'a domain', reading);
  const version = textAt(root, 'version') ?? '';
  if (!SEMVER.test(version))
    reading.invalid('version', offsetOf(root, 'version'), `version ${quote(version)} is not a semantic version`, 'Write major.minor.patch, such as 1.0.0.');
  const objects = mapsAt(root, 'schema');
  const [object] = objects;
  if (!object || objects.length > 1) {
    reading.invalid(
      'schema',
      objects[1]?.at ?? offsetOf(root, 'schema'),
      `a contract of one output port has one schema object, this one has ${objects.length}`,
      'Write one contract for each output port.',
    );
    return undefined;
  }
  const own = { domain, name: name(object, 'name', 'a product', reading) };
  agreeWithPath(root, object, own, version, file, reading);
  const properties = readProperties(object, own, reading);
  const columns = new Set(properties.map((property) => property.name));
  return {
    apiVersion: textAt(root, 'apiVersion') ?? '',
    id: textAt(root, 'id') ?? '',
    version,
    status: textAt(root, 'status') ?? 'draft',
    product: `${own.domain}.${own.name}`,
    domain: own.domain,
    name: own.name,
    owner: readOwner(root),
    description: textAt(object, 'description') ?? purpose(root),
    properties,
    quality: readQuality(object, undefined, columns, reading),
    tolerance: readTolerance(object, reading),
    dependencies: readDependencies(object, properties, reading),
    serviceLevels: mapsAt(root, 'slaProperties').map((level) => readServiceLevel(level, reading)),
    ...readCompatibilityMode(root, reading),
    hash: sha256(canonicalJson(canonicalTree(root))),
    file,
  };
}

function name(map: TreeMap, field: string, what: string, reading: Reading): string {
  const value = textAt(map, field);
  if (value === undefined) reading.invalid(field, map.at, `the contract names no ${field}`, `Add ${field}: it is part of the product's address.`);
  else if (!NAME.test(value))
    reading.invalid(
      field,
      offsetOf(map, field),
      `${quote(value)} is no name for ${what}`,
      'Use lower-case letters, digits and _, a letter first, at most 63 characters.',
    );
  return value ?? '';
}

function agreeWithPath(root: TreeMap, object: TreeMap, own: { domain: string; name: string }, version: string, file: string, reading: Reading): void {
  const [, domain, product, major] = LAYOUT.exec(file) ?? [];
  if (domain === undefined || product === undefined || major === undefined) return;
  if (own.domain !== domain)
    reading.invalid(
      'domain',
      offsetOf(root, 'domain'),
      `the domain is ${quote(own.domain)}, the folder says ${quote(domain)}`,
      'Move the file, or change the domain.',
    );
  if (own.name !== product)
    reading.invalid(
      'schema.name',
      offsetOf(object, 'name'),
      `the schema object is ${quote(own.name)}, the folder says ${quote(product)}`,
      'Move the file, or change the name.',
    );
  if (version.split('.')[0] !== major)
    reading.invalid('version', offsetOf(root, 'version'), `version ${version} stands in the folder v${major}`, 'Each major version has a folder of its own.');
}

function readProperties(object: TreeMap, own: { domain: string; name: string }, reading: Reading): Property[] {
  const maps = mapsAt(object, 'properties');
  if (maps.length === 0)
    reading.invalid('schema.properties', offsetOf(object, 'properties'), 'the schema object has no properties', 'Add at least one property.');
  const names = new Set(maps.map((property) => textAt(property, 'name') ?? ''));
  const seen = { names: new Set<string>(), ids: new Set<string>(), positions: new Set<number>() };
  const related = readObjectReferences(object, own, names, reading);
  const properties = maps.flatMap((property) => {
    const read = readProperty(property, own, names, reading);
    const columnName = textAt(property, 'name') ?? '';
    // The engine compares identifiers without case.
    const folded = columnName.toLowerCase();
    if (seen.names.has(folded))
      reading.invalid(
        'schema.properties.name',
        offsetOf(property, 'name'),
        `a property ${quote(columnName)} stands already (names are compared without case)`,
        'Rename one of the two.',
      );
    seen.names.add(folded);
    if (!read) return [];
    if (seen.ids.has(read.id))
      reading.invalid(
        'schema.properties.id',
        offsetOf(property, 'id'),
        `the id ${quote(read.id)} belongs to another property`,
        'An id stays with its column for good; give this one its own.',
      );
    seen.ids.add(read.id);
    if (read.keyPosition !== undefined && numberAt(property, 'primaryKeyPosition') !== undefined) {
      if (seen.positions.has(read.keyPosition))
        reading.invalid(
          'primaryKeyPosition',
          offsetOf(property, 'primaryKeyPosition'),
          `position ${read.keyPosition} of the primary key is taken`,
          'Number the columns of the key 1, 2, 3.',
        );
      seen.positions.add(read.keyPosition);
    }
    return [{ ...read, references: [...read.references, ...(related.get(columnName) ?? [])] }];
  });
  return numberKey(properties);
}

/** Key columns without a position follow those that have one, in the order of the file; the key is then numbered from 1. */
function numberKey(properties: readonly Property[]): Property[] {
  const order = properties
    .filter((property) => property.keyPosition !== undefined)
    .sort((a, b) => (a.keyPosition ?? 0) - (b.keyPosition ?? 0))
    .map((property) => property.name);
  return properties.map((property) => (property.keyPosition === undefined ? property : { ...property, keyPosition: order.indexOf(property.name) + 1 }));
}

function readProperty(property: TreeMap, own: { domain: string; name: string }, columns: ReadonlySet<string>, reading: Reading): Property | undefined {
  const column = textAt(property, 'name') ?? '';
  if (!/^\p{L}/u.test(column) || /[\p{Cc}{}]/u.test(column) || column.length > 128) {
    reading.invalid(
      'schema.properties.name',
      offsetOf(property, 'name'),
      `${quote(column)} is no column name`,
      'Begin with a letter (names with _ first belong to Skein); no braces, no control characters, at most 128 characters.',
    );
  }
  const resolved = resolveType(property, reading);
  if (!resolved) return undefined;
  const isKey = booleanAt(property, 'primaryKey') === true;
  const position = numberAt(property, 'primaryKeyPosition');
  if (isKey && position !== undefined && Number(position) < 1)
    reading.invalid(
      'primaryKeyPosition',
      offsetOf(property, 'primaryKeyPosition'),
      `position ${position} of a key column is below 1`,
      'Number the columns of the key 1, 2, 3.',
    );
  if (!isKey && position !== undefined && Number(position) > 0)
    reading.invalid(
      'primaryKeyPosition',
      offsetOf(property, 'primaryKeyPosition'),
      `${quote(column)} has position ${position} in a key it is not part of`,
      'Add primaryKey: true, or remove the position.',
    );
  if ((isKey || booleanAt(property, 'unique') === true) && ['struct', 'list', 'map'].includes(resolved.type.kind)) {
    reading.unsupported('primaryKey', property.at, `${quote(column)} is nested, so it cannot be a key`, 'Make a key of single values.');
  }
  const classification = textAt(property, 'classification') ?? 'public';
  if (!CLASSES.includes(classification))
    reading.invalid('classification', offsetOf(property, 'classification'), `classification is ${quote(classification)}`, advise(classification, CLASSES));
  const joinKey = customAt(property, 'joinKey');
  if (joinKey && (joinKey.kind !== 'scalar' || typeof joinKey.value !== 'string' || !NAME.test(joinKey.value))) {
    reading.invalid('joinKey', joinKey.at, 'a join key is a name', 'Use lower-case letters, digits and _, such as material_number.');
  }
  return {
    name: column,
    id: textAt(property, 'id') ?? column,
    type: resolved.type,
    logicalType: resolved.logicalType,
    description: textAt(property, 'description'),
    required: booleanAt(property, 'required') === true || isKey,
    unique: booleanAt(property, 'unique') === true,
    keyPosition: isKey ? Math.max(1, Number(position ?? 1_000_000)) : undefined,
    classification,
    options: readTypeOptions(property, resolved, reading),
    quality: readQuality(property, resolved.type, columns, reading),
    references: readReferences(property, own, reading),
    joinKey: joinKey?.kind === 'scalar' && typeof joinKey.value === 'string' ? joinKey.value : undefined,
    examples: itemsAt(property, 'examples').map(plainTree),
    ...readNotice(property, columns, reading),
    place: reading.place(property.at),
  };
}

/** `semanticType`, and the notice of removal: `deprecated: true`, by the field or the custom property, and the custom properties `removeAfter: 2026-12-31`, `replacedBy: column`. */
function readNotice(property: TreeMap, columns: ReadonlySet<string>, reading: Reading): Pick<Property, 'semanticType' | 'deprecation'> {
  const semanticType = textAt(property, 'semanticType');
  const [flag, day, heir] = ['deprecated', 'removeAfter', 'replacedBy'].map((name) => customAt(property, name));
  const official = nodeAt(property, 'deprecated');
  const removeAfter = day?.kind === 'scalar' ? day.text : undefined;
  const replacedBy = heir?.kind === 'scalar' ? heir.text : undefined;
  if (day && (removeAfter === undefined || !isDate(removeAfter)))
    reading.invalid('removeAfter', day.at, 'removeAfter is no date', 'Write the last day on which the column is promised, such as 2026-12-31.');
  if (heir && (replacedBy === undefined || !columns.has(replacedBy)))
    reading.invalid('replacedBy', heir.at, `there is no property ${quote(replacedBy ?? heir.kind)}`, advise(replacedBy ?? '', [...columns]));
  if (flag && (flag.kind !== 'scalar' || typeof flag.value !== 'boolean'))
    reading.invalid('deprecated', flag.at, 'deprecated is neither true nor false', 'Write true, and removeAfter beside it.');
  if (flag?.kind === 'scalar' && official?.kind === 'scalar' && flag.value !== official.value)
    reading.invalid('deprecated', flag.at, `the custom property says ${flag.text}, deprecated says ${official.text}`, 'Remove the custom property.');
  const said = official ?? flag;
  const deprecated = said?.kind === 'scalar' && said.value === true;
  if (!deprecated && (day || heir) && !(said?.kind === 'scalar' && said.value === false))
    reading.invalid(
      'deprecated',
      (day ?? heir)?.at ?? property.at,
      'a removal is announced of a column that is not deprecated',
      'Add deprecated: true (before ODCS 3.2 the custom property of that name).',
    );
  return { ...(semanticType === undefined ? {} : { semanticType }), ...(deprecated ? { deprecation: { removeAfter, replacedBy } } : {}) };
}

function readTolerance(object: TreeMap, reading: Reading): Tolerance {
  const node = customAt(object, 'quarantineTolerance');
  if (!node) return { unit: 'rows', max: 0 };
  const written = node.kind === 'scalar' ? node.text.trim() : '';
  const match = /^([0-9.]+)\s*(%|percent|rows?)?$/.exec(written);
  const number = match?.[1] === undefined ? undefined : exactNumber(match[1]);
  const unit = match?.[2] === '%' || match?.[2] === 'percent' ? 'percent' : 'rows';
  if (number === undefined || (unit === 'rows' ? number.includes('.') || number.length > 15 : compareDecimal(number, '100') > 0)) {
    reading.invalid(
      'quarantineTolerance',
      node.at,
      `quarantineTolerance ${quote(written)} is no share and no number of rows`,
      'Write a share such as 1% (at most 100%), or a whole number of rows.',
    );
    return { unit: 'rows', max: 0 };
  }
  return { unit, max: Number(number) };
}

function readOwner(root: TreeMap): string | undefined {
  const team = mapAt(root, 'team');
  const members = team ? mapsAt(team, 'members') : mapsAt(root, 'team');
  const owner = members.find((member) => textAt(member, 'role')?.toLowerCase() === 'owner') ?? members[0];
  return (team && textAt(team, 'name')) ?? (owner && (textAt(owner, 'name') ?? textAt(owner, 'username')));
}

function purpose(root: TreeMap): string | undefined {
  const description = mapAt(root, 'description');
  return description && (textAt(description, 'purpose') ?? textAt(description, 'usage'));
}

function readServiceLevel(level: TreeMap, reading: Reading): ServiceLevel {
  const value = nodeAt(level, 'value');
  return {
    property: textAt(level, 'property') ?? '',
    value: value?.kind === 'scalar' ? (exactNumberOf(value.value, value.text) ?? value.text) : '',
    unit: textAt(level, 'unit'),
    element: textAt(level, 'element'),
    place: reading.place(level.at),
  };
}

function exactNumberOf(value: unknown, text: string): string | undefined {
  return typeof value === 'number' ? exactNumber(text) : undefined;
}
