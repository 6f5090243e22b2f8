import { asList, asNode, asText, isNode, lower, own, plainSlot, position, unlisted } from './gate-checks.ts';
import { NAMED_TYPES, TYPE_INFO, TYPES } from './gate-grammar.ts';
import type { Depth } from './gate-depth.ts';
import { refused } from './refusal.ts';
import { isRawNumber, type TreeNode, type TreeValue } from './syntax-tree.ts';

/** Halves of a HUGEINT, parts of an INTERVAL, and members of nested constants. */
const DATA_KEYS: ReadonlySet<string> = new Set(['upper', 'lower', 'months', 'days', 'micros', 'children', 'base64']);

/** A constant: its type is listed, and below it there is nothing but data. `node` is where it stands, for messages. */
export function checkConstant(value: TreeValue, node: TreeNode, depth: Depth): void {
  const constant = asNode(value, 'constant');
  for (const [key, member] of Object.entries(constant)) {
    if (key === 'type') checkType(member, node, depth);
    else if (key === 'is_null') plainSlot('flag', key, member, node, 'constant');
    else if (key === 'value') checkData(member, node, depth);
    else throw unlisted('a constant', key);
  }
}

function checkData(value: TreeValue, node: TreeNode, depth: Depth): void {
  if (value === null || typeof value !== 'object' || isRawNumber(value)) return;
  depth.enter();
  if (Array.isArray(value)) for (const item of value) checkData(item, node, depth);
  else if (isNode(value['type']) && typeof value['type']['id'] === 'string') checkConstant(value, node, depth);
  else {
    for (const [key, member] of Object.entries(value)) {
      if (!DATA_KEYS.has(key)) throw unlisted('a constant', key);
      checkData(member, node, depth);
    }
  }
  depth.leave();
}

/** A type: its id is listed, its parts are types, and a type by name is one of the two that the engine itself gives. */
export function checkType(value: TreeValue, node: TreeNode, depth: Depth): void {
  const type = asNode(value, 'type');
  for (const key of Object.keys(type)) if (key !== 'id' && key !== 'type_info') throw unlisted('a type', key);
  const id = asText(type['id'], 'type id');
  if (!TYPES.has(id)) throw refused('type', `type ${id} is not allowed`, position(node));
  const member = type['type_info'] ?? null;
  if (member === null) {
    if (id === 'UNBOUND') throw refused('type', 'a type has no name', position(node));
    return;
  }
  const info = asNode(member, 'type');
  const infoType = asText(info['type'], 'type');
  const slots = own(TYPE_INFO, infoType);
  if (slots === undefined || (id === 'UNBOUND') !== (infoType === 'UNBOUND_TYPE_INFO'))
    throw refused('type', `type ${String(info['alias'] || id)} is not allowed`, position(node));
  depth.enter();
  for (const [key, part] of Object.entries(info)) {
    if (key === 'type') continue;
    switch (own(slots, key)) {
      case 'type':
        checkType(part, node, depth);
        break;
      case 'typeList':
        for (const item of asList(part, 'type parts')) {
          const pair = asNode(item, 'type part');
          for (const name of Object.keys(pair)) if (name !== 'first' && name !== 'second') throw unlisted('a type', name);
          asText(pair['first'], 'type part');
          checkType(pair['second'] ?? null, node, depth);
        }
        break;
      case 'values':
        for (const item of asList(part, 'type modifiers')) checkConstant(item, node, depth);
        break;
      case 'typeName':
        if (!NAMED_TYPES.has(lower(asText(part, 'type name')))) throw refused('type', `type ${String(part)} is not allowed`, position(node));
        break;
      case 'number':
        plainSlot('number', key, part, node, 'type');
        break;
      case 'null':
        plainSlot('null', key, part, node, 'type');
        break;
      case 'empty':
        if (part !== '') throw refused('type', `type ${String(part)} is not allowed`, position(node));
        break;
      default:
        throw unlisted('a type', key);
    }
  }
  if (id === 'UNBOUND' && info['name'] === undefined) throw refused('type', 'a type has no name', position(node));
  depth.leave();
}
