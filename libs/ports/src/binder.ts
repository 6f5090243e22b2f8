/** An empty relation that a query is bound against, addressed as `<schema>.<name>`. */
export interface BoundRelation {
  readonly schema: string;
  readonly name: string;
  /** Types as the engine spells them. */
  readonly columns: readonly { readonly name: string; readonly type: string }[];
}

/** What became of binding one query: the columns of its result, or why it has none. */
export type Bound = { readonly columns: readonly { readonly name: string; readonly type: string }[] } | { readonly error: string };

/** Binds a query without running it: names are resolved, functions chosen, types inferred. */
export interface Binder {
  /**
   * One answer for each set of relations, all bound alike: the marks `$1`, `$2` … stand for values of types that only their
   * places tell. Throws SkeinError for what is wrong with a relation, never for what is wrong with the query.
   */
  bind(sql: string, sets: readonly (readonly BoundRelation[])[]): Promise<readonly Bound[]>;
  close(): Promise<void>;
}
