import type { LandingDraft, LandingStage, LandingStore, SourceFileState } from '@skein/ports';
import type { Landing, SourceProfile } from '@skein/product';

/** A landing that lies in the scratch store alone, with all that is needed to land it for good. */
export interface NewLanding {
  readonly landing: Landing;
  readonly draft: LandingDraft;
}

/**
 * Landings as they will be: those of `live`, which is only read, and after them those of `scratch`. What was live when a domain was first
 * asked for stays so, so that a plan is made of one state.
 */
export class OverlayLandings implements LandingStore {
  readonly #live: LandingStore;
  readonly #scratch: LandingStore;
  readonly #before = new Map<string, Promise<readonly Landing[]>>();
  readonly #added: NewLanding[] = [];

  constructor(live: LandingStore, scratch: LandingStore) {
    this.#live = live;
    this.#scratch = scratch;
  }

  /** What a run would land, in order. */
  get added(): readonly NewLanding[] {
    return this.#added.toSorted((a, b) => a.landing.sequence - b.landing.sequence);
  }

  /** Landings of the domain when it was first asked for. */
  before(domain: string): Promise<readonly Landing[]> {
    let before = this.#before.get(domain);
    if (before === undefined) this.#before.set(domain, (before = this.#live.list(domain)));
    return before;
  }

  async list(domain: string): Promise<Landing[]> {
    const before = await this.before(domain);
    const own = await this.#scratch.list(domain);
    return [...before, ...own.map((landing) => ({ ...landing, sequence: landing.sequence + before.length }))];
  }

  stage(domain: string): Promise<LandingStage> {
    return this.#scratch.stage(domain);
  }

  async commit(stage: LandingStage, draft: LandingDraft, parquetPath: string): Promise<Landing> {
    const { source, table, origin, file } = draft;
    const newest = (await this.list(stage.domain)).findLast(
      (one) => one.source === source && one.table === table && one.origin === origin && one.file === file,
    );
    if (newest?.sha256 === draft.sha256) {
      await this.#scratch.abandon(stage);
      return newest;
    }
    const before = (await this.before(stage.domain)).length;
    const own = await this.#scratch.commit(stage, draft, parquetPath);
    const landing = { ...own, sequence: own.sequence + before };
    if (!this.#added.some((one) => one.landing.sequence === landing.sequence)) this.#added.push({ landing, draft });
    return landing;
  }

  abandon(stage: LandingStage): Promise<void> {
    return this.#scratch.abandon(stage);
  }

  async findUnchanged(domain: string, state: SourceFileState): Promise<Landing | undefined> {
    const before = await this.before(domain);
    const own = await this.#scratch.findUnchanged(domain, state);
    if (own !== undefined) return { ...own, sequence: own.sequence + before.length };
    const known = await this.#live.findUnchanged(domain, state);
    // Where the scratch store has the file, the live one is behind; and what landed after the plan began is not part of it.
    const isNewer = (await this.#scratch.list(domain)).some((one) => one.source === state.source && one.origin === state.origin && one.file === state.file);
    return known !== undefined && !isNewer && known.sequence <= before.length ? known : undefined;
  }

  async noteUnchanged(domain: string, state: SourceFileState, landing: Landing): Promise<void> {
    const own = await this.#own(domain, landing);
    if (own !== undefined) await this.#scratch.noteUnchanged(domain, state, own);
  }

  async keepProfile(domain: string, landing: Landing, profile: SourceProfile): Promise<void> {
    const own = await this.#own(domain, landing);
    if (own !== undefined) await this.#scratch.keepProfile(domain, own, profile);
  }

  async profileOf(domain: string, landing: Landing): Promise<SourceProfile | undefined> {
    const own = await this.#own(domain, landing);
    return own === undefined ? this.#live.profileOf(domain, landing) : this.#scratch.profileOf(domain, own);
  }

  async verify(domain: string, landing: Landing): Promise<void> {
    const own = await this.#own(domain, landing);
    await (own === undefined ? this.#live.verify(domain, landing) : this.#scratch.verify(domain, own));
  }

  /** The landing as the scratch store numbers it; undefined for a live one. */
  async #own(domain: string, landing: Landing): Promise<Landing | undefined> {
    const before = (await this.before(domain)).length;
    return landing.sequence > before ? { ...landing, sequence: landing.sequence - before } : undefined;
  }
}
