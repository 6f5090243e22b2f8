import { arrowSchema } from '../arrow-schema.ts';
import type { Contract } from '../contract.ts';
import type { Exported } from './exported.ts';

/** The Arrow schema in the JSON form of Arrow's integration tests. */
export function exportArrow(contract: Contract): Exported {
  return { text: `${JSON.stringify({ schema: arrowSchema(contract) }, null, 2)}\n`, notes: [] };
}
