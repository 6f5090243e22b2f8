import type { ProposalQuestion } from '@skein/ports';

const INSTRUCTIONS = `Values of one column of a table break its contract. Write a DuckDB SQL expression that turns each into the value it was meant to be.
You see the contract of the column and the shapes of the failing values: 9 is a run of digits, A of capitals, a of small letters, Aa a capitalised word, L of other letters, _ of white space, ^ of other signs; punctuation stands for itself.
Answer with one JSON object and nothing else:
{"solutions": [{"transformation": "...", "preConditions": "...", "postValidation": "..."}]}
transformation: a scalar VARCHAR expression over {value}, the failing value as text; NULL where it cannot say. preConditions: BOOLEAN over {value}, the values it may touch. postValidation: BOOLEAN over {value}, which is then the repaired value; 'TRUE' when nothing must hold.
Use plain string, regular expression and date functions only: no tables, no subqueries, no comments, no other columns. Invent nothing that is not in the value. At most three solutions, the likeliest first; an empty list when the value does not say what was meant.`;

/** The body of the request: JSON of the Chat Completions API. */
export function bodyOf(question: ProposalQuestion, model: string, mostTokens: number): string {
  return JSON.stringify({
    model,
    messages: [
      { role: 'system', content: INSTRUCTIONS },
      { role: 'user', content: JSON.stringify(question) },
    ],
    temperature: 0,
    max_tokens: mostTokens,
    response_format: { type: 'json_object' },
  });
}
