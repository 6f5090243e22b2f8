import type { ServerResponse } from 'node:http';
import { Catch, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { answerText, asSkeinError, errorAnswer } from './error-answer.ts';
import type { GatewayLog } from '../gateway-log.ts';

/** Gives every error of the application, Nest's own among them, the one form of errors on the wire. */
@Catch()
export class ErrorFilter implements ExceptionFilter {
  readonly #log: GatewayLog;

  constructor(log: GatewayLog) {
    this.#log = log;
  }

  catch(exception: unknown, host: ArgumentsHost): void {
    const error = asSkeinError(exception);
    if (error.fault === 'platform') this.#log.error(error);
    const reply = host
      .switchToHttp()
      .getResponse<{ raw: ServerResponse; sent: boolean; code(status: number): unknown; headers(headers: object): unknown; send(body: string): unknown }>();
    if (reply.sent || reply.raw.headersSent) return;
    const { status, headers, body } = errorAnswer(error);
    reply.code(status);
    reply.headers(headers);
    reply.send(answerText(body));
  }
}
