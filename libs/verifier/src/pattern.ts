import { createRequire } from 'node:module';
import { SkeinError, type Place } from '@skein/kernel';
import type { RE2JS } from 're2js';

/** Loaded for the first pattern: a process that has none to compile spends no time on it. */
const load = createRequire(import.meta.url);

/** A compiled pattern: linear in the length of the text, whatever the pattern. */
export interface CompiledPattern {
  /** Whether the pattern is found anywhere in the text. */
  test(text: string): boolean;
}

const MAX_LENGTH = 4096;
const MAX_PROGRAM = 20_000;
const GENERAL_CATEGORY = /^(?:C[cfos]?|L[lmotu]?|M[cen]?|N[dlo]?|P[cdefios]?|S[ckmo]?|Z[lps]?)$/;

/**
 * Compiles a pattern of a contract. The engine runs RE2, the record check its port `re2js`; what the two do not share is
 * refused here, at the contract, rather than found at the first row. Throws SKEIN_CONTRACT_UNSUPPORTED.
 */
export function compilePattern(pattern: string, place: Place): CompiledPattern {
  const refuse = (reason: string, hint: string, cause?: unknown): never => {
    throw new SkeinError(
      'SKEIN_CONTRACT_UNSUPPORTED',
      `the pattern ${JSON.stringify(pattern.length > 200 ? `${pattern.slice(0, 200)}…` : pattern)} ${reason}`,
      { place, hint, cause },
    );
  };
  if (pattern.length > MAX_LENGTH) refuse(`is longer than ${MAX_LENGTH} characters`, 'Split the rule, or use a list of valid values.');
  if (pattern.includes('\0')) refuse('holds a NUL character', 'Write \\x00.');
  for (const [, name, brace] of bare(pattern).matchAll(/\\[pP](?:\{\^?([^}]*)\}|(.))/g)) {
    const word = name ?? brace ?? '';
    // Scripts are known to both, and an unknown one is refused by the compiler; properties such as Emoji only to one.
    if (!GENERAL_CATEGORY.test(word) && BINARY_PROPERTIES.has(word.toLowerCase().replaceAll(/[ _-]/g, '')))
      refuse(`uses the Unicode property ${word}, which RE2 does not know`, 'Use a general category such as \\p{L}, or a script such as \\p{Latin}.');
  }
  if (/\(\?<[A-Za-z_]/.test(bare(pattern))) refuse('names a group with (?<name>', 'Write (?:…): the names of groups have no use here.');
  let compiled: RE2JS;
  try {
    compiled = (load('re2js') as typeof import('re2js')).RE2JS.compile(pattern);
  } catch (error) {
    return refuse(
      `is not RE2: ${error instanceof Error ? error.message.replace(/^error parsing regexp: /, '') : String(error)}`,
      'Use RE2 syntax (https://github.com/google/re2/wiki/Syntax): no lookaround, no backreference; both can take exponential time.',
      error,
    );
  }
  if (compiled.programSize() > MAX_PROGRAM) refuse('is too large once its repetitions are written out', 'Use smaller counts, or minLength and maxLength.');
  return compiled;
}

/** The pattern without escaped backslashes and quoted stretches, so that what is left of `\p` and `(?<` is meant. */
function bare(pattern: string): string {
  return pattern.replaceAll(/\\Q[\s\S]*?(?:\\E|$)|\\\\|\\\(/g, '');
}

const BINARY_PROPERTIES = new Set(
  (
    'alphabetic asciihexdigit bidicontrol bidimirrored cased caseignorable dash defaultignorablecodepoint deprecated diacritic emoji emojicomponent emojimodifier emojimodifierbase ' +
    'emojipresentation extendedpictographic extender graphemebase graphemeextend hexdigit idcontinue idstart ideographic joincontrol lowercase math noncharactercodepoint patternsyntax ' +
    'patternwhitespace quotationmark radical regionalindicator sentenceterminal softdotted terminalpunctuation unifiedideograph uppercase variationselector whitespace xidcontinue xidstart assigned ascii'
  ).split(' '),
);
