import type { Place } from '@skein/kernel';
import { advise, quote } from './check-shape.ts';
import { documentFaults, openDocument, type OpenDocument, type ReadOptions } from './document.ts';
import { throwFaults, type Fault } from './fault.ts';
import { ODPS } from './odps-shape.ts';
import { booleanAt, mapsAt, offsetOf, Reading, textAt } from './reading.ts';
import type { TreeMap, YamlText } from './yaml-tree.ts';

/** A data product as the Open Data Product Standard describes it: what goes in, what comes out, and where it is managed. */
export interface DataProduct {
  readonly apiVersion: string;
  readonly id: string;
  readonly name: string | undefined;
  readonly version: string | undefined;
  readonly status: string | undefined;
  readonly domain: string | undefined;
  readonly deprecated: boolean;
  readonly inputPorts: readonly ProductPort[];
  readonly outputPorts: readonly OutputPort[];
  readonly managementPorts: readonly ManagementPort[];
  readonly file: string;
}

export interface ProductPort {
  readonly name: string;
  /** Version of the contract, and so of the port. */
  readonly version: string | undefined;
  readonly contractId: string | undefined;
  readonly deprecated: boolean;
  readonly place: Place;
}

export interface OutputPort extends ProductPort {
  readonly type: string | undefined;
  readonly description: string | undefined;
  /** The contracts that it is made from. */
  readonly inputContracts: readonly ContractKey[];
  readonly sbom: readonly string[];
}

export interface ManagementPort {
  readonly name: string;
  /** What it is for: discoverability, observability, control, dictionary, or a word of one's own. */
  readonly content: string;
  /** `rest` where silent. */
  readonly type: string;
  readonly url: string | undefined;
  readonly channel: string | undefined;
  readonly deprecated: boolean;
  readonly place: Place;
}

/** `id` and `version` of a data contract; a `Contract` is one. */
export interface ContractKey {
  readonly id: string;
  readonly version: string;
}

export interface OdpsOptions extends ReadOptions {
  /** The contracts that exist. Where they are given, what the ports name must be among them. */
  readonly contracts?: readonly ContractKey[];
}

/** A look at a product descriptor: the faults of the standard and of its meaning apart. */
export interface OdpsDocument {
  readonly root: TreeMap;
  readonly source: YamlText;
  readonly standard: readonly Fault[];
  /** Ports that stand twice, and contracts that nobody knows. */
  readonly meaning: readonly Fault[];
  readonly product: DataProduct;
}

/** Reads a product descriptor and lists its faults. Throws only for what cannot be read at all (syntax, limits, no map). */
export function inspectOdps(text: string, file: string, options: OdpsOptions = {}): OdpsDocument {
  return odpsDocument(openDocument(text, file, options), file, options);
}

export function odpsDocument(open: OpenDocument, file: string, { contracts }: OdpsOptions): OdpsDocument {
  const { root, source } = open;
  const reading = new Reading(source);
  for (const side of ['inputPorts', 'outputPorts', 'managementPorts']) uniquePorts(root, side, reading);
  if (contracts) knownContracts(root, contracts, reading);
  return { root, source, standard: documentFaults(open, ODPS), meaning: reading.faults, product: readProduct(root, file, reading) };
}

/** Reads a product descriptor, versions 0.9 to 1.1. Throws a SkeinError with the first fault; `context.faults` lists all. */
export function readOdps(text: string, file: string, options: OdpsOptions = {}): DataProduct {
  const { standard, meaning, product } = inspectOdps(text, file, options);
  throwFaults([...standard, ...meaning]);
  return product;
}

