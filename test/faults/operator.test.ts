import { expect, it } from 'vitest';
import { harness, policy, refused } from '../engine/harness.js';

const circuit = (failureThreshold: number) => ({ ...policy.circuit, failureThreshold });

it('of a storm of configurations the last one holds, and who is the same in all of them is not touched [R18]', () => {
  const { engine, clock, permit, story, standing, events } = harness({
    backends: { one: policy, two: policy },
  });
  clock.advance(1);
  const { generation } = engine.backend('one').status();
  const inFlight = permit('one');
  for (let change = 1; change <= 100; change += 1) {
    const two = { ...policy, circuit: circuit(1 + (change % 7)) };
    engine.reconfigure({ backends: { one: policy, ...(change % 2 === 0 && { two }) } });
  }
  clock.advance(1);
  expect(engine.backend('one').status()).toMatchObject({ generation, restarts: 0 });
  inFlight.fail(refused);
  expect(engine.backend('one').status()).toMatchObject({ consecutiveFailures: 1 });
  // The hundredth says three.
  const failures = 1 + (100 % 7);
  for (let failure = 1; failure < failures; failure += 1) permit('two').fail(refused);
  expect(standing('two').circuit).toBe('closed');
  permit('two').fail(refused);
  expect(story('two')).toEqual(['closed → open']);
  expect(events.map(({ sequence }) => sequence)).toEqual(events.map((_, index) => index + 1));
});
