import { ERRORS, SkeinError, type ErrorCode } from '@skein/kernel';

/** A request on the topic of a domain; the answer goes to `replyTo` under `id`. */
export interface RequestPacket {
  readonly id: string;
  readonly pattern: string;
  readonly data: unknown;
  readonly replyTo: string;
}

/** The one answer to a request: a response, or an error. */
export type ReplyPacket = { readonly id: string } & ({ readonly response: unknown } | { readonly error: unknown });

/** Topic of the requests to one domain: of `ga4.describe` it is `requests.ga4`. */
export function requestTopic(pattern: string): string {
  return `requests.${pattern.split('.', 1)[0]}`;
}

/** As JSON data: bigint as text, a SkeinError as its record, another error as SKEIN_INTERNAL without its stack. */
export function toWire(value: unknown): unknown {
  if (value === undefined) return null;
  const text = JSON.stringify(value, (_name, member: unknown) => {
    if (typeof member === 'bigint') return member.toString();
    return member instanceof Error ? { code: 'SKEIN_INTERNAL', message: member.message } : member;
  });
  return text === undefined ? null : (JSON.parse(text) as unknown);
}

/** The error that a reply carries. */
export function fromWire(error: unknown): SkeinError {
  const told = (typeof error === 'object' && error !== null ? error : { message: String(error) }) as {
    code?: unknown;
    message?: unknown;
    hint?: unknown;
    context?: unknown;
  };
  const known = typeof told.code === 'string' && Object.hasOwn(ERRORS, told.code);
  return new SkeinError(known ? (told.code as ErrorCode) : 'SKEIN_INTERNAL', String(told.message ?? 'the domain failed without a message'), {
    ...(typeof told.hint === 'string' ? { hint: told.hint } : {}),
    ...(typeof told.context === 'object' && told.context !== null ? { context: told.context as Record<string, unknown> } : {}),
  });
}
