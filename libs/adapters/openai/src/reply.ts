import type { Expression } from '@skein/pattern';
import type { ProposerAnswer } from '@skein/ports';

const MOST_SOLUTIONS = 3;
const LONGEST_PART = 4_096;
const PARTS = ['transformation', 'preConditions', 'postValidation'] as const;

/** Reads a reply of the Chat Completions API strictly: one object with nothing in it but what was asked for, or no proposal. Says nothing of its content. */
export function readReply(text: string): { readonly answer: ProposerAnswer; readonly tokens?: number } {
  const reply = parsed(text);
  if (!isRecord(reply)) return refused('the reply is no JSON object');
  const usage = isRecord(reply['usage']) ? reply['usage']['total_tokens'] : undefined;
  const spent = typeof usage === 'number' ? { tokens: usage } : {};
  const choices: unknown = reply['choices'];
  const choice: unknown = Array.isArray(choices) ? choices[0] : undefined;
  const message = isRecord(choice) ? choice['message'] : undefined;
  const content = isRecord(message) ? message['content'] : undefined;
  if (typeof content !== 'string') return { ...refused('the reply holds no message'), ...spent };
  const said = parsed(content);
  if (!isRecord(said) || Object.keys(said).join() !== 'solutions' || !Array.isArray(said['solutions']))
    return { ...refused('the message is not the JSON that was asked for'), ...spent };
  if (said['solutions'].length > MOST_SOLUTIONS) return { ...refused(`the message holds more than ${MOST_SOLUTIONS} solutions`), ...spent };
  const solutions: Expression[] = [];
  for (const one of said['solutions'] as unknown[]) {
    const read = solutionOf(one);
    if (read === undefined) return { ...refused('a solution is not the three texts that were asked for'), ...spent };
    solutions.push(read);
  }
  return { answer: { kind: 'solutions', solutions }, ...spent };
}

function solutionOf(input: unknown): Expression | undefined {
  if (!isRecord(input) || Object.keys(input).length !== PARTS.length) return undefined;
  const [transformation, preConditions, postValidation] = PARTS.map((name) => input[name]);
  if (!isPart(transformation) || !isPart(preConditions) || !isPart(postValidation)) return undefined;
  return { kind: 'expression', transformation, preConditions, postValidation };
}

function isPart(value: unknown): value is string {
  return typeof value === 'string' && value.trim() !== '' && value.length <= LONGEST_PART && value.isWellFormed() && !value.includes('\0');
}

function refused(why: string): { readonly answer: ProposerAnswer } {
  return { answer: { kind: 'refused', why } };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
