import { beforeEach, describe, expect, it } from 'vitest';
import { VirtualClock } from '../../src/engine/virtual-clock.js';

let clock = new VirtualClock();
let fired: [string, number][] = [];
const set = (name: string, ms: number) => clock.setTimeout(() => fired.push([name, clock.now()]), ms);

beforeEach(() => {
  clock = new VirtualClock();
  fired = [];
});

describe('the virtual clock', () => {
  it('stands still until it is told to move, and then tells both times alike [R03]', () => {
    expect([clock.now(), clock.wallTime()]).toEqual([0, 0]);
    clock.advance(7.5);
    clock.advance(0.25);
    expect([clock.now(), clock.wallTime()]).toEqual([7.75, 7.75]);
  });

  it('fires what is due on the way, each at its time, what is due at the end included [R03]', () => {
    set('two', 20);
    set('one', 10);
    set('three', 30.5);
    clock.advance(20);
    expect(fired).toEqual([
      ['one', 10],
      ['two', 20],
    ]);
    expect([clock.now(), clock.pending]).toEqual([20, 1]);
    clock.advance(100);
    expect(fired.at(-1)).toEqual(['three', 30.5]);
    expect([clock.now(), clock.pending]).toEqual([120, 0]);
  });

  it('what is set by a callback counts from that callback, and is fired on the way too [R03]', () => {
    const again = () => {
      fired.push(['again', clock.now()]);
      if (fired.length < 3) clock.setTimeout(again, 100);
    };
    clock.setTimeout(again, 100);
    clock.advance(300);
    expect(fired.map(([, at]) => at)).toEqual([100, 200, 300]);
  });

  it('does not go back for what was due before [R03]', () => {
    clock.advance(50);
    set('past', -20);
    clock.advance(0);
    expect(fired).toEqual([['past', 50]]);
  });

  it.each([undefined, null, 7])('forgets nothing when told to forget %s [R03]', (id) => {
    set('one', 10);
    clock.clearTimeout(id);
    expect(clock.pending).toBe(1);
  });

  it('forgets what it is told to forget [R03]', () => {
    clock.clearTimeout(set('one', 10));
    expect(clock.pending).toBe(0);
    clock.advance(10);
    expect(fired).toEqual([]);
  });

  it('lets promises settle before the first callback, between two, and after the last [R03]', async () => {
    const settle = (name: string) => void Promise.resolve().then(() => fired.push([name, clock.now()]));
    clock.setTimeout(() => settle('of one'), 10);
    set('two', 10);
    clock.setTimeout(() => settle('of three'), 20);
    settle('first');
    await clock.run(20);
    expect(fired).toEqual([
      ['first', 0],
      ['of one', 10],
      ['two', 10],
      ['of three', 20],
    ]);
    await clock.run(5);
    expect(clock.now()).toBe(25);
  });
});
