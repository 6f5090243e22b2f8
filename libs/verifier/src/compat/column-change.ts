import { primaryKey, type Property, type Reference } from '@skein/contract';
import type { Change, Showing, Versions } from './change.ts';
import { quoted } from './change.ts';
import type { ContractRuleId } from './contract-rule.ts';
import { optionChanges } from './option-change.ts';
import { promotes, typeChanges } from './type-change.ts';

const CLASSES = ['public', 'internal', 'confidential', 'restricted'];

/** A column on both sides: under its old name, or under a new one with the same id. */
interface Match {
  readonly old: Property;
  readonly next: Property;
}

/**
 * The columns' changes. Columns are told apart by id, as the stored table does: one id under two names is a rename. What has
 * no partner by id is matched by name, and is then another column under the same name.
 */
export function columnChanges(versions: Versions, today: string | undefined): Change[] {
  const { old, next } = versions;
  const changes: Change[] = [];
  const matches: Match[] = [];
  const taken = new Set<Property>();
  for (const before of old.properties) {
    const after = next.properties.find((property) => property.id === before.id) ?? undefined;
    if (!after) continue;
    taken.add(after);
    matches.push({ old: before, next: after });
  }
  for (const before of old.properties) {
    if (matches.some((match) => match.old === before)) continue;
    const after = next.properties.find((property) => property.name === before.name && !taken.has(property));
    if (!after) {
      changes.push(removal(before, today));
      continue;
    }
    taken.add(after);
    matches.push({ old: before, next: after });
    changes.push(
      of(
        'column.id_changed',
        before,
        after,
        `the id ${quoted(before.id)} became ${quoted(after.id)}`,
        words('snapshots written before show null in the column'),
      ),
    );
  }
  for (const after of next.properties) {
    if (taken.has(after)) continue;
    changes.push(of(after.required ? 'column.added_required' : 'column.added', undefined, after, `${after.logicalType} column`, row(undefined, after)));
  }
  for (const match of matches) {
    // A column that stood there before carries values of its own: only a new one can be the alias of another.
    const alias = next.properties.find((property) => property.name === match.old.name && property !== match.next && !taken.has(property));
    changes.push(...matchChanges(match, alias, versions));
  }
  const order = (list: readonly Property[], side: 'old' | 'next') => list.filter((one) => matches.some((match) => match[side] === one));
  const oldOrder = order(old.properties, 'old').map((one) => matches.find((match) => match.old === one)?.next);
  if (order(next.properties, 'next').some((one, at) => one !== oldOrder[at]))
    changes.push({
      rule: 'column.reordered',
      subject: 'columns',
      detail: 'the order of the columns changed',
      show: words('SELECT * yields the columns in another order'),
    });
  return [...changes, ...keyChanges(versions)];
}

/** What of a vector became another; to say what was left open is no change. */
function vectorChange({ options: { vector: old } }: Property, { options: { vector: next } }: Property): string | undefined {
  if (old === undefined || next === undefined) return undefined;
  const parts = ['elementType', 'distanceMetric', 'embeddingModel', 'embeddingModelVersion', 'normalized'] as const;
  const changed = parts.filter((part) => old[part] !== undefined && old[part] !== next[part]);
  return changed.length === 0 ? undefined : changed.map((part) => `${part} from ${old[part]} to ${next[part] ?? 'none'}`).join(', ');
}

function removal(before: Property, today: string | undefined): Change {
  const until = before.deprecation?.removeAfter;
  const reads = words(`SELECT ${JSON.stringify(before.name)} fails`);
  if (until === undefined || today === undefined) return of('column.removed', before, undefined, 'is gone', before.required ? row(before, undefined) : reads);
  if (today > until) return of('column.removed_after_notice', before, undefined, `was announced to go after ${until}`, reads);
  return of('column.removed_early', before, undefined, `was promised until ${until}, and it is ${today}`, before.required ? row(before, undefined) : reads);
}

