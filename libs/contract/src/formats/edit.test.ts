import { readFileSync } from 'node:fs';
import { SkeinError } from '@skein/kernel';
import { describe, expect, it } from 'vitest';
import { readContract } from '../read-contract.ts';
import { setInDocument } from './edit.ts';

const TEXT = `# head
apiVersion: v3.1.0   # the standard
kind: DataContract

id: 'x'
version: "1.0.0" # semver
schema:
    - name: p  # odd indent
      properties:
        # about a
        - { name: a, logicalType: string, required: true }   # flow
        - name: b
          description: >-
            folded
            text
          logicalType: integer
          logicalTypeOptions: { minimum: 0x10, maximum: 9007199254740993 }
# tail
`;

describe('one value of a document set', () => {
  it.each([
    ['version', '2.0.0', '"1.0.0"', '"2.0.0"'],
    ['id', "it's", "'x'", "'it''s'"],
    ['schema.0.name', 'q', 'name: p', 'name: q'],
    ['schema.name=p.properties.name=a.required', false, 'required: true', 'required: false'],
    ['schema.0.properties.name=b.logicalTypeOptions.minimum', 5, '0x10', '5'],
    ['kind', 'true', 'kind: DataContract', 'kind: "true"'],
    ['kind', '- # : x', 'kind: DataContract', 'kind: "- # : x"'],
    ['schema.0.properties.0.logicalType', 'a, b', 'logicalType: string', 'logicalType: "a, b"'],
  ])('%s to %j changes nothing else', (path, value, from, to) => {
    expect(setInDocument(TEXT, 'f', path, value)).toBe(TEXT.replace(from, () => to));
  });

  it('keeps comments, order and digits where more than one value changes', () => {
    const comments = (text: string) => text.match(/#[^\n]*/g);
    for (const [path, value] of [
      ['status', 'active'],
      ['schema.0.properties.name=b.description', 'one\ntwo'],
      ['schema.0.properties.0.examples', ['x', 'y']],
      ['schema.0.quality', [{ metric: 'rowCount', mustBeGreaterThan: 0 }]],
    ] as const) {
      const edited = setInDocument(TEXT, 'f', path, value);
      expect(comments(edited)).toEqual(comments(TEXT));
      expect(edited.match(/^\w+(?=:)/gm)?.filter((key) => key !== 'status')).toEqual(['apiVersion', 'kind', 'id', 'version', 'schema']);
      expect(edited).toContain('9007199254740993');
    }
  });

  it('leaves a contract of the repository as it was but for the one line', () => {
    const file = new URL('../../../../contracts/ga4/events/v1/contract.odcs.yaml', import.meta.url);
    const text = readFileSync(file, 'utf8');
    const edited = setInDocument(text, 'f', 'schema.0.properties.name=platform.classification', 'internal');
    const lines = text.split('\n');
    const changed = edited.split('\n').flatMap((line, index) => (line === lines[index] ? [] : [line.trim()]));
    expect(changed).toEqual(['classification: internal']);
    expect(readContract(edited, 'f').properties.find(({ name }) => name === 'platform')?.classification).toBe('internal');
  });

  it.each([
    ['nope.deeper', 'there is no "nope"'],
    ['schema.7', 'no entry "7"'],
    ['schema.name=z.id', 'no entry "name=z"'],
    ['id.x', 'a single value has no parts'],
    ['', 'the path is empty'],
  ])('%s leads nowhere', (path, message) => {
    expect(() => setInDocument(TEXT, 'f', path, 1)).toThrow(message);
  });
  it('keeps the line ends of a document from Windows, also where white space is written anew', () => {
    const windows = TEXT.replaceAll('\n', '\r\n');
    for (const [path, value] of [
      ['version', '2.0.0'],
      ['schema.name=p.properties.name=a.description', 'two\nlines'],
    ] as const) {
      const made = setInDocument(windows, 'f', path, value);
      expect(made).not.toMatch(/(?<!\r)\n|\r(?!\n)/);
      expect(made.replaceAll('\r\n', '\n')).toBe(setInDocument(TEXT, 'f', path, value));
    }
    // Of two kinds, none is that of the document.
    expect(setInDocument(windows.replace('\r\n', '\n'), 'f', 'description', { purpose: 'x' })).not.toContain('\r');
  });
  it('refuses what is no YAML with a place', () => {
    try {
      setInDocument('a: [', 'f', 'a', 1);
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(SkeinError);
      expect((error as SkeinError).place).toMatchObject({ file: 'f', line: expect.any(Number) as number });
    }
  });
});
