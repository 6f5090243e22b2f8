import { readFile } from 'node:fs/promises';
import { SkeinError } from '@skein/kernel';
import type { ProposalQuestion, Proposer, ProposerAnswer, ProposerRun } from '@skein/ports';
import { Budget } from './budget.ts';
import { bodyOf } from './question.ts';
import { readReply } from './reply.ts';

export interface OpenaiProposerOptions {
  /** Where an OpenAI-compatible service answers, such as `https://models.example.org/v1`; `/chat/completions` is added. Nothing else is ever fetched. */
  readonly address: string;
  readonly model: string;
  /** Holds the key; its first line is sent as the bearer token. Without it, no key is sent. */
  readonly keyFile?: string;
  /** For each run. `tokens` counts what was asked and what was answered. */
  readonly budget: { readonly calls: number; readonly tokens: number };
  /** Milliseconds from the question to the last byte of the answer; default 30,000. */
  readonly timeoutMs?: number;
  /** Whether up to 10 failing values of a public column are told; default false. Those of classified columns never are. */
  readonly tellValues?: boolean;
}

const TIMEOUT_MS = 30_000;
/** Tokens of one answer. */
const MOST_ANSWERED = 1_000;
/** Bytes of one reply that are read. */
const LARGEST_REPLY = 262_144;
/** Failures in a row after which the run asks no more: a service that is down must not be waited for once for every gap. */
const MOST_FAILURES = 3;

/**
 * Proposes by an OpenAI-compatible service (`POST {address}/chat/completions`, the form of the Chat Completions API). Redirects are refused, replies are read
 * up to a bound, and what is not exactly what was asked for is no proposal. Throws SKEIN_CONFIG_INVALID for options that cannot be meant.
 */
export async function openaiProposer({ keyFile, ...options }: OpenaiProposerOptions): Promise<Proposer> {
  const { model, budget, timeoutMs = TIMEOUT_MS, tellValues = false } = options;
  const address = addressOf(options.address, keyFile !== undefined);
  const key = keyFile === undefined ? undefined : await keyOf(keyFile);
  for (const [name, value] of [
    ['budget.calls', budget.calls],
    ['budget.tokens', budget.tokens],
    ['timeoutMs', timeoutMs],
  ] as const)
    if (!Number.isSafeInteger(value) || value < 1) throw invalid(`${name} ${value} is no whole number above 0`);
  if (model === '') throw invalid('the model has no name');
  return {
    tellsValues: tellValues,
    begin: () => new Run({ address, model, key, timeoutMs }, new Budget(budget)),
  };
}

interface Service {
  readonly address: string;
  readonly model: string;
  readonly key: string | undefined;
  readonly timeoutMs: number;
}

class Run implements ProposerRun {
  readonly #service: Service;
  readonly #budget: Budget;
  #failures = 0;

  constructor(service: Service, budget: Budget) {
    this.#service = service;
    this.#budget = budget;
  }

  get spent(): ProposerRun['spent'] {
    return this.#budget.spent;
  }

  async ask(question: ProposalQuestion): Promise<ProposerAnswer> {
    if (this.#failures >= MOST_FAILURES) return { kind: 'failed', why: `the model failed ${MOST_FAILURES} times in a row, and is not asked again in this run` };
    const body = bodyOf(question, this.#service.model, MOST_ANSWERED);
    // A token is a byte at least: no reckoning of the service can exceed this.
    const most = Buffer.byteLength(body) + MOST_ANSWERED;
    if (!this.#budget.take(most)) return { kind: 'spent', why: 'the budget of this run is used up' };
    const { answer, tokens } = await this.#call(body);
    this.#budget.settle(most, tokens);
    if (answer.kind === 'failed' || answer.kind === 'silent') this.#failures += 1;
    else this.#failures = 0;
    return answer;
  }

  async #call(body: string): Promise<{ readonly answer: ProposerAnswer; readonly tokens?: number }> {
    const { address, key, timeoutMs } = this.#service;
    const signal = AbortSignal.timeout(timeoutMs);
    try {
      const response = await fetch(address, {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept: 'application/json', ...(key !== undefined && { authorization: `Bearer ${key}` }) },
        body,
        redirect: 'manual',
        signal,
      });
      if (response.status >= 300 && response.status < 400) {
        await response.body?.cancel();
        return { answer: { kind: 'refused', why: `the model answers with a redirect (${response.status}), which is not followed` } };
      }
      if (response.status !== 200) {
        await response.body?.cancel();
        return { answer: { kind: 'failed', why: `the model answers with status ${response.status}` } };
      }
      const text = await readUpTo(response, LARGEST_REPLY);
      if (text === undefined) return { answer: { kind: 'refused', why: `the reply has more than ${LARGEST_REPLY} bytes` } };
      return readReply(text);
    } catch {
      // The cause may quote the address or the key: it is not told.
      if (signal.aborted) return { answer: { kind: 'silent', why: `the model did not answer within ${timeoutMs} ms` } };
      return { answer: { kind: 'failed', why: 'the connection to the model failed' } };
    }
  }
}

/** The text of a response; undefined when it is longer, and then the rest is not read. */
async function readUpTo(response: Response, most: number): Promise<string | undefined> {
  const reader = response.body?.getReader();
  if (reader === undefined) return '';
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return Buffer.concat(parts).toString('utf8');
    bytes += value.byteLength;
    if (bytes > most) {
      await reader.cancel();
      return undefined;
    }
    parts.push(value);
  }
}

const LOCAL = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

function addressOf(text: string, withKey: boolean): string {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw invalid('the address of the model is no URL');
  }
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw invalid(`the address of the model begins with ${url.protocol}, not with https:`);
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '')
    throw invalid('the address of the model holds a user, a query or a fragment');
  if (url.protocol === 'http:' && withKey && !LOCAL.test(url.hostname)) throw invalid('a key is sent by https: only, save to this machine');
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}/chat/completions`;
}

async function keyOf(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new SkeinError('SKEIN_CONFIG_INVALID', `the key file ${file} cannot be read`, { cause });
  });
  const [key = ''] = text.trim().split('\n', 1);
  if (!/^[\x21-\x7e]{1,4096}$/.test(key)) throw invalid(`the key file ${file} holds no key in its first line`);
  return key;
}

function invalid(message: string): SkeinError {
  return new SkeinError('SKEIN_CONFIG_INVALID', message);
}
