import type { ColumnType, Contract } from './contract.ts';

/**
 * A field in the JSON form of the Arrow format's integration tests
 * (https://arrow.apache.org/docs/format/Integration.html#json-test-data-format).
 */
export interface ArrowField {
  readonly name: string;
  readonly nullable: boolean;
  readonly type: Readonly<Record<string, string | number | boolean>>;
  readonly children: readonly ArrowField[];
}

/** The exact Arrow schema of a contract's rows. Timestamps and times have microseconds; instants are in UTC. */
export function arrowSchema(contract: Contract): { readonly fields: readonly ArrowField[] } {
  return { fields: contract.properties.map((property) => arrowField(property.name, property.type, !property.required)) };
}

function arrowField(name: string, type: ColumnType, nullable: boolean): ArrowField {
  const field = (arrow: ArrowField['type'], children: readonly ArrowField[] = []): ArrowField => ({ name, nullable, type: arrow, children });
  switch (type.kind) {
    case 'string':
      return field({ name: 'utf8' });
    case 'boolean':
      return field({ name: 'bool' });
    case 'int':
      return field({ name: 'int', bitWidth: type.bits, isSigned: true });
    case 'float':
      return field({ name: 'floatingpoint', precision: type.bits === 32 ? 'SINGLE' : 'DOUBLE' });
    case 'decimal':
      return field({ name: 'decimal', precision: type.precision, scale: type.scale, bitWidth: 128 });
    case 'date':
      return field({ name: 'date', unit: 'DAY' });
    case 'time':
      return field({ name: 'time', unit: 'MICROSECOND', bitWidth: 64 });
    case 'timestamp':
      return field(type.zoned ? { name: 'timestamp', unit: 'MICROSECOND', timezone: 'UTC' } : { name: 'timestamp', unit: 'MICROSECOND' });
    case 'binary':
      return field({ name: 'binary' });
    case 'struct':
      return field(
        { name: 'struct' },
        type.fields.map((part) => arrowField(part.name, part.type, !part.required)),
      );
    case 'list':
      return field({ name: 'list' }, [arrowField('element', type.element, true)]);
    case 'map':
      return field({ name: 'map', keysSorted: false }, [
        { name: 'entries', nullable: false, type: { name: 'struct' }, children: [arrowField('key', type.key, false), arrowField('value', type.value, true)] },
      ]);
  }
}
