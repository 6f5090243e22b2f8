import type { ArrowColumn } from './arrow-column.ts';
import { Bits, Nulls, Rewritten, SameBytes } from './arrow-fixed.ts';
import { Lists, Parts, Strings, Texts } from './arrow-variable.ts';
import { UnsupportedValue } from './encoder.ts';
import type { ResultType } from './result-type.ts';
import { int128, intervalOverflows, scalarText } from './scalar.ts';
import { i16, i32, i64, u64, type VectorView } from './vector-view.ts';

const DECIMAL38 = 10n ** 38n;

/** The column that gathers values of a type in the layout that `arrow-schema.ts` announces. */
export function arrowColumn(type: ResultType): ArrowColumn {
  switch (type.kind) {
    case 'BOOLEAN':
      return new Bits();
    case 'DECIMAL':
      return type.width === 16 ? new SameBytes(16) : new Rewritten(16, (view) => widened(view, type.width));
    case 'HUGEINT':
      return new Rewritten(16, (view) => {
        const words = u64(view);
        return (row, target, offset) => {
          const value = int128(words, row);
          if (value >= DECIMAL38 || value <= -DECIMAL38)
            throw new UnsupportedValue('a HUGEINT has 39 digits, and Arrow decimals hold 38', 'Cast the column to VARCHAR.');
          target.setBigUint64(offset, words[row * 2] ?? 0n, true);
          target.setBigUint64(offset + 8, words[row * 2 + 1] ?? 0n, true);
        };
      });
    case 'INTERVAL':
      return new Rewritten(16, (view) => {
        const [words, micros] = [i32(view), i64(view)];
        return (row, target, offset) => {
          const value = micros[row * 2 + 1] ?? 0n;
          if (intervalOverflows(value)) throw new UnsupportedValue('an INTERVAL passes 292 years of nanoseconds', 'Cast the column to VARCHAR.');
          target.setInt32(offset, words[row * 4] ?? 0, true);
          target.setInt32(offset + 4, words[row * 4 + 1] ?? 0, true);
          target.setBigInt64(offset + 8, value * 1000n, true);
        };
      });
    case 'UUID':
    case 'UHUGEINT':
    case 'ENUM':
    case 'BIT':
    case 'BIGNUM':
    case 'TIME WITH TIME ZONE':
      return new Texts((view) => scalarText(type, view));
    case 'VARCHAR':
    case 'BLOB':
    case 'GEOMETRY':
      return new Strings();
    case 'LIST':
      return new Lists(part(type, 0));
    case 'MAP':
      return new Lists(new Parts([part(type, 0), part(type, 1)]));
    case 'ARRAY':
      return new Parts([part(type, 0)], type.size);
    case 'STRUCT':
      return new Parts(type.parts.map((member) => arrowColumn(member.type)));
    case 'UNION':
      return new Parts(
        type.parts.map((member) => arrowColumn(member.type)),
        1,
        1,
      );
    case 'NULL':
      return new Nulls();
    default:
      return new SameBytes(type.width);
  }
}

function part(type: ResultType, index: number): ArrowColumn {
  const found = type.parts[index];
  if (found === undefined) throw new RangeError(`type ${type.text} has no part ${index}`);
  return arrowColumn(found.type);
}

/** DECIMALs of up to 18 digits, sign-extended to 128 bits. */
function widened(view: VectorView, width: number): (row: number, target: DataView, offset: number) => void {
  if (width === 8) {
    const values = i64(view);
    return (row, target, offset) => {
      const value = values[row] ?? 0n;
      target.setBigInt64(offset, value, true);
      target.setBigInt64(offset + 8, value < 0n ? -1n : 0n, true);
    };
  }
  const values = width === 2 ? i16(view) : i32(view);
  return (row, target, offset) => {
    const value = values[row] ?? 0;
    const sign = value < 0 ? -1 : 0;
    target.setInt32(offset, value, true);
    target.setInt32(offset + 4, sign, true);
    target.setInt32(offset + 8, sign, true);
    target.setInt32(offset + 12, sign, true);
  };
}
