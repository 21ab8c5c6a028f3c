import { describe, expect, it } from 'vitest';
import { Tally } from '../../src/engine/tally.js';
import { TurnTime } from '../../src/engine/turn-time.js';
import { VirtualClock } from '../../src/engine/virtual-clock.js';
import type { RatePolicy } from '../../machines/window.js';
import { TurningClock } from './turning-clock.js';

const rate = (ms: number, of: RatePolicy['of'] = 'failures'): RatePolicy => ({
  of,
  threshold: 0.5,
  window: { ms },
  minimumCalls: 2,
});

/** Some pauses in no step with any window: within a hundredth of one, over some, and longer than all of it. */
const PAUSES = [0, 3, 5, 7, 0, 12, 100, 0, 1, 250, 990, 1000, 4, 4, 4, 4, 33, 2500, 9, 1011, 10, 10, 10];

describe('a count of the last time', () => {
  it('holds what was counted in the step that is under way and the 99 before, and nothing else [R09]', () => {
    const clock = new VirtualClock();
    clock.advance(12_345);
    const tally = new Tally([rate(1000)], 1, new TurnTime(clock));
    const counted: number[] = [];
    for (let round = 0; round < 20; round += 1)
      for (const pause of PAUSES) {
        clock.advance(pause);
        const step = Math.floor(clock.now() / 10);
        const held = () => counted.filter((at) => Math.floor(at / 10) > step - 100).length;
        expect(tally.read()).toEqual([{ count: held(), step }]);
        for (let call = 0; call <= round % 3; call += 1) {
          tally.succeeded();
          counted.push(clock.now());
        }
        expect(tally.read()).toEqual([{ count: held(), step }]);
      }
  });

  it('is one for each rate, each by its own window [R09]', () => {
    const clock = new VirtualClock();
    const rates = [rate(1000), rate(100), rate(1000, 'slowCalls'), rate(200, 'slowCalls')];
    const tally = new Tally(rates, 1, new TurnTime(clock));
    tally.succeeded();
    tally.succeeded();
    tally.quick();
    clock.advance(150);
    expect(tally.read().map(({ count }) => count)).toEqual([2, 0, 1, 1]);
  });

  it('takes a turn of the event loop for one moment [R09]', () => {
    const clock = new TurningClock();
    const tally = new Tally([rate(1000)], 1, new TurnTime(clock));
    tally.succeeded();
    clock.advance(2000);
    tally.succeeded();
    expect(tally.read()).toEqual([{ count: 2, step: 0 }]);
    clock.endTurn();
    expect(tally.read()).toEqual([{ count: 0, step: 200 }]);
  });
});