function matchChanges({ old, next }: Match, alias: Property | undefined, versions: Versions): Change[] {
  const changes: Change[] = [];
  const add = (rule: ContractRuleId, detail: string, show: Showing = row(old, next)) => void changes.push(of(rule, old, next, detail, show));
  if (old.name !== next.name) {
    if (alias && (typeChanges(old.type, alias.type).length === 0 || promotes(old.type, alias.type))) {
      add('column.renamed_with_alias', `became ${next.name}`, words('both names can be read'));
      if (next.required) changes.push(of('column.added_required', undefined, next, `what is written as ${old.name} alone lacks it`, row(undefined, next)));
      // Who goes on by the old name has the alias: what it promises otherwise is a change of that column.
      changes.push(...promiseChanges({ old, next: alias }, versions));
    } else add('column.renamed', `became ${next.name}`);
  }
  return [...changes, ...promiseChanges({ old, next }, versions), ...wordChanges({ old, next })];
}

/** What a column promises of its values, to whom, and what it may be joined with. */
function promiseChanges({ old, next }: Match, versions: Versions): Change[] {
  const changes: Change[] = [];
  const add = (rule: ContractRuleId, detail: string, show: Showing = row(old, next)) => void changes.push(of(rule, old, next, detail, show));
  const types = typeChanges(old.type, next.type);
  for (const { rule, path, detail } of types)
    changes.push({ ...of(rule, old, next, detail, row(old, next)), subject: [`column ${old.name}`, ...path].join(', ') });
  if (types.length === 0 && old.logicalType !== next.logicalType)
    add('type.logical_changed', `${old.logicalType} became ${next.logicalType}`, words('no value is judged otherwise'));
  if (old.required !== next.required) add(next.required ? 'required.added' : 'required.removed', next.required ? 'null is refused' : 'null is accepted');
  // Bounds and codes of another kind of value say nothing about each other.
  if (!types.some((change) => change.rule === 'type.changed' && change.path.length === 0)) {
    for (const { rule, detail } of optionChanges(old.type, next.type, old.options, next.options)) add(rule, detail);
  }
  const vector = vectorChange(old, next);
  if (vector !== undefined) add('vector.changed', vector, words('no distance between an old and a new vector means anything'));
  if (old.unique !== next.unique && !(soleKey(versions.old.properties, old) || soleKey(versions.next.properties, next)))
    add(next.unique ? 'unique.added' : 'unique.removed', next.unique ? 'two rows may not share a value' : 'two rows may share a value', {
      by: 'rows',
      same: [old.name],
      apart: [],
    });
  changes.push(...referenceChanges(old, next));
  const [before, after] = [CLASSES.indexOf(old.classification), CLASSES.indexOf(next.classification)];
  if (before !== after)
    add(
      after < before ? 'classification.lowered' : 'classification.raised',
      `${old.classification} became ${next.classification}`,
      words(after < before ? 'whoever was shown a mask, or nothing, is shown the value' : 'whoever was shown the value is shown a mask, or nothing'),
    );
  if (old.joinKey !== next.joinKey)
    add(
      old.joinKey === undefined ? 'join_key.added' : next.joinKey === undefined ? 'join_key.removed' : 'join_key.changed',
      `${quoted(old.joinKey)} became ${quoted(next.joinKey)}`,
      words('the rows are the same; what they may be joined with is not'),
    );
  if (old.semanticType !== next.semanticType && !(old.semanticType === undefined || next.semanticType === undefined))
    add('semantics.changed', `${quoted(old.semanticType)} became ${quoted(next.semanticType)}`, words('the rows are the same; their meaning is not'));
  return changes;
}

/** What is said of a column, and changes none of its values. */
function wordChanges({ old, next }: Match): Change[] {
  const changes: Change[] = [];
  const add = (rule: ContractRuleId, detail: string, show: Showing) => void changes.push(of(rule, old, next, detail, show));
  if (old.semanticType !== next.semanticType && (old.semanticType === undefined || next.semanticType === undefined))
    add('docs.changed', `the semantic type ${quoted(old.semanticType)} became ${quoted(next.semanticType)}`, words('no value is judged otherwise'));
  changes.push(...noticeChanges(old, next));
  if (old.description !== next.description || JSON.stringify(old.examples, text) !== JSON.stringify(next.examples, text))
    add('docs.changed', 'description or examples', words('no value is judged otherwise'));
  return changes;
}

function text(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value;
}

