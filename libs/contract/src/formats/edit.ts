import { isMap, isScalar, isSeq, parseDocument, Scalar, type Node } from 'yaml';
import { SkeinError } from '@skein/kernel';

/**
 * The text of a YAML document with the value at `path` set, and everything else as it was: where a plain value takes the place of
 * another, not a byte beside it changes; else comments, order and the kind of line ends are kept and white space may be normalised. In a list, a part of
 * the path is a position, or `key=value` for the entry that has it. Throws SKEIN_USAGE where the path leads nowhere, and
 * SKEIN_CONTRACT_SYNTAX where the text is no YAML.
 */
export function setInDocument(text: string, file: string, path: string | readonly string[], value: unknown): string {
  const document = parseDocument(text, { keepSourceTokens: true, intAsBigInt: true });
  const [broken] = document.errors;
  if (broken) {
    const [start] = broken.linePos ?? [];
    throw new SkeinError('SKEIN_CONTRACT_SYNTAX', broken.message.split('\n')[0] ?? broken.code, {
      place: { file, ...(start ? { line: start.line, column: start.col } : {}) },
    });
  }
  const keys: (string | number)[] = [];
  let node: unknown = document.contents;
  const parts = typeof path === 'string' ? splitPath(path) : path;
  for (const [index, part] of parts.entries()) {
    if (isSeq(node)) {
      const position = positionOf(node.items, part);
      if (position === undefined) throw nowhere(file, parts, index, `the list has no entry ${JSON.stringify(part)}`);
      keys.push(position);
      node = node.items[position];
    } else if (isMap(node)) {
      keys.push(part);
      const pair = node.items.find((one) => isScalar(one.key) && String(one.key.value) === part);
      if (!pair && index < parts.length - 1) throw nowhere(file, parts, index, `there is no ${JSON.stringify(part)}`);
      node = pair?.value;
    } else throw nowhere(file, parts, index, 'a single value has no parts');
  }
  if (keys.length === 0)
    throw new SkeinError('SKEIN_USAGE', 'the path is empty', { hint: 'Write a path such as schema.0.properties.name=amount.description.' });

  const before = node as Node | undefined;
  const plain =
    isScalar(before) &&
    (before.type === 'PLAIN' || before.type === 'QUOTE_DOUBLE' || before.type === 'QUOTE_SINGLE') &&
    before.source !== '' &&
    !before.anchor &&
    !before.tag;
  if (plain && before.range && (value === null || typeof value !== 'object')) {
    for (const quoting of [undefined, 'QUOTE_DOUBLE'] as const) {
      const spliced = text.slice(0, before.range[0]) + scalarText(before, value, quoting) + text.slice(before.range[1]);
      // What would be read otherwise where it stands (a comma in a flow list, say) is quoted, or written by the long way.
      const again = parseDocument(spliced, { intAsBigInt: true });
      if (again.errors.length === 0 && sameValue(again.getIn(keys), value)) return spliced;
    }
  }
  document.setIn(keys, isScalar(before) && (value === null || typeof value !== 'object') ? keepComments(before, value) : document.createNode(value));
  const made = document.toString({ lineWidth: 0 });
  return /\r\n/.test(text) && !/(?<!\r)\n/.test(text) ? made.replaceAll('\n', '\r\n') : made;
}

/** `schema.0.properties.name=amount.description`; a dot within a part is written `\.`. */
export function splitPath(path: string): string[] {
  return path
    .split(/(?<!\\)\./)
    .map((part) => part.replaceAll('\\.', '.'))
    .filter((part) => part !== '');
}

function positionOf(items: readonly unknown[], part: string): number | undefined {
  if (/^\d{1,6}$/.test(part)) return Number(part) < items.length ? Number(part) : undefined;
  const [key = '', ...rest] = part.split('=');
  const found = items.findIndex((item) => isMap(item) && String(item.get(key)) === rest.join('='));
  return found < 0 ? undefined : found;
}

function scalarText(before: Scalar, value: unknown, quoting: Scalar.Type | undefined): string {
  const node = new Scalar(value);
  const type = quoting ?? (before.type === 'QUOTE_SINGLE' || before.type === 'QUOTE_DOUBLE' ? before.type : undefined);
  if (typeof value === 'string' && type !== undefined && !(type === 'QUOTE_SINGLE' && /\p{Cc}/u.test(value))) node.type = type;
  const document = parseDocument('');
  document.contents = node as never;
  return document.toString({ lineWidth: 0 }).trimEnd();
}

function keepComments(before: Scalar, value: unknown): Scalar {
  const node = new Scalar(value);
  if (before.comment != null) node.comment = before.comment;
  if (before.commentBefore != null) node.commentBefore = before.commentBefore;
  if (before.spaceBefore) node.spaceBefore = true;
  return node;
}

function sameValue(found: unknown, value: unknown): boolean {
  return found === value || (typeof found === 'bigint' && typeof value === 'number' && found === BigInt(Math.trunc(value)) && Number.isInteger(value));
}

function nowhere(file: string, parts: readonly string[], index: number, why: string): SkeinError {
  return new SkeinError('SKEIN_USAGE', `${parts.slice(0, index + 1).join('.')} leads nowhere in ${file}: ${why}`, {
    hint: 'In a list, write a position from 0 on, or key=value for the entry that has it.',
  });
}
