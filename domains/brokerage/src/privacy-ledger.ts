import type { Contract } from '@skein/contract';
import type { DataProduct } from '@skein/product';
import { member, unread } from './json-member.ts';

const number = (text: string): string => `TRY_CAST(${text} AS DECIMAL(18, 9))`;
const [EPSILON, BUDGET] = [member('epsilon'), member('budget')];

/** brokerage.privacy_ledger: what answers with noise have spent of each dataset's budget. */
export function privacyLedger(contract: Contract): DataProduct {
  return {
    id: 'brokerage.privacy_ledger',
    layer: 'silver',
    contract,
    step: {
      name: 'read_privacy_costs',
      from: ['market_events'],
      sql: `SELECT seq AS event, ${member('dataset')} AS dataset, ${member('query')} AS query_id, ${number(EPSILON)} AS epsilon, ${number(BUDGET)} AS budget, ${member('by')} AS spent_by,
          happened_at AS spent_at, _file, _row, [] AS _repairs,
          ${unread({ column: 'epsilon', text: EPSILON, read: number(EPSILON) }, { column: 'budget', text: BUDGET, read: number(BUDGET) })} AS _invalid
        FROM market_events WHERE type = 'privacy.spent'`,
      dedupe: { by: ['event'], keep: '_row' },
      lineage: Object.fromEntries(contract.properties.map(({ name }) => [name, [name === 'spent_at' ? 'market_events.happened_at' : 'market_events.raw']])),
    },
  };
}
