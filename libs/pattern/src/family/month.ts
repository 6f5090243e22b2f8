/** Languages whose month names are known, as ICU (CLDR) has them; the table is data at the time of discovery and travels in the solution. */
const LANGUAGES = 'en de fr es it pt nl sv da nb fi pl hr cs sk hu ro tr ru uk el'.split(' ');

let table: ReadonlyMap<string, string> | undefined;

/** Month names and their short forms, in lower case without a final full stop, as `01` to `12`. A word that means different months in two languages is left out. */
export function monthNames(): ReadonlyMap<string, string> {
  if (table) return table;
  const found = new Map<string, string | undefined>();
  const add = (word: string, month: string): void => {
    const name = word.toLowerCase().replace(/\.$/, '');
    if (name.length < 3 || /[0-9 .]/.test(name)) return;
    found.set(name, found.has(name) && found.get(name) !== month ? undefined : month);
  };
  for (const language of LANGUAGES) {
    for (const month of ['long', 'short'] as const) {
      const [alone, inDate] = [
        new Intl.DateTimeFormat(language, { month, timeZone: 'UTC' }),
        new Intl.DateTimeFormat(language, { day: 'numeric', month, timeZone: 'UTC' }),
      ];
      for (let index = 0; index < 12; index += 1) {
        const day = Date.UTC(2024, index, 15);
        const number = String(index + 1).padStart(2, '0');
        add(alone.format(day), number);
        add(inDate.formatToParts(day).find(({ type }) => type === 'month')?.value ?? '', number);
      }
    }
  }
  add('sept', '09');
  const kept = new Map<string, string>();
  for (const [name, month] of found) if (month !== undefined) kept.set(name, month);
  return (table = kept);
}
