import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import {
  encodeBound,
  nextPosition,
  planColumns,
  schemaFor,
  withSnapshot,
  writeManifest,
  writeManifestList,
  type ColumnFigures,
  type EvolvedColumns,
  type ManifestFileEntry,
  type Schema,
  type SnapshotEntry,
  type TableMetadata,
} from '@skein/iceberg';
import { sha256, SkeinError, type Clock } from '@skein/kernel';
import type { SnapshotDraft, Staging } from '@skein/ports';
import type { DataFile, Field } from '@skein/product';
import { storeTime, syncAndHash, syncDirectory, writeSynced } from './durable-file.ts';
import { printSidecar, type RecordedFile } from './sidecar.ts';
import { SUMMARY } from './snapshot-read.ts';
import { linkVersion, type TableVersion } from './table-file.ts';
import { sameColumns, tableField, wantedField } from './table-field.ts';
import { metadataFile, type TablePlace } from './table-place.ts';

/** How an Iceberg path of a file begins: the location that the metadata gives, or, for a new table, where it lies. */
export function tableLocation(place: TablePlace, base: TableMetadata | undefined): string {
  return base?.location ?? `file://${place.directory}`;
}

/**
 * One publication: the data files of a staging become the next version of the table. The order of steps is the commit protocol
 * (docs/architecture.md, "Publishing a snapshot"): every file is durable before its name is, every name before the link, and the link
 * before the acknowledgement.
 */
export class Publication {
  private readonly place: TablePlace;
  private readonly staging: Staging;
  private readonly draft: SnapshotDraft;
  private readonly id: bigint;
  private readonly clock: Clock;
  private readonly uuid: string;
  private readonly written = new Set<string>();
  private files: readonly (RecordedFile & { readonly rows: string })[] = [];
  private schema: Schema | undefined;
  private manifest: RecordedFile | undefined;
  private sidecarSum = '';
  private location = '';
  /** True once others can see the snapshot: nothing of it may be removed any more. */
  private linked = false;

  constructor(place: TablePlace, staging: Staging, draft: SnapshotDraft, options: { readonly id: bigint; readonly clock: Clock }) {
    this.place = place;
    this.staging = staging;
    this.draft = draft;
    this.id = options.id;
    this.clock = options.clock;
    this.uuid = path.basename(staging.directory);
  }

  /** Makes everything durable that does not depend on the version number. */
  async prepare(base: TableVersion | undefined): Promise<void> {
    // the folder is young again, so that no collector takes it for abandoned between here and the link
    await storeTime(this.staging.directory);
    this.files = await Promise.all(this.draft.files.map((file) => this.settle(file)));
    const columns = this.columns(base);
    const schema = schemaFor(base?.metadata, columns.fields);
    this.schema = schema;
    this.location = tableLocation(this.place, base?.metadata);

    const manifest = writeManifest({
      schema,
      snapshotId: this.id,
      files: this.draft.files.map((file, index) => this.entry(file, this.files[index], columns, base)),
    });
    this.manifest = { path: `metadata/${this.uuid}-m0.avro`, sha256: sha256(manifest), bytes: String(manifest.length) };
    const { contractHash, contractVersion, verdictHash, inputHash, lineage, verdict } = this.draft;
    const sidecar = printSidecar({
      format: 1,
      snapshotId: String(this.id),
      contractHash,
      contractVersion,
      verdictHash,
      inputHash,
      files: this.files,
      manifest: this.manifest,
      lineage,
      verdict,
    });
    this.sidecarSum = sha256(sidecar);
    await Promise.all([this.write(this.manifest.path, manifest), this.write(this.manifestList(1), this.listContent(base)), this.write(this.sidecar, sidecar)]);

    await syncDirectory(this.staging.directory);
    await syncDirectory(this.place.data);
    await syncDirectory(this.place.metadata);
    // the first version of a table makes the way to it durable too, whoever created it
    if (base === undefined)
      for (let level = 0, folder = this.place.directory; level < 4; level += 1, folder = path.dirname(folder)) await syncDirectory(folder);
  }

