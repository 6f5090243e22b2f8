import type { Draft } from '@skein/contract/formats';
import { tellingName } from './decide-column.ts';

/** The draft of a script, which shows no values: columns whose names, or those of fields in them, tell of persons are restricted, the others internal. */
export function classifiedByName(draft: Draft): Draft {
  return {
    ...draft,
    columns: draft.columns.map((column) => {
      const name = tellingName(column.name, column.type);
      if (name === undefined) return { ...column, classification: 'internal' };
      const where = name === column.name ? '' : ' in it';
      return { ...column, classification: 'restricted', notes: [...(column.notes ?? []), `personal: the name ${name}${where} tells of persons`] };
    }),
  };
}
