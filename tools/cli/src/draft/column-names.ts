/** Names that rows carry beside a contract's columns, and words that every SQL dialect wants quoted. */
const TAKEN =
  /^(?:select|from|where|group|order|by|table|join|on|in|as|and|or|not|null|case|when|then|else|end|user|all|any|union|limit|offset|default|check|column|constraint|primary|foreign|references|create|grant|to|with|true|false)$/;
const LONGEST = 60;

/**
 * Names of columns as contracts of this mesh spell them: small letters, digits and `_`, a letter first, none twice. Letters with marks lose
 * them (`Größe` is `grosse`); letters of other scripts stay. A word of SQL gets `_value` behind it, a header without a name its place.
 */
export function columnNames(headers: readonly string[]): string[] {
  const taken = new Set<string>();
  return headers.map((header, index) => {
    const plain = header
      .toWellFormed()
      .replace(/([\p{Ll}0-9])(\p{Lu})/gu, '$1_$2')
      .toLowerCase()
      .replaceAll('ß', 'ss')
      .normalize('NFKD')
      .replaceAll(/\p{Mn}/gu, '')
      .replaceAll(/[^\p{L}\p{Nd}]+/gu, '_')
      .replaceAll(/^_+|_+$/g, '')
      .normalize('NFC')
      .slice(0, LONGEST);
    const base = plain === '' ? `column_${index + 1}` : /^\p{L}/u.test(plain) ? (TAKEN.test(plain) ? `${plain}_value` : plain) : `c_${plain}`;
    let name = base;
    for (let copy = 2; taken.has(name); copy += 1) name = `${base}_${copy}`;
    taken.add(name);
    return name;
  });
}
