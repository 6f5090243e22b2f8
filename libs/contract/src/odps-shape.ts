import { any, boolean, either, list, map, matching, oneOf, text, type Shape } from './shape.ts';
import { TEXT_FORMATS } from './text-format.ts';

/**
 * The Open Data Product Standard as a table: the union of what its versions 0.9.0, 1.0.0 and 1.1.0 allow. Names and nesting
 * follow https://github.com/bitol-io/open-data-product-standard/tree/main/schema. It is not ODCS in other words: its ids are
 * free text, its links are URIs, and a support channel needs its address.
 */

export const ODPS_VERSIONS = ['v0.9.0', 'v1.0.0', 'v1.1.0'] as const;

const uri = matching(new RegExp(TEXT_FORMATS['uri'] as string), 'https://example.org/path');
const date = matching(new RegExp(TEXT_FORMATS['date'] as string), '2026-01-31');
const moment = matching(new RegExp(TEXT_FORMATS['date-time'] as string), '2026-01-31T12:00:00Z');

const tags = list(text);
const customProperties = list(map('custom property', { id: text, property: text, value: any, description: text, vendor: text }, ['property', 'value']));
const authoritativeDefinitions = list(map('authoritative definition', { id: text, type: text, url: uri, description: text }, ['type', 'url']));
const documented = { tags, customProperties, authoritativeDefinitions };
const synonyms = list(map('synonym', { id: text, synonym: text, description: text, locale: text, source: text, status: text, customProperties }, ['synonym']));
const constraint = map('constraint', { id: text, constraint: text, ...documented }, ['constraint']);
const question = map('verified statement', { id: text, question: text, answer: text, ...documented }, ['question']);
const context = map('context', { instructions: text, verifiedStatements: list(question), constraints: list(constraint) });

const inputPort = map('input port', { deprecated: boolean, id: text, name: text, version: text, contractId: text, ...documented }, ['name']);
const outputPort = map(
  'output port',
  {
    deprecated: boolean,
    id: text,
    name: text,
    description: text,
    type: text,
    version: text,
    contractId: text,
    sbom: list(map('SBOM', { id: text, type: text, url: uri })),
    inputContracts: list(map('input contract', { id: text, version: text }, ['id', 'version'])),
    synonyms,
    context,
    ...documented,
  },
  ['name'],
);
const managementPort = map(
  'management port',
  { deprecated: boolean, id: text, name: text, content: text, type: text, url: uri, channel: text, description: text, ...documented },
  ['name', 'content'],
);
const support = map('support channel', { id: text, channel: text, url: uri, description: text, tool: text, scope: text, invitationUrl: uri, ...documented }, [
  'channel',
  'url',
]);
const member = map(
  'team member',
  { id: text, username: text, name: text, description: text, role: text, dateIn: date, dateOut: date, replacedByUsername: text, ...documented },
  ['username'],
);

/** The whole document. */
export const ODPS: Shape = map(
  'data product',
  {
    apiVersion: oneOf(...ODPS_VERSIONS),
    kind: oneOf('DataProduct'),
    id: text,
    name: text,
    deprecated: boolean,
    synonyms,
    version: text,
    status: text,
    domain: text,
    type: text,
    context,
    tenant: text,
    description: map('description', { purpose: text, limitations: text, usage: text, authoritativeDefinitions, customProperties }),
    inputPorts: list(inputPort),
    outputPorts: list(outputPort),
    managementPorts: list(managementPort),
    support: list(support),
    // Version 0.9.0 wrote the members alone.
    team: either(map('team', { name: text, description: text, members: list(member), ...documented }), list(member)),
    productCreatedTs: moment,
    ...documented,
  },
  ['apiVersion', 'kind', 'id'],
);
