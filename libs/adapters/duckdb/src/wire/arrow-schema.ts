import { Binary } from 'apache-arrow/fb/binary';
import { Bool } from 'apache-arrow/fb/bool';
import { DateUnit } from 'apache-arrow/fb/date-unit';
import { Date as DateTable } from 'apache-arrow/fb/date';
import { Decimal } from 'apache-arrow/fb/decimal';
import { Endianness } from 'apache-arrow/fb/endianness';
import { Field } from 'apache-arrow/fb/field';
import { FixedSizeList } from 'apache-arrow/fb/fixed-size-list';
import { FloatingPoint } from 'apache-arrow/fb/floating-point';
import { IntervalUnit } from 'apache-arrow/fb/interval-unit';
import { Interval } from 'apache-arrow/fb/interval';
import { Int } from 'apache-arrow/fb/int';
import { List } from 'apache-arrow/fb/list';
import { Map as MapTable } from 'apache-arrow/fb/map';
import { Null } from 'apache-arrow/fb/null';
import { Precision } from 'apache-arrow/fb/precision';
import { Schema } from 'apache-arrow/fb/schema';
import { Struct_ } from 'apache-arrow/fb/struct-';
import { Time } from 'apache-arrow/fb/time';
import { TimeUnit } from 'apache-arrow/fb/time-unit';
import { Timestamp } from 'apache-arrow/fb/timestamp';
import { Type } from 'apache-arrow/fb/type';
import { Utf8 } from 'apache-arrow/fb/utf8';
import type { Builder, Offset } from 'flatbuffers';
import type { ResultColumn } from './encoder.ts';
import type { ResultType } from './result-type.ts';

/**
 * The Arrow schema of a result (Arrow format, Schema.fbs). Every type keeps its values exactly:
 * HUGEINT is decimal128(38, 0); UUID, ENUM, UHUGEINT, BIGNUM, BIT and TIMETZ are text, for want of a type that readers share;
 * UNION is a struct of its members, of which one is set. Nothing is dictionary-encoded.
 */
export function writeSchema(builder: Builder, columns: readonly ResultColumn[]): Offset {
  const fields = columns.map((column) => writeField(builder, column.name, column.type, true));
  return Schema.createSchema(builder, Endianness.Little, Schema.createFieldsVector(builder, fields), 0, 0);
}

function writeField(builder: Builder, name: string, type: ResultType, nullable: boolean): Offset {
  const children =
    type.kind === 'MAP'
      ? [
          writeTable(
            builder,
            'entries',
            false,
            Type.Struct_,
            struct(builder),
            type.parts.map((part, index) => writeField(builder, part.name, part.type, index === 1)),
          ),
        ]
      : type.parts.map((part) => writeField(builder, part.name, part.type, true));
  const [id, table] = writeType(builder, type);
  return writeTable(builder, name, nullable, id, table, children);
}

function writeTable(builder: Builder, name: string, nullable: boolean, id: Type, table: Offset, children: Offset[]): Offset {
  const nameAt = builder.createString(name);
  const childrenAt = Field.createChildrenVector(builder, children);
  Field.startField(builder);
  Field.addName(builder, nameAt);
  Field.addNullable(builder, nullable);
  Field.addTypeType(builder, id);
  Field.addType(builder, table);
  Field.addChildren(builder, childrenAt);
  return Field.endField(builder);
}

function struct(builder: Builder): Offset {
  Struct_.startStruct_(builder);
  return Struct_.endStruct_(builder);
}

function writeType(builder: Builder, type: ResultType): [Type, Offset] {
  const int = (bits: number, signed: boolean): [Type, Offset] => [Type.Int, Int.createInt(builder, bits, signed)];
  const decimal = (precision: number, scale: number): [Type, Offset] => [Type.Decimal, Decimal.createDecimal(builder, precision, scale, 128)];
  const timestamp = (unit: TimeUnit): [Type, Offset] => [Type.Timestamp, Timestamp.createTimestamp(builder, unit, 0)];
  switch (type.kind) {
    case 'BOOLEAN':
      Bool.startBool(builder);
      return [Type.Bool, Bool.endBool(builder)];
    case 'TINYINT':
      return int(8, true);
    case 'SMALLINT':
      return int(16, true);
    case 'INTEGER':
      return int(32, true);
    case 'BIGINT':
      return int(64, true);
    case 'UTINYINT':
      return int(8, false);
    case 'USMALLINT':
      return int(16, false);
    case 'UINTEGER':
      return int(32, false);
    case 'UBIGINT':
      return int(64, false);
    case 'FLOAT':
      return [Type.FloatingPoint, FloatingPoint.createFloatingPoint(builder, Precision.SINGLE)];
    case 'DOUBLE':
      return [Type.FloatingPoint, FloatingPoint.createFloatingPoint(builder, Precision.DOUBLE)];
    case 'DECIMAL':
      return decimal(type.precision, type.scale);
    case 'HUGEINT':
      return decimal(38, 0);
    case 'DATE':
      return [Type.Date, DateTable.createDate(builder, DateUnit.DAY)];
    case 'TIME':
      return [Type.Time, Time.createTime(builder, TimeUnit.MICROSECOND, 64)];
    case 'TIME_NS':
      return [Type.Time, Time.createTime(builder, TimeUnit.NANOSECOND, 64)];
    case 'TIMESTAMP_S':
      return timestamp(TimeUnit.SECOND);
    case 'TIMESTAMP_MS':
      return timestamp(TimeUnit.MILLISECOND);
    case 'TIMESTAMP':
      return timestamp(TimeUnit.MICROSECOND);
    case 'TIMESTAMP_NS':
      return timestamp(TimeUnit.NANOSECOND);
    case 'TIMESTAMP WITH TIME ZONE': {
      const zone = builder.createString('UTC');
      return [Type.Timestamp, Timestamp.createTimestamp(builder, TimeUnit.MICROSECOND, zone)];
    }
    case 'INTERVAL':
      return [Type.Interval, Interval.createInterval(builder, IntervalUnit.MONTH_DAY_NANO)];
    case 'BLOB':
    case 'GEOMETRY':
      Binary.startBinary(builder);
      return [Type.Binary, Binary.endBinary(builder)];
    case 'LIST':
      List.startList(builder);
      return [Type.List, List.endList(builder)];
    case 'ARRAY':
      return [Type.FixedSizeList, FixedSizeList.createFixedSizeList(builder, type.size)];
    case 'MAP':
      return [Type.Map, MapTable.createMap(builder, false)];
    case 'STRUCT':
    case 'UNION':
      return [Type.Struct_, struct(builder)];
    case 'NULL':
      Null.startNull(builder);
      return [Type.Null, Null.endNull(builder)];
    case 'VARCHAR':
    case 'UUID':
    case 'ENUM':
    case 'UHUGEINT':
    case 'BIGNUM':
    case 'BIT':
    case 'TIME WITH TIME ZONE':
      Utf8.startUtf8(builder);
      return [Type.Utf8, Utf8.endUtf8(builder)];
  }
}
