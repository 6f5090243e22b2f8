import { describe, expect, it } from 'vitest';
import { chooseFormat } from './accept.ts';

describe('the format of an answer', () => {
  it.each([
    [undefined, 'json'],
    ['', 'json'],
    ['*/*', 'json'],
    ['application/*', 'json'],
    ['application/json', 'json'],
    ['APPLICATION/X-NDJSON', 'ndjson'],
    ['text/csv', 'csv'],
    ['text/*', 'csv'],
    ['text/csv; charset=utf-8', 'csv'],
    ['application/vnd.apache.arrow.stream', 'arrow'],
    ['text/html, application/vnd.apache.arrow.stream;q=0.9, */*;q=0.1', 'arrow'],
    ['application/json;q=0.5, text/csv', 'csv'],
    ['application/json;q=0, */*', 'arrow'],
    ['text/html,application/xhtml+xml,*/*;q=0.8', 'json'],
  ])('for %j is %s', (accept, format) => {
    expect(chooseFormat(accept)).toBe(format);
  });

  it.each(['text/html', 'application/json;q=0', 'image/*', 'application/json;q=2', 'nonsense', '*/*;q=0'])('is refused for %j', (accept) => {
    expect(() => chooseFormat(accept)).toThrowError(expect.objectContaining({ code: 'SKEIN_REQUEST_ACCEPT' }));
  });
});
