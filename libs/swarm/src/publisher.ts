import { canonicalJson, ident, sha256 } from '@skein/kernel';
import type { Contract } from '@skein/contract';
import type { EngineSession, EventBus, WantedColumn } from '@skein/ports';
import { feedbackTableOf, tableOf, type DataProduct, type Domain, type Snapshot, type SnapshotLineage, type TableRef } from '@skein/product';
import { lineageRows, productIdOf } from './lineage.ts';
import type { Candidate } from './candidate.ts';
import type { MakingRecord } from './record.ts';
import { snapshotScan } from './scan.ts';
import { planSnapshot, shapeOf } from './snapshot-layout.ts';
import type { Retention, SwarmAdapters, SystemContracts } from './swarm.ts';

/** Topic of the event that tells of a new snapshot; key: the product. */
export const PUBLISHED = 'published';

export interface PublishedEvent {
  readonly product: string;
  readonly version: number;
  readonly snapshotId: string;
}

export async function tell(bus: EventBus, domain: Domain, snapshot: Snapshot): Promise<void> {
  const product = productIdOf(domain, snapshot.table);
  const event: PublishedEvent = { product, version: snapshot.version, snapshotId: snapshot.id.toString() };
  await bus.publish(PUBLISHED, product, event);
}

export const DEFAULT_RETENTION: Retention = { keep: 100, graceMs: 3_600_000 };

/** Where a silver row came from: lineage columns beside the contract's own. */
const POSITION_COLUMNS: readonly WantedColumn[] = [
  { propertyId: '_source', name: '_source', type: { kind: 'string' }, required: true },
  { propertyId: '_position', name: '_position', type: { kind: 'int', bits: 64 }, required: true },
];

interface Publication {
  readonly table: TableRef;
  readonly contract: Contract;
  /** SELECT of the rows. */
  readonly query: string;
  readonly extra?: readonly WantedColumn[];
  readonly inputHash: string;
  readonly lineage: SnapshotLineage;
  readonly verdictHash: string;
  readonly verdict: object;
}

/** Makes rows the next versions of a domain's tables, for one run. */
export class Publisher {
  readonly #domain: Domain;
  readonly #system: SystemContracts;
  readonly #adapters: SwarmAdapters;
  readonly #session: () => Promise<EngineSession>;
  readonly #grown: TableRef[] = [];
  readonly #hiding: { readonly table: TableRef; readonly newly: boolean }[] = [];
  /** Versions of the domain's tables before this run looked at the landings: it must not replace a newer one. */
  readonly #before = new Map<string, number>();

  constructor(domain: Domain, system: SystemContracts, adapters: SwarmAdapters, session: () => Promise<EngineSession>) {
    this.#domain = domain;
    this.#system = system;
    this.#adapters = adapters;
    this.#session = session;
  }

