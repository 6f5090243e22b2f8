import { sha256, SkeinError } from '@skein/kernel';
import type { QuerySandbox, SerializedAst } from '@skein/ports';
import { BoundedCache } from './bounded-cache.ts';
import { gate, gatePinned, GOVERNED, type Gated, type Reference } from './gate.ts';
import { refused } from './refusal.ts';

/** SQL that passed the gate, printed from its checked and pinned tree. Holds for every principal. */
export interface CheckedSql {
  readonly sql: string;
  readonly hash: string;
  readonly reads: readonly Reference[];
  readonly parameters: readonly string[];
}

const MAX_TEXTS = 2_000;
const MAX_CHARACTERS = 16_000_000;

/** Parses, gates and prints each text once. */
export class CheckedSqlBook {
  readonly #sandbox: Pick<QuerySandbox, 'parse' | 'print'>;
  readonly #texts = new BoundedCache<CheckedSql>(MAX_TEXTS, MAX_CHARACTERS);
  readonly #pending = new Map<string, Promise<CheckedSql>>();

  constructor(sandbox: Pick<QuerySandbox, 'parse' | 'print'>) {
    this.#sandbox = sandbox;
  }

  /** Known texts answer at once. `authorize` sees the reads before anything else is done with the query. */
  get(text: string): CheckedSql | undefined {
    return this.#texts.get(text);
  }

  /** Throws what `gate` and `authorize` throw. */
  async check(text: string, authorize: (reads: readonly Reference[]) => void): Promise<CheckedSql> {
    const known = this.#texts.get(text);
    if (known) {
      authorize(known.reads);
      return known;
    }
    const gated = gate(await this.#parse(text));
    authorize(gated.reads);
    let pending = this.#pending.get(text);
    if (!pending) {
      pending = this.#print(gated).finally(() => this.#pending.delete(text));
      this.#pending.set(text, pending);
    }
    const checked = await pending;
    this.#texts.set(text, checked, text.length + checked.sql.length);
    return checked;
  }

  async #parse(text: string): Promise<SerializedAst> {
    try {
      return await this.#sandbox.parse(text);
    } catch (error) {
      // the parser serialises nothing but SELECT
      if (error instanceof SkeinError && error.code === 'SKEIN_QUERY_REFUSED' && error.context['kind'] === undefined)
        throw refused('statement', 'the SQL is not a SELECT', undefined, 'Send exactly one SELECT.');
      throw error;
    }
  }

  /**
   * The engine will parse the printed text anew, so that text is gated too: should the printer ever say something else than the
   * tree that was allowed, it does not run.
   */
  async #print(gated: Gated): Promise<CheckedSql> {
    const sql = await this.#sandbox.print(gated.ast);
    const again = gatePinned(await this.#sandbox.parse(sql));
    if (names(again.reads) !== names(gated.reads) || [...again.parameters].sort().join() !== [...gated.parameters].sort().join()) {
      throw new SkeinError('SKEIN_QUERY_REFUSED', 'the query cannot be written down unambiguously', {
        hint: `Write it in simpler terms; avoid names such as ${GOVERNED}.`,
        context: { kind: 'printing' },
      });
    }
    return Object.freeze({ sql, hash: sha256(sql), reads: gated.reads, parameters: gated.parameters });
  }
}

function names(reads: readonly Reference[]): string {
  return reads
    .map((read) => JSON.stringify([read.schema, read.table]))
    .sort()
    .join();
}
