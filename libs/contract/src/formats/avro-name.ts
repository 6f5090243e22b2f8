/** Names of Avro are ASCII letters, digits and _ (specification, "Names"). Others are spelled so, and keep their own as `skein.name`. */
export function avroNames(names: readonly string[]): string[] {
  const taken = new Set(names.filter(isAvroName));
  return names.map((name) => {
    if (isAvroName(name)) return name;
    const plain = name.replaceAll(/[^A-Za-z0-9_]/g, '_');
    const base = /^[A-Za-z_]/.test(plain) ? plain : `_${plain}`;
    let free = base;
    for (let copy = 2; taken.has(free); copy += 1) free = `${base}_${copy}`;
    taken.add(free);
    return free;
  });
}

export function isAvroName(name: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(name);
}
