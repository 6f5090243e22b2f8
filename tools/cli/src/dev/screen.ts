import { formatError } from '@skein/kernel';
import { printable } from '../output/place-text.ts';
import type { ToldError, ToldProduct, ToldSample } from './told.ts';
import type { Answer } from './workers.ts';

/** Faults of types that are shown; a broken declaration makes hundreds. */
const MOST_FAULTS = 5;

/** What `skein dev` prints: a line for each product that was made anew, and nothing of those that were not. With `json`, one document a line. */
export class DevScreen {
  readonly #domain: string;
  readonly #out: { write(text: string): void };
  readonly #json: boolean;
  #faulty = false;

  constructor(domain: string, out: { write(text: string): void }, json: boolean) {
    this.#domain = domain;
    this.#out = out;
    this.#json = json;
  }

  start(from: string): void {
    this.#say(
      { event: 'start', domain: this.#domain },
      `${this.#domain} over ${printable(from)}: an edit of a step, a contract or a file shows its verdict; Ctrl+C ends it`,
    );
  }

  begin(files: readonly string[]): void {
    if (files.length > 0) this.#say({ event: 'changed', files }, `\n${files.slice(0, 3).join(', ')}${files.length > 3 ? ` and ${files.length - 3} more` : ''}`);
  }

  /** What the first rows show, marked as that; the verdict on all of them follows. */
  sampled(sample: ToldSample, milliseconds: number): void {
    this.#say({ event: 'sampled', sample, milliseconds }, sampleText(sample, milliseconds));
  }

  /** A product as soon as it is made; `milliseconds` since the edit was noticed. */
  made(product: ToldProduct, milliseconds: number): void {
    this.#say({ event: 'made', product, milliseconds }, productText(product));
  }

  show(answer: Answer, milliseconds: number): void {
    if (answer.kind === 'broken') {
      this.#say({ event: 'broken', error: answer.error, milliseconds }, `${errorText(answer.error)}\n  ${seconds(milliseconds)}`);
      return;
    }
    const { products, files, errors } = answer;
    const same = products.filter(({ outcome }) => outcome === 'unchanged').length;
    const summary = [
      ...(files.landed > 0 ? [`${files.landed} files taken in`] : []),
      ...(same > 0 ? [`${same} ${same === 1 ? 'product' : 'products'} as before`] : []),
      seconds(milliseconds),
    ].join(', ');
    const lines = [...errors.map(errorText), `  ${summary}`];
    this.#say({ event: 'verdict', milliseconds, products, files, errors }, lines.join('\n'));
  }

  /** Faults of types are shown when they come, and once more nothing when they are mended. */
  types(faults: readonly ToldError[]): void {
    const mended = this.#faulty && faults.length === 0;
    this.#faulty = faults.length > 0;
    if (faults.length === 0 && !mended) return;
    const more = faults.length > MOST_FAULTS ? [`  … and ${faults.length - MOST_FAULTS} more`] : [];
    this.#say({ event: 'types', errors: faults }, mended ? '  types are right again' : [...faults.slice(0, MOST_FAULTS).map(errorText), ...more].join('\n'));
  }

  /** The next edit finds a warm process. */
  ready(): void {
    if (this.#json) this.#say({ event: 'ready' }, '');
  }

  broken(error: unknown): void {
    this.#say({ event: 'broken', error: { message: formatError(error) } }, formatError(error));
  }

  #say(event: object, text: string): void {
    this.#out.write(`${this.#json ? JSON.stringify(event) : text}\n`);
  }
}

function sampleText({ product, passes, first, of, gates, left, ...counted }: ToldSample, milliseconds: number): string {
  const counts = `the first ${first.toLocaleString('en-GB')} of ${of.toLocaleString('en-GB')} rows: ${countsText(counted)}`;
  const waiting = left.slice(0, 5).map(({ check }) => check);
  return [
    `  ~ ${product} ${passes ? 'passes' : 'does not pass'} on a sample, ${counts}; ${seconds(milliseconds)}`,
    ...gateLines(gates),
    ...(waiting.length === 0
      ? []
      : [`      a sample cannot tell: ${printable(waiting.join(', '))}${left.length > waiting.length ? ', …' : ''}, which go by all rows`]),
    '      the verdict on all rows follows',
  ].join('\n');
}

function productText({ product, outcome, gates, error, ...counted }: ToldProduct): string {
  const counts = countsText(counted);
  const [sign, said] =
    outcome === 'published'
      ? ['✓', `passes: ${counts}`]
      : outcome === 'refused'
        ? ['✗', `does not pass: ${counts}`]
        : ['✗', outcome === 'skipped' ? 'was not made' : 'failed'];
  return [`  ${sign} ${product} ${said}`, ...gateLines(gates), ...(error ? [errorText(error)] : [])].join('\n');
}

function gateLines(gates: ToldProduct['gates']): string[] {
  return gates.map(({ severity, text }) => `      ${severity === 'error' ? '✗' : '!'} ${printable(text)}`);
}

function countsText({ rows, refused, violations }: Pick<ToldProduct, 'rows' | 'refused' | 'violations'>): string {
  const rules = Object.entries(violations).toSorted(([, a], [, b]) => b - a);
  const why =
    rules.length === 0
      ? ''
      : ` (${rules
          .slice(0, 5)
          .map(([rule, count]) => `${rule} ${count.toLocaleString('en-GB')}`)
          .join(', ')}${rules.length > 5 ? ', …' : ''})`;
  return `${rows.toLocaleString('en-GB')} rows${refused > 0 ? `, ${refused.toLocaleString('en-GB')} refused${why}` : ''}`;
}

function errorText({ message, frame, fix, code }: ToldError): string {
  const lines = [
    message,
    ...(frame === undefined || frame === '' ? [] : [frame]),
    ...(fix === undefined ? [] : [`  fix: ${fix}`]),
    ...(code === undefined ? [] : [`  code: ${code}`]),
  ];
  return lines
    .join('\n')
    .split('\n')
    .map((line) => `    ${printable(line)}`)
    .join('\n');
}

function seconds(milliseconds: number): string {
  return `after ${(milliseconds / 1000).toFixed(2)} s`;
}
