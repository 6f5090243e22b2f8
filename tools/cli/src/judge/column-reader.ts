import { engineType, type Property } from '@skein/contract';
import { ident } from '@skein/kernel';
import type { Form } from '@skein/verifier';

/** How a value that is not of its column's type yet is read; all but `value` are SQL over the name that it is given. */
export interface ReadColumn {
  readonly value: string;
  readonly form: (name: string) => Form;
  /** Its text, for samples. */
  readonly raw: (name: string) => string;
  /** Whether there is no value; by default where it is NULL. */
  readonly missing?: (name: string) => string;
}

/**
 * The three selects by which columns are read: the first names each value, the second says whether it can be read, the third
 * reads it. So no form is tried twice, and none is evaluated where it cannot be read.
 */
export class ColumnReader {
  readonly #values: string[] = ['"_file"', '"_row"'];
  readonly #tried: string[] = ['"_file"', '"_row"'];
  readonly #typed: string[] = ['"_file"', '"_row"'];
  /** Positions of the properties that are read. */
  readonly read: Set<number> = new Set();

  /** A column that the engine casts without loss. */
  take(value: string, property: Property): void {
    const name = ident(property.name);
    this.#values.push(`${value}::${engineType(property.type)} AS ${name}`);
    this.#tried.push(name);
    this.#typed.push(name);
  }

  add(index: number, property: Property, { value, form, raw, missing = (name) => `${name} IS NULL` }: ReadColumn): void {
    const name = `"_v${index}"`;
    const { ok, value: typed } = form(name);
    this.read.add(index);
    this.#values.push(`${value} AS ${name}`);
    this.#tried.push(name, `CASE WHEN NOT (${missing(name)}) THEN coalesce(${ok}, FALSE) END AS "_ok${index}"`);
    this.#typed.push(
      `CASE WHEN "_ok${index}" THEN ${typed} END::${engineType(property.type)} AS ${ident(property.name)}`,
      `coalesce(NOT "_ok${index}", FALSE) AS "_bad${index}"`,
      `CASE WHEN NOT "_ok${index}" THEN left(${raw(name)}, 200) END AS "_raw${index}"`,
    );
  }

  select(from: string): string {
    return `SELECT ${this.#typed.join(', ')} FROM (SELECT ${this.#tried.join(', ')} FROM (SELECT ${this.#values.join(', ')} FROM ${from}))`;
  }
}
