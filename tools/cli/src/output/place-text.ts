import path from 'node:path';
import type { Place } from '@skein/kernel';

/** A file as people and CI systems read it: relative to the working directory where it lies below it, with `/`. */
export function fileText(file: string, cwd: string): string {
  const absolute = path.resolve(cwd, file);
  const relative = path.relative(cwd, absolute);
  return (relative.startsWith('..') ? absolute : relative).split(path.sep).join('/');
}

export function placeText({ file, line, column }: Place, cwd: string): string {
  return [fileText(file, cwd), line, column].filter((part) => part !== undefined).join(':');
}

/** Control characters would move the cursor of a terminal or hide text; they are shown by their number. */
export function printable(text: string): string {
  return text.replaceAll(
    /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
