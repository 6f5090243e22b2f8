import { literal } from '@skein/kernel';

/**
 * Personal data in texts that visitors and tag managers write: e-mail addresses and telephone numbers in page addresses,
 * search terms and custom parameters, plain or percent-encoded any number of times (`%40`, `%2540`).
 */

const AT = '(?:@|%(?:25)*40)';
const DOT = '(?:[.]|%(?:25)*2[eE])';
const LABEL = '[^\\s\\x00-\\x1f/?&=#:;,<>"()@.]';
/** The local part may hold percent-encoded characters; the last label of the host does not begin with a digit. */
const EMAIL = `[^\\s\\x00-\\x1f/?&=#:;,<>"()\\[\\]@]+${AT}(?:${LABEL}+?${DOT})+[^\\s\\x00-\\x1f/?&=#:;,<>"()@.0-9]${LABEL}+`;
/** What is left must not read as an address when decoded. */
const DECODED_EMAIL = '[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+[.][A-Za-z]{2,}';

/** A query parameter that is named like a telephone number and holds at least five digits, and nothing but digits and the marks between them. */
const MARK = '(?:[ +().\\-/]|%(?:25)*(?:20|2[89bBdDfF]))';
const NAMED_PHONE =
  '((?:^|[\\x1f?&;]|%3[fF]|%26)(?:[A-Za-z_.-]*(?:[pP]hone|PHONE|[tT]elefon|[mM]obile|msisdn|MSISDN)|(?:[A-Za-z_.-]*[_.-])?(?:[tT]el|[hH]andy))(?:[_.-]?(?:[nN]umber|[nN]ummer|[nN]um|[nN]o|[nN]r))?(?:=|%3[dD]))' +
  `(?:${MARK}*[0-9]){5,20}${MARK}*`;
/** International form: a plus where a word begins, a country code, and 8 to 15 digits with the usual marks between. */
const PLUS_PHONE = '(^|[\\s\\x1f=,:;(]|%20|%(?:25)*3[aAdD])(?:\\+|%(?:25)*2[bB])[1-9](?:(?:[ ().\\-/]|%(?:25)*2[089dD])*[0-9]){7,14}';

/** Cheap test on all texts of a record at once: without any of these, there is nothing to scrub. */
export const mayHoldPersonalData = (text: string): string =>
  `regexp_matches(${text}, ${literal('@|%(25)*40|\\+[1-9]|%(25)*2[bB][1-9]|[pP]hone|PHONE|[tT]elefon|[mM]obile|[hH]andy|msisdn|MSISDN|[tT]el[A-Za-z_.-]*(=|%3[dD])')})`;

/**
 * A text, or several joined by chr(31), with `(email)` and `(phone)` in the places of addresses and numbers. Where an address
 * hides in ways that the pattern does not see, the whole text goes. Regular expressions stay out of list lambdas: the engine
 * would compile them again for each chunk of rows.
 */
export const scrubbed = (texts: string): string => {
  const plain = replaceAll(texts, EMAIL, '(email)');
  return replaceAll(replaceAll(hidden(plain), NAMED_PHONE, '\\1(phone)'), PLUS_PHONE, '\\1(phone)');
};

const replaceAll = (text: string, pattern: string, by: string): string => `regexp_replace(${text}, ${literal(pattern)}, ${literal(by)}, 'g')`;

const reads = (text: string): string =>
  [`TRY(url_decode(${text}))`, `TRY(url_decode(url_decode(${text})))`]
    .map((decoded) => `regexp_matches(coalesce(${decoded}, ''), ${literal(DECODED_EMAIL)})`)
    .join(' OR ');

const hidden = (texts: string): string => `CASE WHEN ${reads(texts)}
    THEN array_to_string(list_transform(string_split(${texts}, chr(31)), lambda part: CASE WHEN ${reads('part')} THEN '(email)' ELSE part END), chr(31))
    ELSE ${texts} END`;
