import type { SandboxCatalog } from '@skein/ports';
import { BoundedCache } from './bounded-cache.ts';
import type { Catalog } from './catalog.ts';
import type { CheckedSql } from './checked-sql.ts';
import type { LiveSnapshots } from './live-snapshots.ts';
import { governedView, planCore, sandboxCatalog, type GrantedSnapshot, type PlanCore } from './plan.ts';
import { keyedView } from './pseudonym.ts';
import type { Rights } from './rights.ts';

/** Plans, and the catalogs that sandboxes run them on: what was made for one query serves all like it. */
export class PlanBook {
  readonly #catalog: Catalog;
  readonly #live: LiveSnapshots;
  readonly #pseudonymKey: Uint8Array;
  readonly #plans = new BoundedCache<PlanCore>(2_000);
  readonly #shared = new BoundedCache<readonly GrantedSnapshot[]>(64);
  readonly #catalogs = new BoundedCache<SandboxCatalog>(256);
  readonly #keyed = new BoundedCache<SandboxCatalog>(256);

  constructor(catalog: Catalog, live: LiveSnapshots, pseudonymKey: Uint8Array) {
    this.#catalog = catalog;
    this.#live = live;
    this.#pseudonymKey = pseudonymKey;
  }

  /** The plan of a text under rights, over snapshots; equal ones are made once. */
  core(text: CheckedSql, rights: Rights, reads: readonly GrantedSnapshot[], pinned: boolean): PlanCore {
    const versions = reads.map(({ entry, snapshot }) => `${entry.id}@${snapshot.version}/${snapshot.id}`).join(',');
    // a catalog of current snapshots holds all that the principal may see, so it changes with any of them
    const key = `${text.hash} ${rights.hash} ${versions} ${pinned ? 'pinned' : this.#live.generation}`;
    let core = this.#plans.get(key);
    if (!core) {
      const catalog = pinned ? sandboxCatalog(reads.map(governedView)) : this.catalogOf(rights, reads);
      core = planCore(text.sql, text.hash, reads, catalog, pinned);
      this.#plans.set(key, core);
    }
    return core;
  }

  /**
   * All current products of the principal, so that one sandbox serves all their queries; majors addressed by number join in when
   * they are read.
   */
  catalogOf(rights: Rights, reads: readonly GrantedSnapshot[]): SandboxCatalog {
    const { products } = this.#catalog;
    const key = `${rights.hash} ${this.#live.generation}`;
    let shared = this.#shared.get(key);
    if (!shared) {
      shared = products.flatMap((entry) => {
        const decision = rights.decisions.get(entry.id);
        const snapshot = this.#live.current(entry.table);
        return decision && snapshot ? [{ entry, decision, snapshot }] : [];
      });
      this.#shared.set(key, shared);
    }
    const ids = new Set(shared.map(({ entry }) => entry.id));
    const others = reads.filter(({ entry }) => !ids.has(entry.id));
    const catalogKey = `${key} ${others
      .map(({ entry }) => entry.id)
      .sort()
      .join()}`;
    let catalog = this.#catalogs.get(catalogKey);
    if (!catalog) {
      catalog = sandboxCatalog([...shared, ...others].map(governedView));
      this.#catalogs.set(catalogKey, catalog);
    }
    return catalog;
  }

  /** The catalog with the keys of pseudonyms in their places. */
  withKeys(catalog: SandboxCatalog): SandboxCatalog {
    let keyed = this.#keyed.get(catalog.key);
    if (!keyed) {
      keyed = { key: catalog.key, views: catalog.views.map((view) => ({ ...view, sql: keyedView(view.sql, this.#pseudonymKey) })) };
      this.#keyed.set(catalog.key, keyed);
    }
    return keyed;
  }
}