  /** Notes which versions are live; to be called before the run looks at anything else. */
  async noteVersions(): Promise<void> {
    for (const table of await this.#adapters.store.tables()) {
      if (table.domain === this.#domain.name) this.#before.set(tableKey(table), (await this.#adapters.store.current(table))?.version ?? 0);
    }
  }

  product(
    session: EngineSession,
    product: DataProduct,
    candidate: Candidate,
    record: MakingRecord,
    inputHash: string,
    lineage: SnapshotLineage,
  ): Promise<Snapshot> {
    const { verdict, duplicates, repairs, violations, repaired, escalated } = candidate;
    return this.#publish(session, {
      table: tableOf(product.contract),
      contract: product.contract,
      query: candidate.accepted,
      extra: product.layer === 'silver' ? POSITION_COLUMNS : [],
      inputHash,
      lineage,
      verdictHash: verdict.hash,
      verdict: { ...verdict, duplicates, repairs, violations, repaired, escalated, record },
    });
  }

  /** The violations of a run: published whether or not the gates let the product pass. */
  async feedback(session: EngineSession, product: DataProduct, candidate: Candidate, inputHash: string, lineage: SnapshotLineage): Promise<void> {
    const { feedback } = this.#system;
    const table = feedbackTableOf(product);
    const hash = sha256(`${inputHash} ${feedback.hash}`);
    if (await this.#isLive(table, hash)) return;
    const columns = feedback.properties.map((property) => (property.name === 'run_id' ? `'${inputHash.slice(0, 16)}' AS run_id` : `"${property.name}"`));
    const query = `SELECT ${columns.join(', ')} FROM (${candidate.feedback})`;
    await this.#publish(session, {
      table,
      contract: feedback,
      query,
      inputHash: hash,
      lineage,
      verdictHash: candidate.verdict.hash,
      verdict: candidate.verdict,
    });
  }

  /**
   * Publishes what is live without the values of some columns, where the product could not be made with the masks that persons decided on: a value that is to
   * be hidden is not shown until that is mended. A column becomes missing, or `***` where it may not be; rows that cannot do without one of the columns go.
   */
  async withhold(session: EngineSession, product: DataProduct, current: Snapshot, columns: readonly string[], record: MakingRecord): Promise<Snapshot> {
    const { contract, layer } = product;
    const has = new Set(current.fields.map(({ name }) => name));
    const kept = contract.properties.every(({ name, required, keyPosition, type }) => {
      const lost = columns.includes(name) || !has.has(name);
      return !lost || (keyPosition === undefined && (!required || (type.kind === 'string' && has.has(name))));
    });
    const selected = contract.properties.map(({ name, required }) => {
      if (!columns.includes(name) && has.has(name)) return ident(name);
      return `${required && kept ? `'***'` : 'NULL'} AS ${ident(name)}`;
    });
    const extra = layer === 'silver' ? POSITION_COLUMNS : [];
    return this.#publish(session, {
      table: tableOf(contract),
      contract,
      query: `SELECT ${[...selected, ...extra.map(({ name }) => name)].join(', ')} FROM (${snapshotScan(current)})${kept ? '' : ' WHERE false'}`,
      extra,
      inputHash: sha256(canonicalJson([current.inputHash, record.withheld ?? []])),
      lineage: current.lineage,
      verdictHash: current.verdictHash,
      verdict: { ...(current.verdict as object), record },
    });
  }

  /** Publishes the violations that are live without any of their values, where they could not be written anew. */
  async withholdFeedback(session: EngineSession, product: DataProduct): Promise<void> {
    const { feedback } = this.#system;
    const table = feedbackTableOf(product);
    const current = await this.#adapters.store.current(table);
    const inputHash = sha256(`${current?.inputHash} withheld`);
    if (current === undefined) return;
    const hidden = ['value', 'repaired_value'];
    const columns = feedback.properties.map(({ name }) => (hidden.includes(name) ? `NULL AS ${ident(name)}` : ident(name)));
    const { lineage, verdictHash } = current;
    const query = `SELECT ${columns.join(', ')} FROM (${snapshotScan(current)})`;
    await this.#publish(session, { table, contract: feedback, query, inputHash, lineage, verdictHash, verdict: current.verdict as object });
  }

  /** The lineage table of the domain: every column of every live product, and what it was made of. */
  async lineage(snapshots: readonly Snapshot[]): Promise<void> {
    const { lineage: contract } = this.#system;
    const inputs = snapshots.map(({ table, version }) => ({ kind: 'product' as const, name: productIdOf(this.#domain, table), version }));
    const inputHash = sha256(canonicalJson([contract.hash, inputs.map(({ name, version }) => [name, version])]));
    const table: TableRef = { domain: this.#domain.name, name: 'lineage', major: 1 };
    if (await this.#isLive(table, inputHash)) return;
    const query = lineageRows(this.#domain, snapshots);
    await this.#publish(await this.#session(), {
      table,
      contract,
      query,
      inputHash,
      lineage: { run: inputHash, inputs, columns: [] },
      verdictHash: sha256(inputHash),
      verdict: { passed: true },
    });
  }

  /**
   * Tells that a product's rows hide a column. Where they have not done so before (`newly`), older versions of it and of its feedback dataset, which hold the
   * values, are no longer kept; their files go when the time of grace is over.
   */
  noteHidden(product: DataProduct, newly: boolean): void {
    for (const one of [tableOf(product.contract), feedbackTableOf(product)]) this.#hiding.push({ table: one, newly });
  }

  /** History beyond what is kept goes, for the tables that grew in this run. */
  async keepHouse(): Promise<void> {
    const { store, retention = DEFAULT_RETENTION } = this.#adapters;
    for (const { table, newly } of this.#hiding) {
      if (newly) await store.expire(table, { keep: 1 });
      await store.collect(table, { graceMs: retention.graceMs });
    }
    for (const table of this.#grown) {
      await store.expire(table, { keep: retention.keep });
      await store.collect(table, { graceMs: retention.graceMs });
    }
  }

  async #isLive(table: TableRef, inputHash: string): Promise<boolean> {
    return (await this.#adapters.store.current(table))?.inputHash === inputHash;
  }

  async #publish(session: EngineSession, { table, contract, query, extra = [], verdict, ...draft }: Publication): Promise<Snapshot> {
    const { store, bus, queries, layout: limits = {} } = this.#adapters;
    const columns = contract.properties.map(({ id, name, type, required }): WantedColumn => ({ propertyId: id, name, type, required }));
    const staging = await store.begin(table, [...columns, ...extra]);
    try {
      const product = `${table.domain}.${table.name}`;
      const layout = await planSnapshot({
        session,
        query,
        staging,
        previous: await store.current(table),
        queries: (await queries?.(product)) ?? [],
        limits,
      });
      const files = await session.writeParquet(query, staging.directory, staging.fields, shapeOf(layout));
      const expectedVersion = this.#before.get(tableKey(table)) ?? 0;
      const snapshot = await store.commit(staging, {
        ...draft,
        verdict: { ...verdict, layout },
        expectedVersion,
        files,
        contractHash: contract.hash,
        contractVersion: contract.version,
      });
      this.#grown.push(table);
      await tell(bus, this.#domain, snapshot);
      return snapshot;
    } catch (error) {
      await store.abandon(staging).catch(() => undefined);
      throw error;
    }
  }
}

function tableKey(table: TableRef): string {
  return `${table.domain}.${table.name}.${table.major}`;
}
