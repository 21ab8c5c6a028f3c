import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SystemClock } from '../../src/engine/system-clock.js';

/** Node's own timers and its monotonic time, under control: the time, and the timers of which time tells. */
let now = 0;
let clock = new SystemClock();
let fired: (string | [string, number])[] = [];

beforeEach(() => {
  now = 1000.25;
  vi.spyOn(performance, 'now').mockImplementation(() => now);
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setImmediate'] });
  clock = new SystemClock();
  fired = [];
});
afterEach(() => {
  // In this order: what was spied on is the fake timers.
  vi.restoreAllMocks();
  vi.useRealTimers();
});

const set = (name: string, ms: number) => clock.setTimeout(() => fired.push([name, now - 1000.25]), ms);
const pass = (ms: number) => {
  now += ms;
  vi.advanceTimersByTime(ms);
};
/** Time that passes while the process is held up. */
const holdUp = (ms: number) => {
  now += ms;
};

describe('the system clock', () => {
  it('tells the monotonic time, and apart from it the time of day [R37]', () => {
    vi.spyOn(Date, 'now').mockReturnValue(7);
    expect([clock.now(), clock.wallTime()]).toEqual([1000.25, 7]);
  });

  it('wakes in the first whole millisecond in which something is due [R03]', () => {
    set('one', 1.5);
    pass(1);
    expect(fired).toEqual([]);
    pass(1);
    expect(fired).toEqual([['one', 2]]);
  });

  it('has one timer for all, and none when nothing is due [R19]', () => {
    expect(vi.getTimerCount()).toBe(0);
    const three = set('three', 3);
    const five = set('five', 5);
    const one = set('one', 1);
    expect(vi.getTimerCount()).toBe(1);
    pass(1);
    expect(fired).toEqual([['one', 1]]);
    expect(vi.getTimerCount()).toBe(1);
    clock.clearTimeout(three);
    clock.clearTimeout(one);
    expect(vi.getTimerCount()).toBe(1);
    clock.clearTimeout(five);
    expect(vi.getTimerCount()).toBe(0);
    set('last', 2);
    expect(vi.getTimerCount()).toBe(1);
    pass(2);
    expect(fired.at(-1)).toEqual(['last', 3]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('makes no other timer for what is due later, or at the same time [R03]', () => {
    const timers = vi.spyOn(globalThis, 'setTimeout');
    set('one', 5);
    set('two', 5);
    set('three', 6);
    expect(timers).toHaveBeenCalledTimes(1);
    set('four', 4);
    expect(timers).toHaveBeenCalledTimes(2);
  });

  it.each([undefined, null, 7, 'seven'])('forgets nothing when told to forget %s [R03]', (id) => {
    set('one', 5);
    clock.clearTimeout(id);
    pass(5);
    expect(fired).toEqual([['one', 5]]);
  });

  it('a delay longer than the longest timer is kept to the millisecond [R03]', () => {
    const longest = 2 ** 31 - 1;
    set('late', 2 * longest);
    const timers = vi.spyOn(globalThis, 'setTimeout');
    pass(longest);
    expect(timers).toHaveBeenCalledTimes(1);
    expect(timers.mock.calls[0]?.[1]).toBe(longest);
    pass(longest - 1);
    expect(fired).toEqual([]);
    pass(1);
    expect(fired).toEqual([['late', 2 * longest]]);
  });

  it('held up for no longer than 20 ms, fires at once [R37]', () => {
    set('one', 10);
    holdUp(20);
    pass(10);
    expect(fired).toEqual([['one', 30]]);
  });

  it('held up for longer, lets what has arrived speak first [R37]', () => {
    set('one', 10);
    holdUp(20.5);
    setTimeout(() => fired.push('arrived'), 10);
    pass(10);
    expect(fired).toEqual(['arrived']);
    vi.advanceTimersToNextTimer();
    expect(fired).toEqual(['arrived', ['one', 30.5]]);
  });

  it('a callback that throws holds up no other, and its error surfaces [R32]', () => {
    const later: (() => void)[] = [];
    vi.spyOn(globalThis, 'queueMicrotask').mockImplementation((callback) => later.push(callback));
    clock.setTimeout(() => {
      throw new Error('boom');
    }, 1);
    set('two', 1);
    pass(1);
    expect(fired).toEqual([['two', 1]]);
    expect(later).toHaveLength(1);
    expect(later[0]).toThrow('boom');
  });

  it('fires only what was due as it woke; what a callback sets is a matter of its own [R03]', () => {
    const again = () => {
      fired.push('again');
      holdUp(5);
      clock.setTimeout(again, 0);
    };
    clock.setTimeout(again, 1);
    pass(1);
    expect(fired).toEqual(['again']);
    pass(1);
    expect(fired).toEqual(['again', 'again']);
  });

  it('calls back when the turn is over, not within it [R03]', async () => {
    let over = false;
    clock.afterTurn(() => (over = true));
    expect(over).toBe(false);
    await new Promise<void>((resolve) => process.nextTick(resolve));
    expect(over).toBe(true);
  });
});
