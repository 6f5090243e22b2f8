export { AGREEMENT_STEPS, type Agreement, type AgreementState, type Asked, type Entitlement, type Side } from './agreement.ts';
export type { MarketCommand, UseToSettle } from './command.ts';
export { agreementMessage, dcatDataset, type DcatOptions } from './dcat.ts';
export { checkKey, decideMarket, entitledNow, numbered, unknownAgreement, unknownListing } from './decide.ts';
export { readDemand, seedOf, type Demand, type DemandPlan } from './demand.ts';
export type { MarketEvent, MarketFact, PrivateAnswer } from './event.ts';
export { checkBalance, ledgerLines, type Charge, type LedgerLine } from './ledger.ts';
export type { DictionaryColumn, Licence, Listing, ListingState, ReleaseEvidence, RoyaltyShare } from './listing.ts';
export { MOST_CENTS, readCents, readCurrency, shown, splitByWeight } from './money.ts';
export { members, noStrange, PLAN_UNITS, periodsBegun, readCount, readPlan, usageCents, type PlanUnit, type PricingPlan } from './plan.ts';
export {
  emptyMarket,
  fold,
  isValid,
  marketTime,
  priceAt,
  quotaLeft,
  requestKey,
  usageKey,
  usageUnder,
  type EntitlementStanding,
  type MarketState,
  type PriceEntry,
  type Usage,
} from './state.ts';
export { privacyUnits, readPrivacyPlan, type PrivacyAmount, type PrivacyPlan } from './privacy-plan.ts';
export { accountTotals, chargesOf, type AccountTotal } from './statement.ts';
export { checkWithin, readAskedTerms, readTerms, ROW_OPERATORS, type RowFilter, type Terms } from './terms.ts';
export { arbitrageIn, bundlePrice, type Arbitrage, type BundlePrice, type ListedPrice } from './pricing/bundle.ts';
export {
  expectedDemand,
  learn,
  openPricing,
  postPrice,
  type PostedPrice,
  type Pricing,
  type PricingBounds,
  type PricingOptions,
} from './pricing/posted-price.ts';
