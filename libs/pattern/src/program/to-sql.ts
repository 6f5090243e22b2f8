import type { Expression } from '../pattern.ts';
import type { Program } from './program.ts';

/** The SQL of a program, with the placeholders of `Expression`. */
export function toSql(_program: Program): Expression {
  return { kind: 'expression', transformation: 'NULL', preConditions: 'FALSE', postValidation: 'TRUE' };
}
