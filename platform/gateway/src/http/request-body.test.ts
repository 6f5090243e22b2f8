import { describe, expect, it } from 'vitest';
import { bodyText, checkSqlRequest, parseExactJson } from './request-body.ts';

describe('the text of a body', () => {
  it('is UTF-8, and a fault of the client where it is not', () => {
    expect(bodyText(Buffer.from('{"sql":"select \'é😀\'"}'))).toBe('{"sql":"select \'é😀\'"}');
    for (const bytes of [[0xff, 0xfe], [0xc3], [0xed, 0xa0, 0x80]]) {
      expect(() => bodyText(Uint8Array.from(bytes))).toThrowError(expect.objectContaining({ code: 'SKEIN_REQUEST_INVALID', message: 'the body is not UTF-8' }));
    }
  });
});

describe('exact JSON', () => {
  it.each([
    ['1', 1],
    ['-0', -0],
    ['9007199254740991', 9_007_199_254_740_991],
    ['9007199254740992', 9_007_199_254_740_992n],
    ['9007199254740993', 9_007_199_254_740_993n],
    ['-170141183460469231731687303715884105728', -(2n ** 127n)],
    ['0.1', 0.1],
    ['1.50e3', 1_500],
    ['1e22', 1e22],
    ['0.000', 0],
    ['123456789.125', 123_456_789.125],
    ['5e-324', 5e-324],
    ['"9007199254740993"', '9007199254740993'],
  ])('reads %s as it was written', (text, value) => {
    expect(parseExactJson(`{"params":[${text}]}`)).toEqual({ params: [value] });
  });

  it.each(['0.1000000000000000055511151231257827', '12345678901234567890.5', '1e400', '9007199254740993.0', '1e-400'])(
    'refuses %s, which a double would change',
    (text) => {
      expect(() => parseExactJson(`[${text}]`)).toThrowError(expect.objectContaining({ code: 'SKEIN_REQUEST_INVALID', hint: expect.stringContaining('CAST') }));
    },
  );

  it.each(['', '{', '{"sql":}', 'NaN', '{"a":1}x', "{'a':1}"])('refuses what is not JSON: %s', (text) => {
    expect(() => parseExactJson(text)).toThrowError(expect.objectContaining({ code: 'SKEIN_REQUEST_INVALID' }));
  });
});

describe('the body of a query', () => {
  const good = { sql: 'select 1', params: [1, 'a', true, null, 2n ** 60n], asOf: { 'sap.material': 3 }, timeoutMs: 100, maxRows: 5, maxStaleness: '24h' };

  it('is taken as it is', () => {
    expect(checkSqlRequest(good)).toEqual({ sql: 'select 1', parameters: good.params, asOf: good.asOf, timeoutMs: 100, maxRows: 5, maxStaleness: 86_400_000 });
    expect(checkSqlRequest({ sql: 'x' })).toEqual({
      sql: 'x',
      parameters: [],
      asOf: undefined,
      timeoutMs: undefined,
      maxRows: undefined,
      maxStaleness: undefined,
    });
    expect(checkSqlRequest({ sql: 'x', asOf: '2026-01-01' }).asOf).toBe('2026-01-01');
  });

  it.each([
    ['a list', [good], undefined],
    ['null', null, undefined],
    ['text', 'select 1', undefined],
    ['without sql', { params: [] }, 'sql'],
    ['with sql as a number', { sql: 1 }, 'sql'],
    ['with an unknown member', { ...good, SQL: 'x' }, 'SQL'],
    ['with __proto__', JSON.parse('{"sql":"x","__proto__":{"maxRows":1}}'), '__proto__'],
    ['with params as an object', { sql: 'x', params: { 1: 2 } }, 'params'],
    ['with a nested parameter', { sql: 'x', params: [1, [2]] }, 'params[1]'],
    ['with timeoutMs as text', { sql: 'x', timeoutMs: '100' }, 'timeoutMs'],
    ['with maxRows as text', { sql: 'x', maxRows: '1' }, 'maxRows'],
    ['with maxRows null', { sql: 'x', maxRows: null }, 'maxRows'],
    ['with asOf as a number', { sql: 'x', asOf: 3 }, 'asOf'],
    ['with asOf as a list', { sql: 'x', asOf: [3] }, 'asOf'],
    ['with a staleness without unit', { sql: 'x', maxStaleness: '24' }, 'maxStaleness'],
  ])('is refused %s, naming the member', (_name, body, member) => {
    expect(() => checkSqlRequest(body)).toThrowError(
      expect.objectContaining({ code: 'SKEIN_REQUEST_INVALID', context: member === undefined ? {} : { member } }),
    );
  });
});