/** A port is known by its name and version together; a management port, which has no version, by its name. */
function uniquePorts(root: TreeMap, side: string, reading: Reading): void {
  const seen = new Set<string>();
  for (const port of mapsAt(root, side)) {
    const [name, version] = [textAt(port, 'name') ?? '', textAt(port, 'version')];
    const key = JSON.stringify([name, version]);
    if (seen.has(key))
      reading.invalid(
        `${side}.name`,
        offsetOf(port, 'name'),
        `a port ${quote(name)}${version === undefined ? '' : ` of version ${version}`} stands already`,
        side === 'managementPorts' ? 'Rename one of the two.' : 'Give each port its own name, or its own version.',
      );
    seen.add(key);
  }
}

function knownContracts(root: TreeMap, contracts: readonly ContractKey[], reading: Reading): void {
  for (const side of ['inputPorts', 'outputPorts']) {
    for (const port of mapsAt(root, side)) {
      known(port, 'contractId', side, contracts, reading);
      for (const input of mapsAt(port, 'inputContracts')) known(input, 'id', `${side}.inputContracts`, contracts, reading);
    }
  }
}

function known(map: TreeMap, field: 'contractId' | 'id', path: string, contracts: readonly ContractKey[], reading: Reading): void {
  const [id, version] = [textAt(map, field), textAt(map, 'version')];
  if (id === undefined) return;
  const versions = contracts.filter((contract) => contract.id === id).map((contract) => contract.version);
  if (versions.length === 0)
    reading.invalid(
      `${path}.${field}`,
      offsetOf(map, field),
      `there is no contract ${quote(id)}`,
      contracts.length === 0 ? 'Give the contract beside the product.' : adviseId(id, contracts),
    );
  else if (version !== undefined && !versions.some((one) => plainVersion(one) === plainVersion(version)))
    reading.invalid(
      `${path}.version`,
      offsetOf(map, 'version'),
      `the contract ${quote(id)} has no version ${quote(version)}`,
      `It has ${versions.slice(0, 8).join(', ')}.`,
    );
}

const FEW = 8;

function adviseId(id: string, contracts: readonly ContractKey[]): string {
  const ids = [...new Set(contracts.map((contract) => contract.id))];
  const advice = advise(id, ids);
  return ids.length <= FEW || advice.startsWith('Did') ? advice : `None of the ${ids.length} contracts given has this id.`;
}

/** `v1.2.0` and `1.2.0` are one version: the examples of the standards write both. */
function plainVersion(version: string): string {
  return version.replace(/^v(?=\d)/, '');
}

function readProduct(root: TreeMap, file: string, reading: Reading): DataProduct {
  const port = (map: TreeMap): ProductPort => ({
    name: textAt(map, 'name') ?? '',
    version: textAt(map, 'version'),
    contractId: textAt(map, 'contractId'),
    deprecated: booleanAt(map, 'deprecated') === true,
    place: reading.place(map.at),
  });
  return {
    apiVersion: textAt(root, 'apiVersion') ?? '',
    id: textAt(root, 'id') ?? '',
    name: textAt(root, 'name'),
    version: textAt(root, 'version'),
    status: textAt(root, 'status'),
    domain: textAt(root, 'domain'),
    deprecated: booleanAt(root, 'deprecated') === true,
    inputPorts: mapsAt(root, 'inputPorts').map(port),
    outputPorts: mapsAt(root, 'outputPorts').map((map) => ({
      ...port(map),
      type: textAt(map, 'type'),
      description: textAt(map, 'description'),
      inputContracts: mapsAt(map, 'inputContracts').map((input) => ({ id: textAt(input, 'id') ?? '', version: textAt(input, 'version') ?? '' })),
      sbom: mapsAt(map, 'sbom').flatMap((sbom) => textAt(sbom, 'url') ?? []),
    })),
    managementPorts: mapsAt(root, 'managementPorts').map((map) => ({
      name: textAt(map, 'name') ?? '',
      content: textAt(map, 'content') ?? '',
      type: textAt(map, 'type') ?? 'rest',
      url: textAt(map, 'url'),
      channel: textAt(map, 'channel'),
      deprecated: booleanAt(map, 'deprecated') === true,
      place: reading.place(map.at),
    })),
    file,
  };
}
