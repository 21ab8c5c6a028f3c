import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Deadlines } from '../../src/engine/deadlines.js';
import type { Permit } from '../../src/engine/permit.js';
import type { Outcome } from '../../machines/failure.js';
import { harness, policy } from './harness.js';

// What is random stands apart: mutants are put to tests that do the same every time.

describe('deadlines', () => {
  it('come out in the order of their time, and of their setting where that is the same [R03]', () => {
    fc.assert(
      fc.property(fc.array(fc.record({ delay: fc.nat(20), dropped: fc.boolean() })), (plans) => {
        const deadlines = new Deadlines();
        const set = plans.map(({ delay }, index) => ({
          index,
          delay,
          deadline: deadlines.add(() => undefined, 0, delay),
        }));
        const kept = set.filter(({ index }) => !plans[index]?.dropped);
        for (const { index, deadline } of set) if (plans[index]?.dropped) deadlines.remove(deadline);
        const expected = kept.sort((a, b) => a.delay - b.delay || a.index - b.index);
        const taken = [];
        for (let next = deadlines.takeDue(20); next; next = deadlines.takeDue(20)) taken.push(next);
        expect(taken).toEqual(expected.map(({ deadline }) => deadline));
      }),
    );
  });
});

describe('an open circuit', () => {
  it('says exactly how long it refuses, whenever it is asked [R02] [R03] [R06]', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.double({ min: 0, max: 19_999.9, noNaN: true }),
        fc.integer({ min: 1000, max: 60_000 }),
        async (elapsed, retryAfterMs) => {
          const { clock, fail, permit, engine, circuit } = harness(undefined, { checked: false });
          fail(2);
          permit().fail({ category: 'overloaded', retryAfterMs });
          await clock.run(elapsed);
          const left = engine.backend('one').refusal()?.retryAfterMs ?? NaN;
          expect(left).toBeCloseTo(Math.max(20_000, retryAfterMs) - elapsed, 6);
          expect(engine.backend('one').permit()).toMatchObject({ retryAfterMs: left });
          clock.advance(left - 0.001);
          expect(circuit()).toBe('open');
          clock.advance(0.002);
          expect(engine.backend('one').permit().admitted).toBe(true);
        },
      ),
      { numRuns: 100 },
    );
  });
});

describe('half-open', () => {
  it('whatever happens, no more attempts are out than allowed, and it ends [R04] [R06]', async () => {
    const step = fc.constantFrom('call', 'succeed', 'release', 'pass', 'skip', 'lose', 'wait');
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 40 }),
        fc.integer({ min: 1, max: 3 }),
        fc.integer({ min: 1, max: 4 }),
        fc.boolean(),
        async (steps, maxProbes, successThreshold, checked) => {
          const limits = { ...policy.circuit, maxProbes, successThreshold };
          const { clock, fail, answer, checks, engine, circuit } = harness(
            { backends: { one: { ...policy, circuit: limits } } },
            { checked },
          );
          await clock.run(0);
          const replies: ((outcome: Outcome) => void)[] = [];
          const out: Permit[] = [];
          answer('one', () => new Promise((resolve) => replies.push(resolve)));
          fail(3);
          await clock.run(20_000);
          const generation = engine.backend('one').status().generation;
          for (const next of steps) {
            if (engine.backend('one').status().generation !== generation) break;
            if (next === 'call') {
              const foreseen = engine.backend('one').refusal() === undefined;
              const answered = engine.backend('one').permit();
              expect(answered.admitted).toBe(foreseen);
              if (answered.admitted) out.push(answered);
            } else if (next === 'succeed') out.pop()?.succeed();
            else if (next === 'release') out.pop()?.release();
            else if (next === 'pass') replies.pop()?.({ kind: 'succeeded' });
            else if (next === 'skip') replies.pop()?.({ kind: 'released' });
            else if (next === 'lose') engine.backend('one').sessionLost();
            await clock.run(next === 'wait' ? 1000 : 0);
            const checking = checks.filter(({ signal }) => !signal.aborted).length;
            if (circuit() === 'halfOpen') expect(out.length + checking).toBeLessThanOrEqual(maxProbes);
          }
          for (const permit of out) permit.succeed();
          answer('one', () => Promise.resolve(undefined));
          for (let more = 0; more < 5 && circuit() === 'halfOpen'; more += 1) {
            const answered = engine.backend('one').permit();
            if (answered.admitted) answered.succeed();
            await clock.run(5500);
          }
          expect(circuit()).not.toBe('halfOpen');
          await engine.stop({ drainMs: 0 });
        },
      ),
      { numRuns: 150 },
    );
  });
});
