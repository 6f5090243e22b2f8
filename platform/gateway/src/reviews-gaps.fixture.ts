import { composeCatalog, readPolicy } from '@skein/federation';
import { readContract } from '@skein/contract';
import { signatureOf, type Gap } from '@skein/pattern';
import type { EscalatedGap } from '@skein/swarm';

const contractText = (name: string): string => `apiVersion: v3.1.0
kind: DataContract
id: shop-${name}
version: 1.0.0
status: active
domain: shop
schema:
  - name: ${name}
    logicalType: object
    properties:
      - { name: id, logicalType: integer, physicalType: INTEGER, required: true, classification: public }
      - { name: day, logicalType: date, classification: public }
      - { name: code, logicalType: string, logicalTypeOptions: { pattern: "^[A-Z]{2}-[0-9]{4}$" }, classification: public }
      - { name: secret, logicalType: date, classification: restricted }
      - { name: mail, logicalType: string, classification: public }
`;
const policyText = (more: string): string => `version: 1
owners: [steward, second]
${more}
grants:
  - roles: [analyst, steward, second]
    columns: { allow: [public] }
`;

export const orders = readContract(contractText('orders'), 'contracts/shop/orders/v1/contract.odcs.yaml');
/** Two persons must approve what concerns it. */
export const ledger = readContract(contractText('ledger'), 'contracts/shop/ledger/v1/contract.odcs.yaml');

export const policies = [orders, ledger].map((contract) =>
  readPolicy(policyText(contract === ledger ? 'approvals: 2' : ''), contract.file.replace('contract.odcs', 'policy'), contract),
);
export const catalog = composeCatalog([orders, ledger], policies);

/** A gap of a column, its rule being that it cannot be read. */
export function gapOf(
  column: string,
  values: readonly string[],
  { product = 'shop.orders', rule = 'type', message = `${column} cannot be read` } = {},
): EscalatedGap {
  const contract = product === 'shop.ledger' ? ledger : orders;
  const property = contract.properties.find(({ name }) => name === column);
  if (!property) throw new Error(`no column ${column}`);
  const counted = values.map((value) => ({ value, count: 1 }));
  const gap: Gap = { context: { domain: 'shop', product, column }, signature: signatureOf(rule, property, counted), cells: values.length, values: counted };
  const rows = values.slice(0, 20).map((value, at) => ({ id: String(at), day: null, code: null, secret: null, mail: null, [column]: value }));
  return { gap, message, rows };
}

/** Days that may be read in two ways. */
export const AMBIGUOUS = ['03/04/2025', '05/06/2025', '07/08/2025', '01/02/2025', '11/12/2024'];
