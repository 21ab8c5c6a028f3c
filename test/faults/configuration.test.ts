import { describe, expect, it } from 'vitest';
import { load, refusal, sample } from '../config/sample.js';

describe('a file', () => {
  it('with lines that end in CRLF is the same [R27]', () => {
    expect(load(sample().replaceAll('\n', '\r\n'))).toEqual(load(sample()));
  });

  it.each([
    ['a tab before a key', '\tname: x', 1],
    ['a tab in the indentation of a map', 'operational:\n\ttimeouts: {default: 1s}', 2],
    ['NUL in a name', 'name: "x"\ngroupRef: x\u0000y', 2],
  ])('with %s is refused at its line [R27]', (_, text, line) => {
    expect(refusal(text).problems[0]).toMatchObject({ line });
  });
});
