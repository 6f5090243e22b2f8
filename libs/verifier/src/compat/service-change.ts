import { compareDecimal, type ServiceLevel } from '@skein/contract';
import { comparePeriods, readPeriod } from '../period.ts';
import type { Change, Versions } from './change.ts';

/** Service levels of which a smaller value promises more, and those of which a larger one does; by the names of ODCS and their short forms. */
const LESS = ['latency', 'ly', 'freshness', 'frequency', 'fy', 'errorrate', 'er', 'timetodetect', 'td', 'timetonotify', 'tn', 'timetorepair', 'tr'];
const MORE = ['retention', 're', 'availability', 'av', 'throughput', 'th', 'endofsupport', 'es', 'endoflife', 'el'];

/** The changes of `slaProperties`, matched by property and element. */
export function serviceChanges({ old, next }: Versions): Change[] {
  const changes: Change[] = [];
  const key = (level: ServiceLevel) => `${level.property} ${level.element ?? ''}`;
  const add = (rule: Extract<Change['rule'], `sla.${string}`>, was: ServiceLevel | undefined, is: ServiceLevel | undefined, detail: string) =>
    void changes.push({
      rule,
      subject: `service level ${(was ?? is)?.property ?? ''}`,
      detail,
      ...(was ? { old: was.place } : {}),
      ...(is ? { next: is.place } : {}),
      show: { by: 'words', words: 'no row shows it: it is a promise about when and how long' },
    });
  const left = [...next.serviceLevels];
  for (const was of old.serviceLevels) {
    const at = left.findIndex((level) => key(level) === key(was));
    const [is] = at < 0 ? [] : left.splice(at, 1);
    if (!is) add('sla.removed', was, undefined, `${shown(was)} is not promised any more`);
    else if (shown(was) !== shown(is)) {
      const order = ordered(was, is);
      if (order !== 0) add(order === undefined ? 'sla.changed' : order > 0 ? 'sla.strengthened' : 'sla.weakened', was, is, `${shown(was)} became ${shown(is)}`);
    }
  }
  for (const is of left) add('sla.added', undefined, is, `${shown(is)} is promised`);
  return changes;
}

function shown(level: ServiceLevel): string {
  return `${level.value}${level.unit === undefined ? '' : ` ${level.unit}`}`;
}

/** Positive where the new level promises more, negative where less, zero where it is the same; undefined where that cannot be said. */
function ordered(was: ServiceLevel, is: ServiceLevel): number | undefined {
  const name = was.property.toLowerCase().replaceAll(/[^a-z]/g, '');
  const sign = LESS.includes(name) ? -1 : MORE.includes(name) ? 1 : undefined;
  const order = sign === undefined ? undefined : byAmount(was, is);
  return sign === undefined || order === undefined ? undefined : order * sign;
}

const DATE = /^\d{4}-\d{2}-\d{2}/;
const NUMBER = /^-?\d{1,30}(?:\.\d{1,30})?$/;

/** Days by their text, figures of one unit by their digits, and others as the periods that they say. */
function byAmount(was: ServiceLevel, is: ServiceLevel): number | undefined {
  const [before, after] = [was.value.trim(), is.value.trim()];
  if (DATE.test(before) && DATE.test(after)) return after < before ? -1 : Number(after > before);
  if (unitOf(was) === unitOf(is)) return NUMBER.test(before) && NUMBER.test(after) ? compareDecimal(after, before) : undefined;
  const [old, next] = [readPeriod(was.value, was.unit), readPeriod(is.value, is.unit)];
  return 'reason' in old || 'reason' in next ? undefined : comparePeriods(next.period, old.period);
}

function unitOf({ unit }: ServiceLevel): string | undefined {
  return unit?.trim().toLowerCase();
}