function noticeChanges(old: Property, next: Property): Change[] {
  const [before, after] = [old.deprecation, next.deprecation];
  const show = words('no value is judged otherwise');
  if (!before && !after) return [];
  if (!before)
    return [of('column.deprecated', old, next, after?.removeAfter === undefined ? 'to be removed some day' : `to be removed after ${after.removeAfter}`, show)];
  if (!after) return [of('column.undeprecated', old, next, 'stays', show)];
  const [was, is] = [before.removeAfter ?? '9999-12-31', after.removeAfter ?? '9999-12-31'];
  if (was === is) return [];
  return [
    of(
      is < was ? 'column.deprecation_shortened' : 'column.deprecation_extended',
      old,
      next,
      `from ${before.removeAfter ?? 'no day'} to ${after.removeAfter ?? 'no day'}`,
      show,
    ),
  ];
}

function referenceChanges(old: Property, next: Property): Change[] {
  const key = (reference: Reference) => `${reference.product}.${reference.column}`;
  const [before, after] = [old.references.map(key), next.references.map(key)];
  const about = (verb: string, target: string) => words(`no single row shows it: a value that ${target} lacks ${verb}`);
  return [
    ...next.references
      .filter((one) => !before.includes(key(one)))
      .map((one) => ({ ...of('reference.added', old, next, `must be found in ${key(one)}`, about('is refused now', key(one))), next: one.place })),
    ...old.references
      .filter((one) => !after.includes(key(one)))
      .map((one) => ({ ...of('reference.removed', old, next, `need not be found in ${key(one)}`, about('is accepted now', key(one))), old: one.place })),
  ];
}

function soleKey(properties: readonly Property[], property: Property): boolean {
  return property.keyPosition !== undefined && properties.filter((one) => one.keyPosition !== undefined).length === 1;
}

/** Keys are compared by the ids of their columns: a rename changes none. */
function keyChanges({ old, next }: Versions): Change[] {
  const [before, after] = [primaryKey(old), primaryKey(next)];
  const partner = (property: Property) => next.properties.find((one) => one.id === property.id) ?? next.properties.find((one) => one.name === property.name);
  const was = before.map((property) => partner(property)?.name ?? `${property.name} (removed)`);
  const is = after.map((property) => property.name);
  const names = (list: readonly Property[]) => list.map((property) => property.name);
  const detail = `from (${names(before).join(', ')}) to (${names(after).join(', ')})`;
  const places = { ...(before[0] ? { old: before[0].place } : {}), ...(after[0] ? { next: after[0].place } : {}) };
  const change = (rule: ContractRuleId, show: Showing): Change[] => [{ rule, subject: 'primary key', detail, ...places, show }];
  if (was.length === 0 && is.length === 0) return [];
  const gone = was.filter((name) => !is.includes(name));
  const come = is.filter((name) => !was.includes(name));
  if (was.length === 0) return change('key.added', { by: 'rows', same: names(after), apart: [] });
  if (is.length === 0) return change('key.removed', { by: 'rows', same: names(before), apart: [] });
  if (gone.length === 0 && come.length === 0) return was.join('\0') === is.join('\0') ? [] : change('key.reordered', words('the same rows are told apart'));
  if (come.length === 0)
    return change('key.narrowed', { by: 'rows', same: is, apart: names(before.filter((property) => !is.includes(partner(property)?.name ?? ''))) });
  if (gone.length === 0) return change('key.widened', { by: 'rows', same: names(before), apart: come });
  return change('key.changed', {
    by: 'rows',
    same: is.filter((name) => old.properties.some((one) => one.name === name)),
    apart: names(before).filter((name) => !is.includes(name)),
  });
}

function of(rule: ContractRuleId, old: Property | undefined, next: Property | undefined, detail: string, show: Showing): Change {
  const subject = `column ${old?.name ?? next?.name ?? ''}`;
  return { rule, subject, detail, ...(old ? { old: old.place } : {}), ...(next ? { next: next.place } : {}), show };
}

function row(old: Property | undefined, next: Property | undefined): Showing {
  return { by: 'row', old, next };
}

function words(text: string): Showing {
  return { by: 'words', words: text };
}
