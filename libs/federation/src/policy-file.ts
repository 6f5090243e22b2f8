import { readYaml, throwFaults, type Contract, type Fault, type Tree, type TreeMap, type TreeScalar, type YamlText } from '@skein/contract';
import { sha256, SkeinError } from '@skein/kernel';
import { constantOf, isScalar } from './constant.ts';
import { KNOWN_CLASSES, ROW_OPERATORS, type Grant, type Mask, type Policy, type RowCondition, type RowOperator } from './policy.ts';

const NAME = /^[a-z][a-z0-9_]{0,62}$/;
const MASKS: readonly Mask[] = ['pseudonym', 'redact', 'null'];
const MAX_VALUES = 1_000;

/**
 * Reads a policy file:
 *
 * ```yaml
 * version: 1
 * owners: [steward]                 # roles that may push new versions of the contract; silent: nobody
 * approvals: 2                     # persons who must approve a review; silent: 1
 * grants:
 *   - roles: [analyst]
 *     purposes: [planning]            # silent: any purpose, and none
 *     columns:
 *       allow: [public, internal]     # classes shown as they are
 *       mask: { confidential: pseudonym }
 *       deny: [net_price]             # columns or classes never shown
 *     rows:                           # all must hold
 *       - { column: plant, operator: in, claim: plants }
 *       - { column: country, operator: equals, value: DE }
 * ```
 *
 * Throws SKEIN_POLICY_INVALID with the first fault's place and frame; `context.faults` lists all of them.
 */
export function readPolicy(text: string, file: string, contract: Contract): Policy {
  const read = parse(text, file);
  const reader = new PolicyReader(
    read.source,
    contract,
    read.faults.map((fault) => ({ ...fault, code: 'SKEIN_POLICY_INVALID' as const })),
  );
  const { grants, owners, approvals } = reader.document(read.root);
  throwFaults(reader.faults);
  return { product: contract.product, file, owners, approvals, grants, hash: sha256(text) };
}

function parse(text: string, file: string): ReturnType<typeof readYaml> {
  try {
    return readYaml(text, file);
  } catch (error) {
    if (!(error instanceof SkeinError)) throw error;
    throw new SkeinError('SKEIN_POLICY_INVALID', error.message.replace('the contract', 'the policy'), {
      ...(error.place ? { place: error.place } : {}),
      ...(error.frame === undefined ? {} : { frame: error.frame }),
      context: { rule: 'yaml' },
      cause: error,
    });
  }
}

class PolicyReader {
  readonly faults: Fault[];
  readonly #source: YamlText;
  readonly #contract: Contract;
  readonly #classes: ReadonlySet<string>;
  readonly #columns: ReadonlySet<string>;

  constructor(source: YamlText, contract: Contract, faults: Fault[]) {
    this.#source = source;
    this.#contract = contract;
    this.faults = faults;
    this.#columns = new Set(contract.properties.map((property) => property.name));
    this.#classes = new Set([...KNOWN_CLASSES, ...contract.properties.map((property) => property.classification)]);
  }