  /** One try to become the version after `base`. Undefined when another publisher was first. */
  async link(base: TableVersion | undefined, attempt: number): Promise<{ table: TableVersion; entry: SnapshotEntry } | undefined> {
    const columns = this.columns(base);
    const schema = schemaFor(base?.metadata, columns.fields);
    if (this.schema === undefined || this.manifest === undefined) throw new SkeinError('SKEIN_INTERNAL', 'a publication was linked before it was prepared');
    // the manifest is written: it names its schema, and files by the table's location
    if (schema['schema-id'] !== this.schema['schema-id'] || tableLocation(this.place, base?.metadata) !== this.location) throw this.contended();
    const list = this.listContent(base);
    if (attempt > 1) {
      await this.write(this.manifestList(attempt), list);
      await syncDirectory(this.place.metadata);
    }
    const { timestampMs } = nextPosition(base?.metadata, this.clock.now());
    const metadata = withSnapshot(
      base === undefined ? undefined : { metadata: base.metadata, file: `${base.metadata.location}/metadata/${path.basename(base.file)}` },
      { uuid: randomUUID(), location: tableLocation(this.place, undefined) },
      {
        id: this.id,
        timestampMs,
        manifestList: `${tableLocation(this.place, base?.metadata)}/${this.manifestList(attempt)}`,
        summary: this.summary(base, sha256(list)),
        columns,
      },
    );
    const committed = await linkVersion(this.place, base, metadata, () => (this.linked = true));
    this.linked = committed;
    const entry = metadata.snapshots.at(-1);
    if (!committed || entry === undefined) return undefined;
    const version = (base?.version ?? 0) + 1;
    return { table: { version, file: metadataFile(this.place, version), metadata }, entry };
  }

  /** After a failure: removes what was written beside the data, and the data too when `all`. */
  async clear(all: boolean): Promise<void> {
    if (this.linked) return;
    await Promise.all([...this.written].map((file) => rm(file, { force: true }).catch(() => undefined)));
    if (all) await rm(this.staging.directory, { recursive: true, force: true }).catch(() => undefined);
  }

  private async settle(file: DataFile): Promise<RecordedFile & { rows: string }> {
    const relative = path.relative(this.staging.directory, file.path);
    if (relative === '' || relative.startsWith('..') || path.isAbsolute(relative)) {
      throw new SkeinError('SKEIN_INTERNAL', `the data file ${file.path} does not lie in its staging directory`, {
        context: { file: file.path, directory: this.staging.directory },
      });
    }
    const { sha256: sum, bytes } = await syncAndHash(file.path);
    if (bytes !== file.bytes)
      throw new SkeinError('SKEIN_STORAGE_FAILED', `${file.path} has ${bytes} bytes, the writer reported ${file.bytes}`, { context: { file: file.path } });
    if (path.dirname(file.path) !== this.staging.directory) await this.syncBetween(path.dirname(file.path));
    return { path: `data/${this.uuid}/${relative.split(path.sep).join('/')}`, sha256: sum, bytes: String(bytes), rows: String(file.rows) };
  }

  private async syncBetween(folder: string): Promise<void> {
    for (let level = folder; level !== this.staging.directory; level = path.dirname(level)) await syncDirectory(level);
  }

  private columns(base: TableVersion | undefined): EvolvedColumns {
    const columns = planColumns(base?.metadata, this.staging.fields.map(wantedField));
    const keys = new Map(this.staging.fields.map((field) => [field.id, field.propertyId]));
    if (
      !sameColumns(
        this.staging.fields,
        columns.fields.map((field): Field => tableField(field, keys)),
      )
    )
      throw this.contended();
    return columns;
  }

  private contended(): SkeinError {
    const { domain, name, major } = this.place.ref;
    return new SkeinError('SKEIN_STORAGE_CONTENDED', `the columns or the location of ${domain}.${name} (v${major}) were changed by another meanwhile`, {
      hint: 'Run again: the new run starts from what stands now.',
      context: { table: this.place.ref },
    });
  }

