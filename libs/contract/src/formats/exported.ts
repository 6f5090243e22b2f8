/** A contract in another form. */
export interface Exported {
  readonly text: string;
  /** What the form could not carry, one sentence each; also within the text where its form has remarks. */
  readonly notes: readonly string[];
}
