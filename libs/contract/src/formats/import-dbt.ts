import type { Tree } from '../yaml-tree.ts';
import type { Draft, DraftColumn } from './draft.ts';
import { foreignType } from './foreign-type.ts';
import { listOf, member, members, readImport, refuse, textOf, wordOf } from './import-source.ts';

/**
 * Reads one model, source table or seed of a dbt properties file as columns, with its constraints and dbt's own four tests;
 * `model` names it where the file describes several.
 */
export function importDbt(text: string, file: string, model?: string): Draft {
  const { root, source } = readImport(text, file);
  const tables = [
    ...['models', 'seeds', 'snapshots'].flatMap((kind) => listOf(member(root, kind))),
    ...listOf(member(root, 'sources')).flatMap((one) => listOf(member(one, 'tables'))),
  ];
  const names = tables.map((table) => textOf(member(table, 'name')) ?? '');
  const table = model === undefined ? tables[0] : tables[names.indexOf(model)];
  if (!table || (model === undefined && tables.length > 1))
    return refuse(
      source,
      root.at,
      tables.length === 0 ? 'the file describes no model' : `the file describes ${tables.length} models`,
      tables.length === 0 ? 'Import a properties file with models and columns.' : `Name one of them: ${names.slice(0, 20).join(', ')}.`,
    );
  const key = primaryKeyOf(table);
  const notes: string[] = [];
  for (const test of testsOf(table)) notes.push(`the test ${test.name} of the model is not carried`);
  const columns = listOf(member(table, 'columns')).map((column): DraftColumn => {
    const name = textOf(member(column, 'name')) ?? '';
    const written = wordOf(member(column, 'data_type'));
    const {
      type,
      options,
      codes: declared,
      notes: remarks,
    } = written === undefined
      ? { type: { kind: 'string' as const }, options: undefined, codes: undefined, notes: ['the model does not say the type (data_type): kept as text'] }
      : foreignType(written);
    const constraints = listOf(member(column, 'constraints')).map((one) => wordOf(member(one, 'type')));
    const tests = testsOf(column);
    const has = (test: string) => tests.some((one) => one.name === test);
    const accepted = tests.find((one) => one.name === 'accepted_values');
    const codes = listOf(member(accepted?.arguments, 'values')).flatMap((value) => wordOf(value) ?? []);
    const own = ['not_null', 'unique', 'accepted_values', 'relationships'];
    const relations = tests
      .filter((one) => one.name === 'relationships')
      .flatMap(({ arguments: given }) => {
        const to = /^(?:ref|source)\(.*?['"]([A-Za-z_]\w*)['"]\s*\)$/.exec(textOf(member(given, 'to')) ?? '')?.[1];
        const field = wordOf(member(given, 'field'));
        return to !== undefined && field !== undefined && /^[A-Za-z_]\w*$/.test(field) ? [`${to}.${field}`] : [];
      });
    return {
      name,
      type,
      required: constraints.includes('not_null') || has('not_null'),
      unique: (constraints.includes('unique') || has('unique')) && !(key.length === 1 && key[0] === name) && isScalarKind(type.kind),
      keyPosition: key.includes(name) && isScalarKind(type.kind) ? key.indexOf(name) + 1 : undefined,
      description: textOf(member(column, 'description')),
      classification: classOf(column),
      options,
      codes: declared ?? [...new Set(codes)],
      references: relations,
      notes: [
        ...remarks,
        ...tests.filter((test) => !own.includes(test.name)).map((test) => `the test ${test.name} is not carried`),
        ...constraints.filter((one) => one === 'check' || one === 'custom').map((one) => `a constraint of type ${one} is not carried`),
      ],
    };
  });
  return { name: textOf(member(table, 'name')) ?? 'model', description: textOf(member(table, 'description')), columns, notes };
}

export function isScalarKind(kind: string): boolean {
  return kind !== 'struct' && kind !== 'list' && kind !== 'map';
}

function primaryKeyOf(table: Tree): string[] {
  const whole = listOf(member(table, 'constraints')).find((one) => wordOf(member(one, 'type')) === 'primary_key');
  if (whole) return listOf(member(whole, 'columns')).flatMap((one) => wordOf(one) ?? []);
  return listOf(member(table, 'columns')).flatMap((column) =>
    listOf(member(column, 'constraints')).some((one) => wordOf(member(one, 'type')) === 'primary_key') ? (textOf(member(column, 'name')) ?? []) : [],
  );
}

/** Tests by name, with their arguments: `tests` until dbt 1.7, `data_tests` since; `arguments` since 1.10. */
function testsOf(owner: Tree): { name: string; arguments: Tree | undefined }[] {
  return [...listOf(member(owner, 'data_tests')), ...listOf(member(owner, 'tests'))].flatMap((test): { name: string; arguments: Tree | undefined }[] => {
    if (test.kind === 'scalar') return [{ name: test.text, arguments: undefined }];
    const [first] = members(test);
    return first ? [{ name: first[0], arguments: member(first[1], 'arguments') ?? first[1] }] : [];
  });
}

function classOf(column: Tree): string | undefined {
  const meta = member(member(column, 'config'), 'meta') ?? member(column, 'meta');
  const word = textOf(member(meta, 'classification'));
  return word !== undefined && ['public', 'internal', 'confidential', 'restricted'].includes(word) ? word : undefined;
}
