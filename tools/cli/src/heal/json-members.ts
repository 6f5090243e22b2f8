/** The value of a member, and where it stands in the line. */
export interface JsonMember {
  readonly text: string;
  readonly start: number;
  readonly stop: number;
}

/**
 * The members of the JSON object that a line holds, with their places; undefined where it holds no object, one with a key that stands twice, or
 * a text that is none (half of a surrogate pair).
 */
export function membersOf(line: string): Map<string, JsonMember> | undefined {
  try {
    const parsed: unknown = JSON.parse(line.replace(/^\ufeff/, ' '));
    if (parsed === null || typeof parsed !== 'object' || Array.isArray(parsed)) return undefined;
  } catch {
    return undefined;
  }
  // The line is sound JSON: what follows only finds the places.
  const members = new Map<string, JsonMember>();
  let at = line.indexOf('{') + 1;
  for (;;) {
    at = pastSpace(line, at);
    if (line[at] === '}') return members;
    if (line[at] === ',') at = pastSpace(line, at + 1);
    const keyEnd = pastValue(line, at);
    const name = line.slice(at, keyEnd);
    const key = JSON.parse(name) as string;
    const start = pastSpace(line, pastSpace(line, keyEnd) + 1);
    const stop = pastValue(line, start);
    const text = line.slice(start, stop);
    if (members.has(key) || isHalf(name) || isHalf(text)) return undefined;
    members.set(key, { text, start, stop });
    at = stop;
  }
}

/** Whether a JSON string holds half of a surrogate pair, which no UTF-8 can. */
function isHalf(json: string): boolean {
  return json.startsWith('"') && json.includes('\\u') && !(JSON.parse(json) as string).isWellFormed();
}

function pastSpace(line: string, from: number): number {
  let at = from;
  while (line[at] === ' ' || line[at] === '\t' || line[at] === '\r') at++;
  return at;
}

function pastValue(line: string, from: number): number {
  let depth = 0;
  let at = from;
  for (;;) {
    const sign = line[at];
    if (sign === '"') at = pastString(line, at);
    else if (sign === '{' || sign === '[') {
      depth++;
      at++;
    } else if (sign === '}' || sign === ']') {
      if (depth === 0) return at;
      depth--;
      at++;
    } else if (depth > 0) at++;
    else {
      while (at < line.length && !/[,}\]\s]/.test(line[at] ?? '')) at++;
      return at;
    }
    if (depth === 0) return at;
  }
}

function pastString(line: string, from: number): number {
  let at = from + 1;
  while (line[at] !== '"') at += line[at] === '\\' ? 2 : 1;
  return at + 1;
}
