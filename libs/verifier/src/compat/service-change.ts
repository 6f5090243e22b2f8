import { compareDecimal, type ServiceLevel } from '@skein/contract';
import type { Change, Versions } from './change.ts';

/** Service levels of which a smaller value promises more, and those of which a larger one does; by the names of ODCS and their short forms. */
const LESS = ['latency', 'ly', 'freshness', 'frequency', 'fy', 'errorrate', 'er', 'timetodetect', 'td', 'timetonotify', 'tn', 'timetorepair', 'tr'];
const MORE = ['retention', 're', 'availability', 'av', 'throughput', 'th', 'endofsupport', 'es', 'endoflife', 'el'];

/** Seconds in a unit, as ODCS and people write it; a month counts 30 days, a year 365. */
const SECONDS: Readonly<Record<string, string>> = {
  ms: '0.001',
  s: '1',
  sec: '1',
  second: '1',
  seconds: '1',
  m: '60',
  min: '60',
  minute: '60',
  minutes: '60',
  h: '3600',
  hr: '3600',
  hour: '3600',
  hours: '3600',
  d: '86400',
  day: '86400',
  days: '86400',
  w: '604800',
  week: '604800',
  weeks: '604800',
  month: '2592000',
  months: '2592000',
  y: '31536000',
  yr: '31536000',
  year: '31536000',
  years: '31536000',
};

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
  if (sign === undefined) return undefined;
  const [before, after] = [amount(was), amount(is)];
  if (before && after && before.kind === after.kind)
    return (before.kind === 'date' ? (after.text < before.text ? -1 : Number(after.text > before.text)) : compareDecimal(after.text, before.text)) * sign;
  return undefined;
}

interface Amount {
  readonly kind: string;
  readonly text: string;
}

function amount({ value, unit }: ServiceLevel): Amount | undefined {
  if (/^\d{4}-\d{2}-\d{2}/.test(value)) return { kind: 'date', text: value };
  if (!/^-?\d{1,30}(?:\.\d{1,30})?$/.test(value)) return undefined;
  const factor = unit === undefined ? undefined : SECONDS[unit.toLowerCase()];
  return factor === undefined ? { kind: `number of ${unit ?? 'nothing'}`, text: value } : { kind: 'seconds', text: multiplied(value, factor) };
}

function multiplied(a: string, b: string): string {
  const parts = (text: string) => {
    const [whole = '0', fraction = ''] = text.split('.');
    return { digits: BigInt(whole + fraction), scale: fraction.length };
  };
  const [x, y] = [parts(a), parts(b)];
  const scale = x.scale + y.scale;
  const product = x.digits * y.digits;
  const digits = (product < 0n ? -product : product).toString().padStart(scale + 1, '0');
  return `${product < 0n ? '-' : ''}${scale === 0 ? digits : `${digits.slice(0, -scale)}.${digits.slice(-scale)}`}`;
}
