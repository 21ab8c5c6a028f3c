import { beforeEach, describe, expect, it } from 'vitest';
import { TimeLimits } from '../../src/engine/time-limits.js';
import { TurnTime } from '../../src/engine/turn-time.js';
import { VirtualClock } from '../../src/engine/virtual-clock.js';
import { TurningClock } from './turning-clock.js';

let clock = new TurningClock();
let limits = new TimeLimits(clock);
let expired: string[] = [];

beforeEach(() => {
  clock = new TurningClock();
  limits = new TimeLimits(clock);
  expired = [];
});

function begin(name: string, timeoutMs = 5, on = limits) {
  const call = { timeoutMs, place: -1, timer: undefined, expire: () => expired.push(name) };
  on.begin(call);
  return call;
}

describe('the time limit of a call', () => {
  it('needs no deadline when the call ends in its own turn, wherever it stands among the others [R06]', () => {
    for (const ended of [0, 1, 2]) {
      const calls = ['one', 'two', 'three'].map((name) => begin(name));
      limits.end(calls[ended]!);
      for (const call of calls.toSpliced(ended, 1)) limits.end(call);
      clock.endTurn();
      expect(clock.pending).toBe(0);
    }
  });

  it('counts from the end of the turn, for each that is left [R06]', () => {
    const [first] = [begin('one'), begin('two'), begin('three', 7), begin('four', 6)];
    limits.end(first);
    clock.advance(100);
    expect(expired).toEqual([]);
    clock.endTurn();
    expect(clock.pending).toBe(3);
    clock.advance(4);
    expect(expired).toEqual([]);
    clock.advance(1);
    expect(expired).toEqual(['two']);
    clock.advance(1);
    expect(expired).toEqual(['two', 'four']);
    clock.advance(1);
    expect(expired).toEqual(['two', 'four', 'three']);
  });

  it('is over with its call, in a later turn too, and of its own alone [R06]', () => {
    const [one, two] = [begin('one'), begin('two')];
    clock.endTurn();
    const three = begin('three');
    limits.end(one);
    expect(clock.pending).toBe(1);
    clock.endTurn();
    expect(clock.pending).toBe(2);
    limits.end(two);
    limits.end(three);
    expect(clock.pending).toBe(0);
  });

  it('asks for the end of a turn once [R06]', () => {
    begin('one');
    begin('two');
    expect(clock.asked).toBe(1);
    clock.endTurn();
    expect(clock.asked).toBe(1);
    begin('three');
    expect(clock.asked).toBe(2);
  });

  it('begins at once where the clock knows no turns [R06]', () => {
    const plain = new VirtualClock();
    const those = new TimeLimits(plain);
    const one = begin('one', 5, those);
    begin('two', 5, those);
    expect(plain.pending).toBe(2);
    those.end(one);
    plain.advance(5);
    expect(expired).toEqual(['two']);
  });
});

describe('the time of a turn', () => {
  it('is read once, and anew in the next turn [R09]', () => {
    const time = new TurnTime(clock);
    expect(time.now()).toBe(0);
    clock.advance(10);
    expect(time.now()).toBe(0);
    expect(clock.asked).toBe(1);
    clock.endTurn();
    expect(time.now()).toBe(10);
    expect(clock.asked).toBe(2);
  });

  it('is the present time where the clock knows no turns [R09]', () => {
    const plain = new VirtualClock();
    const time = new TurnTime(plain);
    expect(time.now()).toBe(0);
    plain.advance(10);
    expect(time.now()).toBe(10);
  });
});
