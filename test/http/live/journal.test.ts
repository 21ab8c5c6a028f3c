import { describe, expect, it } from 'vitest';
import { Journal } from '../../../src/http/live/journal.js';
import { eventOf } from './events.js';

const sequences = (events: readonly { sequence: number }[]) => events.map(({ sequence }) => sequence);

describe('the journal', () => {
  it('tells everything after a sequence, in order [R32]', () => {
    const journal = new Journal(10);
    for (let sequence = 1; sequence <= 5; sequence += 1) journal.add(eventOf(sequence));
    expect(sequences(journal.since(2).events)).toEqual([3, 4, 5]);
    expect(journal.since(2)).not.toHaveProperty('missing');
    expect(journal.since(5)).toEqual({ events: [] });
    expect(journal.last).toBe(5);
  });

  it('holds so many and says which are missing [R32] [R36]', () => {
    const journal = new Journal(3);
    for (let sequence = 1; sequence <= 10; sequence += 1) journal.add(eventOf(sequence));
    expect(journal.since(0)).toMatchObject({ missing: { from: 1, to: 7 } });
    expect(sequences(journal.since(0).events)).toEqual([8, 9, 10]);
    expect(journal.since(6)).toMatchObject({ missing: { from: 7, to: 7 } });
    expect(journal.since(7)).not.toHaveProperty('missing');
    expect(journal.since(7).events).toHaveLength(3);
  });

  it('that began late misses what was before [R32]', () => {
    const journal = new Journal(10);
    journal.add(eventOf(4));
    journal.add(eventOf(5));
    expect(journal.since(0)).toMatchObject({ missing: { from: 1, to: 3 } });
    expect(sequences(journal.since(0).events)).toEqual([4, 5]);
  });

  it('takes a sequence from the future for one of another engine [R32]', () => {
    const journal = new Journal(10);
    journal.add(eventOf(1));
    expect(sequences(journal.since(99).events)).toEqual([1]);
  });

  it('is empty before the first event [R32]', () => {
    expect(new Journal(3).since(0)).toEqual({ events: [] });
    expect(new Journal(3).last).toBe(0);
  });
});