  private entry(file: DataFile, recorded: RecordedFile | undefined, columns: EvolvedColumns, base: TableVersion | undefined): ManifestFileEntry {
    const figures = new Map<number, ColumnFigures>();
    for (const field of columns.fields) {
      // parts of nested columns have counts of their own that Iceberg does not want at the column
      const stats = typeof field.type === 'string' && Object.hasOwn(file.stats, field.name) ? file.stats[field.name] : undefined;
      if (stats === undefined) continue;
      const lower = stats.min === undefined ? undefined : encodeBound(field.type, stats.min, 'lower');
      const upper = stats.max === undefined ? undefined : encodeBound(field.type, stats.max, 'upper');
      figures.set(field.id, { size: stats.bytes, values: stats.values, nulls: stats.nulls, ...(lower ? { lower } : {}), ...(upper ? { upper } : {}) });
    }
    return { path: `${tableLocation(this.place, base?.metadata)}/${recorded?.path ?? ''}`, rows: file.rows, bytes: file.bytes, columns: figures };
  }

  private listContent(base: TableVersion | undefined): Uint8Array {
    const sequenceNumber = BigInt(nextPosition(base?.metadata, 0).sequenceNumber);
    const current = base?.metadata['current-snapshot-id'];
    const manifest = this.manifest;
    return writeManifestList({
      snapshotId: this.id,
      parentId: current === undefined ? undefined : BigInt(current),
      sequenceNumber,
      manifests: [
        {
          path: `${tableLocation(this.place, base?.metadata)}/${manifest?.path ?? ''}`,
          length: BigInt(manifest?.bytes ?? 0),
          snapshotId: this.id,
          sequenceNumber,
          files: this.files.length,
          rows: this.rows,
        },
      ],
    });
  }

  private summary(base: TableVersion | undefined, manifestListSum: string): Record<string, string> {
    const before = base?.metadata.snapshots.find((entry) => entry['snapshot-id'] === base.metadata['current-snapshot-id'])?.summary ?? {};
    const bytes = this.files.reduce((sum, file) => sum + BigInt(file.bytes), 0n);
    return {
      operation: 'overwrite',
      'added-data-files': String(this.files.length),
      'added-records': String(this.rows),
      'added-files-size': String(bytes),
      'deleted-data-files': before['total-data-files'] ?? '0',
      'deleted-records': before['total-records'] ?? '0',
      'removed-files-size': before['total-files-size'] ?? '0',
      'changed-partition-count': '1',
      'total-data-files': String(this.files.length),
      'total-records': String(this.rows),
      'total-files-size': String(bytes),
      'total-delete-files': '0',
      'total-position-deletes': '0',
      'total-equality-deletes': '0',
      [SUMMARY.contractHash]: this.draft.contractHash,
      [SUMMARY.contractVersion]: this.draft.contractVersion,
      [SUMMARY.verdictHash]: this.draft.verdictHash,
      [SUMMARY.inputHash]: this.draft.inputHash,
      [SUMMARY.files]: JSON.stringify(Object.fromEntries(this.files.map((file) => [file.path, file.sha256]))),
      [SUMMARY.sidecar]: this.sidecar,
      [SUMMARY.sidecarSum]: this.sidecarSum,
      [SUMMARY.manifestListSum]: manifestListSum,
      [SUMMARY.metadataVersion]: String((base?.version ?? 0) + 1),
    };
  }

  private get rows(): bigint {
    return this.draft.files.reduce((sum, file) => sum + file.rows, 0n);
  }

  private get sidecar(): string {
    return `metadata/${this.uuid}.skein.json`;
  }

  private manifestList(attempt: number): string {
    return `metadata/snap-${this.id}-${attempt}-${this.uuid}.avro`;
  }

  private async write(relative: string, content: string | Uint8Array): Promise<void> {
    const file = path.join(this.place.directory, relative);
    this.written.add(file);
    await writeSynced(file, content);
  }
}
