/** Who asks, as the identity provider vouches. */
export interface Principal {
  readonly subject: string;
  readonly roles: readonly string[];
  /** Purposes that the principal may name. */
  readonly purposes: readonly string[];
  /** Everything else the token says; row filters may name a claim. */
  readonly claims: Readonly<Record<string, unknown>>;
}
