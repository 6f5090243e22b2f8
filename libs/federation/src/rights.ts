import { sha256, SkeinError } from '@skein/kernel';
import type { Catalog } from './catalog.ts';
import { decide, type Decision } from './decision.ts';
import type { Principal } from './principal.ts';

/** Everything a principal may see for a purpose, by catalog id. Equal hashes mean equal rights. */
export interface Rights {
  readonly decisions: ReadonlyMap<string, Decision>;
  readonly hash: string;
}

/** Compiles each policy once for each principal and purpose; principals are remembered as long as their object lives. */
export class RightsBook {
  readonly #catalog: Catalog;
  readonly #known = new WeakMap<Principal, Map<string | undefined, Rights>>();

  constructor(catalog: Catalog) {
    this.#catalog = catalog;
  }

  /** Throws SKEIN_AUTH_FORBIDDEN for a purpose that the principal may not name. */
  of(principal: Principal, purpose: string | undefined): Rights {
    if (purpose !== undefined && !principal.purposes.includes(purpose)) {
      throw new SkeinError('SKEIN_AUTH_FORBIDDEN', `the purpose ${JSON.stringify(purpose)} is not one of yours`, {
        hint: 'Name a purpose that your token allows, or none.',
        context: { purpose },
      });
    }
    const byPurpose = this.#known.get(principal) ?? new Map<string | undefined, Rights>();
    this.#known.set(principal, byPurpose);
    let rights = byPurpose.get(purpose);
    if (!rights) {
      rights = this.#compile(principal, purpose);
      byPurpose.set(purpose, rights);
    }
    return rights;
  }

  #compile(principal: Principal, purpose: string | undefined): Rights {
    const decisions = new Map<string, Decision>();
    for (const [id, entry] of this.#catalog.entries) {
      const decision = decide(entry.policy, entry.contract, principal, purpose);
      if (decision) decisions.set(id, decision);
    }
    return {
      decisions,
      hash: sha256(
        [...decisions]
          .map(([id, decision]) => `${id} ${decision.hash}`)
          .sort()
          .join('\n'),
      ),
    };
  }
}
