import { sha256 } from '@skein/kernel';
import type { Agreement } from './agreement.ts';
import type { Licence, Listing } from './listing.ts';
import type { PricingPlan } from './plan.ts';
import type { Terms } from './terms.ts';

/** Context of the Dataspace Protocol 2025-1, in whose shapes listings and agreements can be written. */
const CONTEXT = ['https://w3id.org/dspace/2025/1/context.jsonld'];

export interface DcatOptions {
  /** Address of the gateway that serves the data. */
  readonly endpoint: string;
}

/** A listing as a dcat:Dataset with one ODRL offer. Plain JSON. */
export function dcatDataset(listing: Listing, plan: PricingPlan, { endpoint }: DcatOptions): Readonly<Record<string, unknown>> {
  return {
    '@context': CONTEXT,
    '@id': urn(`listing ${listing.id}`),
    '@type': 'Dataset',
    title: listing.title,
    description: listing.description,
    hasPolicy: [{ '@id': urn(`offer ${listing.id}`), '@type': 'Offer', ...rules(listing.licence, { ...listing.terms, plan }, undefined) }],
    distribution: [
      {
        '@type': 'Distribution',
        format: 'HttpData-PULL',
        accessService: { '@id': urn(`service ${endpoint}`), '@type': 'DataService', endpointURL: endpoint },
      },
    ],
  };
}

/** A finalised agreement as a ContractAgreementMessage. Plain JSON. */
export function agreementMessage(agreement: Agreement, listing: Listing, validTo: number | undefined): Readonly<Record<string, unknown>> {
  return {
    '@context': CONTEXT,
    '@type': 'ContractAgreementMessage',
    providerPid: urn(`provider ${agreement.id}`),
    consumerPid: urn(`consumer ${agreement.id}`),
    agreement: {
      '@id': urn(`agreement ${agreement.id}`),
      '@type': 'Agreement',
      target: urn(`listing ${listing.id}`),
      timestamp: new Date(agreement.requestedAt).toISOString(),
      assigner: urn(`party ${listing.by}`),
      assignee: urn(`party ${agreement.consumer}`),
      ...rules(listing.licence, agreement.terms, validTo),
    },
  };
}

function rules({ purposes }: Licence, { plan, quota }: Terms, validTo: number | undefined): Readonly<Record<string, unknown>> {
  const constraint = [
    ...(purposes.length === 0 ? [] : [{ leftOperand: 'purpose', operator: 'isAnyOf', rightOperand: [...purposes] }]),
    ...(quota === undefined ? [] : [{ leftOperand: 'count', operator: 'lteq', rightOperand: String(quota) }]),
    ...(validTo === undefined ? [] : [{ leftOperand: 'dateTime', operator: 'lt', rightOperand: new Date(validTo).toISOString() }]),
    { leftOperand: 'payAmount', operator: 'eq', rightOperand: `${plan.price} ${plan.currency} ${plan.unit}` },
  ];
  return { permission: [{ action: 'use', constraint }], prohibition: [{ action: 'distribute' }] };
}

/** A name-based URN: the same thing has the same one. */
function urn(name: string): string {
  const hex = sha256(name);
  return `urn:uuid:${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
