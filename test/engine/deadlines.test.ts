import { describe, expect, it } from 'vitest';
import { Deadlines } from '../../src/engine/deadlines.js';
import type { Deadline } from '../../src/engine/deadlines.js';

const nothing = () => undefined;

/** Every order of some things. */
function* orders<T>(things: readonly T[]): Generator<T[]> {
  if (things.length === 0) yield [];
  for (const [index, thing] of things.entries())
    for (const rest of orders(things.toSpliced(index, 1))) yield [thing, ...rest];
}

function taken(deadlines: Deadlines, until: number): Deadline[] {
  const all: Deadline[] = [];
  for (let next = deadlines.takeDue(until); next; next = deadlines.takeDue(until)) all.push(next);
  return all;
}

/** Sorting is stable: what is due at the same time stays as it was set. */
const inOrder = (all: readonly Deadline[]) => all.toSorted((one, other) => one.dueAt - other.dueAt);

describe('deadlines', () => {
  it('come out in order, in whatever order six were set, and whichever of them was removed [R03]', () => {
    let run = 0;
    for (const delays of orders([1, 2, 2, 3, 4, 5])) {
      // One of each six is removed, each in its turn.
      const removed = run % 6;
      run += 1;
      const deadlines = new Deadlines();
      const set = delays.map((delay) => deadlines.add(nothing, 100, delay));
      deadlines.remove(set[removed]!);
      expect(deadlines.size).toBe(5);
      const kept = inOrder(set.toSpliced(removed, 1));
      expect(deadlines.first()).toBe(kept[0]);
      expect(taken(deadlines, 200).every((deadline, index) => deadline === kept[index])).toBe(true);
    }
    expect(run).toBe(720);
  });

  it('removed from the middle of a deep heap, leave the others in order [R03]', () => {
    // Each place in turn, so that what takes it must rise in some and sink in others.
    const delays = [1, 9, 2, 10, 11, 3, 4, 12, 13, 14, 15, 5, 6, 7, 8];
    for (const removed of delays.keys()) {
      const deadlines = new Deadlines();
      const set = delays.map((delay) => deadlines.add(nothing, 0, delay));
      deadlines.remove(set[removed]!);
      expect(taken(deadlines, 20)).toEqual(inOrder(set.toSpliced(removed, 1)));
    }
  });

  it('are due at their time, not before; a delay below zero is none [R03]', () => {
    const deadlines = new Deadlines();
    const late = deadlines.add(nothing, 100, 5);
    const past = deadlines.add(nothing, 100, -5);
    expect([late.dueAt, past.dueAt]).toEqual([105, 100]);
    expect(deadlines.takeDue(99.9)).toBeUndefined();
    expect(deadlines.takeDue(100)).toBe(past);
    expect(deadlines.takeDue(104.9)).toBeUndefined();
    expect(deadlines.takeDue(105)).toBe(late);
    expect(deadlines.takeDue(1000)).toBeUndefined();
    expect(deadlines.size).toBe(0);
  });

  it('that are out already, or stand in another heap, are removed no more [R03]', () => {
    const [ours, theirs] = [new Deadlines(), new Deadlines()];
    const out = ours.add(nothing, 0, 1);
    const never = ours.add(nothing, 0, Infinity);
    const strange = theirs.add(nothing, 0, 1);
    expect(ours.takeDue(1)).toBe(out);
    const kept = [ours.add(nothing, 0, 2), ours.add(nothing, 0, 3), ours.add(nothing, 0, 4)];
    for (const deadline of [out, never, strange]) ours.remove(deadline);
    expect(ours.size).toBe(3);
    expect(theirs.first()).toBe(strange);
    expect(taken(ours, 10)).toEqual(kept);
  });

  it('a delay that is no number is an error that says so [R03]', () => {
    expect(() => new Deadlines().add(nothing, 0, NaN)).toThrow(
      new TypeError('a delay must be a number of milliseconds, got NaN'),
    );
  });
});
