import { describe, expect, it } from 'vitest';
import { Silence } from '../../src/session/silence.js';

const session = () => ({ heard: 0 });

describe('silence', () => {
  it('is too long at the check after the last that may go unanswered [R16]', () => {
    const silence = new Silence(3);
    const hung = session();
    expect([1, 2, 3, 4].map(() => silence.isTooLong(hung))).toEqual([false, false, false, true]);
  });

  it('is broken by anything that is heard, and by a new session [R16]', () => {
    const silence = new Silence(1);
    const slow = session();
    expect(silence.isTooLong(slow)).toBe(false);
    slow.heard = 1;
    expect(silence.isTooLong(slow)).toBe(false);
    const next = session();
    expect(silence.isTooLong(next)).toBe(false);
    expect(silence.isTooLong(next)).toBe(true);
  });
});