  document(root: Tree): Pick<Policy, 'owners' | 'approvals' | 'grants'> {
    const map = this.#map(root, 'policy', ['version', 'owners', 'approvals', 'grants']);
    if (!map) return { owners: [], approvals: 1, grants: [] };
    const version = map.entries.get('version')?.node;
    if (version?.kind !== 'scalar' || version.text !== '1')
      this.#fault('version', version?.at ?? map.at, 'the version of the policy format must be 1', 'Write version: 1.');
    const owners = map.entries.has('owners') ? this.#names(map, 'owners', 'role', true) : [];
    const wanted = map.entries.get('approvals')?.node;
    const approvals = wanted === undefined ? '1' : wanted.kind === 'scalar' ? wanted.text : '';
    if (approvals !== '1' && approvals !== '2')
      this.#fault('approvals', wanted?.at ?? map.at, 'approvals must be 1 or 2', 'Write approvals: 2 where two persons must approve a review.');
    return { owners, approvals: approvals === '2' ? 2 : 1, grants: this.#list(map, 'grants', true).flatMap((item) => this.#grant(item) ?? []) };
  }

  #grant(node: Tree): Grant | undefined {
    const map = this.#map(node, 'grants', ['roles', 'purposes', 'columns', 'rows']);
    if (!map) return undefined;
    const roles = this.#names(map, 'roles', 'role', true);
    const purposes = map.entries.has('purposes') ? this.#names(map, 'purposes', 'purpose', true) : undefined;
    const columnsNode = map.entries.get('columns')?.node;
    if (!columnsNode) this.#fault('grants.columns', map.at, 'the grant does not say which columns it shows', 'Write columns: { allow: [public] }.');
    const columns = columnsNode ? this.#map(columnsNode, 'grants.columns', ['allow', 'mask', 'deny']) : undefined;
    const allow = columns ? this.#list(columns, 'allow').flatMap((item) => this.#class(item, 'grants.columns.allow') ?? []) : [];
    const mask = columns ? this.#mask(columns, allow) : {};
    const deny = columns ? this.#list(columns, 'deny').flatMap((item) => this.#denied(item) ?? []) : [];
    const rows = this.#list(map, 'rows').flatMap((item) => this.#condition(item) ?? []);
    return { roles, purposes, allow, mask, deny, rows, place: this.#source.place(map.at) };
  }

  #mask(columns: TreeMap, allow: readonly string[]): Record<string, Mask> {
    const node = columns.entries.get('mask')?.node;
    const result: Record<string, Mask> = {};
    if (!node) return result;
    if (node.kind !== 'map') {
      this.#fault('grants.columns.mask', node.at, 'mask must map classes to masks', 'Write mask: { confidential: pseudonym }.');
      return result;
    }
    for (const [name, entry] of node.entries) {
      if (!this.#classes.has(name)) this.#fault('grants.columns.mask', entry.at, `${JSON.stringify(name)} is no class of the contract`, this.#classHint());
      else if (allow.includes(name)) this.#fault('grants.columns.mask', entry.at, `the class ${name} is both allowed and masked`, 'Keep one of the two.');
      const mask =
        entry.node.kind === 'scalar'
          ? MASKS.find((known) => known === (entry.node as TreeScalar).text || (known === 'null' && (entry.node as TreeScalar).value === null))
          : undefined;
      if (!mask) this.#fault('grants.columns.mask', entry.node.at, `${this.#shown(entry.node)} is no mask`, `Use one of ${MASKS.join(', ')}.`);
      else result[name] = mask;
    }
    return result;
  }

  #denied(node: Tree): string | undefined {
    const name = this.#text(node, 'grants.columns.deny');
    if (name === undefined) return undefined;
    const isColumn = this.#columns.has(name);
    const isClass = this.#classes.has(name);
    if (isColumn && isClass)
      this.#fault('grants.columns.deny', node.at, `${name} is a column and a class`, 'Rename the class, or leave it out of allow and mask.');
    if (!isColumn && !isClass)
      this.#fault(
        'grants.columns.deny',
        node.at,
        `${JSON.stringify(name)} is neither a column nor a class of ${this.#contract.product}`,
        `Columns: ${[...this.#columns].join(', ')}.`,
      );
    return name;
  }

  #condition(node: Tree): RowCondition | undefined {
    const map = this.#map(node, 'grants.rows', ['column', 'operator', 'value', 'claim']);
    if (!map) return undefined;
    const column = this.#required(map, 'column', 'grants.rows');
    const operatorText = this.#required(map, 'operator', 'grants.rows');
    if (column === undefined || operatorText === undefined) return undefined;
    const property = this.#contract.properties.find((candidate) => candidate.name === column);
    if (!property)
      return this.#fault(
        'grants.rows.column',
        map.entries.get('column')?.node.at ?? map.at,
        `${JSON.stringify(column)} is no column of ${this.#contract.product}`,
        `Columns: ${[...this.#columns].join(', ')}.`,
      );
    if (!isScalar(property.type))
      return this.#fault(
        'grants.rows.column',
        map.entries.get('column')?.node.at ?? map.at,
        `rows cannot be chosen by ${column}, which is of logicalType ${property.logicalType}`,
        'Choose rows by a column of a plain type.',
      );
    const operator = ROW_OPERATORS.find((known) => known === operatorText);
    if (!operator)
      return this.#fault(
        'grants.rows.operator',
        map.entries.get('operator')?.node.at ?? map.at,
        `${JSON.stringify(operatorText)} is no operator`,
        `Use one of ${ROW_OPERATORS.join(', ')}.`,
      );
    const operand = this.#operand(map, operator, property.type, column);
    return operand === 'faulty' ? undefined : { column, type: property.type, operator, operand, place: this.#source.place(map.at) };
  }

  #operand(map: TreeMap, operator: RowOperator, type: RowCondition['type'], column: string): RowCondition['operand'] | 'faulty' {
    const value = map.entries.get('value')?.node;
    const claim = map.entries.get('claim')?.node;
    const faulty = (at: number, message: string, fix: string): 'faulty' => {
      this.#fault('grants.rows.value', at, message, fix);
      return 'faulty';
    };
    if (operator === 'isNull' || operator === 'isNotNull')
      return value || claim ? faulty(map.at, `${operator} takes no value`, 'Remove value and claim.') : undefined;
    if ((value === undefined) === (claim === undefined)) return faulty(map.at, `${operator} takes a value or a claim`, 'Write either value or claim.');
    if (claim) {
      const name = this.#text(claim, 'grants.rows.claim');
      return name === undefined ? 'faulty' : { claim: name };
    }
    const many = operator === 'in' || operator === 'notIn';
    const node = value as Tree;
    if (many !== (node.kind === 'list'))
      return faulty(node.at, many ? `${operator} takes a list` : `${operator} takes one value`, many ? 'Write value: [a, b].' : 'Write value: a.');
    const items = node.kind === 'list' ? node.items : [node];
    if (items.length > MAX_VALUES) return faulty(node.at, `${items.length} values are too many; ${MAX_VALUES} are allowed`, 'Choose rows by a coarser column.');
    const constants = items.map((item) => (item.kind === 'scalar' && item.value !== null ? constantOf(type, item.text) : undefined));
    const wrong = constants.indexOf(undefined);
    const at = items[wrong];
    if (at)
      return faulty(
        at.at,
        `${this.#shown(at)} is no value of the column ${column}`,
        'Write a value of the type that the contract gives the column; for NULL use isNull.',
      );
    return { constants: constants as string[] };
  }

  #names(map: TreeMap, key: string, kind: string, needed: boolean): string[] {
    const items = this.#list(map, key, needed);
    if (needed && items.length === 0 && map.entries.get(key)?.node.kind === 'list')
      this.#fault(`grants.${key}`, map.entries.get(key)?.at ?? map.at, `${key} is empty`, `Name at least one ${kind}.`);
    return items.flatMap((item) => {
      const name = this.#text(item, `grants.${key}`);
      if (name !== undefined && !NAME.test(name))
        this.#fault(`grants.${key}`, item.at, `${kind} name ${JSON.stringify(name)} is not allowed`, 'Use a name that matches ^[a-z][a-z0-9_]{0,62}$.');
      return name ?? [];
    });
  }

  #class(node: Tree, rule: string): string | undefined {
    const name = this.#text(node, rule);
    if (name !== undefined && !this.#classes.has(name)) this.#fault(rule, node.at, `${JSON.stringify(name)} is no class of the contract`, this.#classHint());
    return name;
  }

  #classHint(): string {
    return `Use one of ${[...this.#classes].join(', ')}.`;
  }

  #required(map: TreeMap, key: string, rule: string): string | undefined {
    const node = map.entries.get(key)?.node;
    if (node) return this.#text(node, `${rule}.${key}`);
    return this.#fault(`${rule}.${key}`, map.at, `${key} is missing`, `Write ${key}.`);
  }

  #map(node: Tree, rule: string, allowed: readonly string[]): TreeMap | undefined {
    if (node.kind !== 'map')
      return this.#fault(rule, node.at, `${this.#shown(node)} stands where a map with ${allowed.join(', ')} is expected`, 'Write a map.');
    for (const [key, entry] of node.entries)
      if (!allowed.includes(key)) this.#fault(rule, entry.at, `${JSON.stringify(key)} is not known here`, `Known: ${allowed.join(', ')}.`);
    return node;
  }

  #list(map: TreeMap, key: string, needed = false): readonly Tree[] {
    const entry = map.entries.get(key);
    if (!entry) {
      if (needed) this.#fault(key, map.at, `${key} is missing`, `Write ${key}: [ … ].`);
      return [];
    }
    if (entry.node.kind === 'list') return entry.node.items;
    this.#fault(key, entry.node.at, `${key} must be a list`, `Write ${key}: [ … ].`);
    return [];
  }

  #text(node: Tree, rule: string): string | undefined {
    if (node.kind === 'scalar' && node.text !== '') return node.text;
    return this.#fault(rule, node.at, `${this.#shown(node)} stands where a word is expected`, 'Write one word.');
  }

  #shown(node: Tree): string {
    return node.kind === 'scalar' ? JSON.stringify(node.text) : `a ${node.kind}`;
  }

  #fault(rule: string, at: number, message: string, fix: string): undefined {
    this.faults.push(this.#source.fault('SKEIN_POLICY_INVALID', rule, at, message, fix));
    return undefined;
  }
}
