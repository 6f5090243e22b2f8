/** What is known of one column of a source file, or of one field of its records (`geo.country`, `items[].item_id`, `event_params[campaign]`). */
export interface FieldProfile {
  readonly name: string;
  /** Of the values looked at: those that are missing or empty, and the distinct ones among the others. */
  readonly nulls: number;
  readonly distinct: number;
  /** What most values are; `none` where all are missing. */
  readonly type: 'text' | 'number' | 'boolean' | 'none';
  /** As text, at most 64 characters; absent where the column is personal, or might be. */
  readonly minimum?: string;
  readonly maximum?: string;
  /** The commonest 8 shapes of values, with their share of those that are not missing. */
  readonly shapes: readonly { readonly shape: string; readonly share: number }[];
  /** Distinct texts, and how many of them have the form of personal data, by form. */
  readonly texts: number;
  readonly forms: Readonly<Record<string, number>>;
}

/** A source file in figures. They are of a sample, spread evenly over the file, where it has more rows than `sampled`. */
export interface SourceProfile {
  readonly rows: number;
  readonly sampled: number;
  /** In order of name; at most 500. */
  readonly columns: readonly FieldProfile[];
}

/** How a file differs from the one before it. */
export interface ProfileDrift {
  readonly column: string;
  readonly kind: 'new' | 'lost' | 'type' | 'shape';
  /** One phrase without values: `number before, text now`. */
  readonly what: string;
}
