import { describe, expect, it, vi } from 'vitest';
import { Driver } from '../model/driver.js';
import { SCALES } from '../model/settings.js';
import type { Scale } from '../model/settings.js';
import { TIMEOUT } from '../model/steps.js';
import type { Part as Happening } from '../model/steps.js';

// Seconds on a machine of its own.
vi.setConfig({ testTimeout: 180_000 });

type Ending = (typeof ENDINGS)[number];

const ENDINGS = ['succeeded', 'released', TIMEOUT] as const;
const call: Happening = { type: 'call' };

/** Every order of some things, of which each call is admitted before it settles. */
function* orders(calls: readonly Ending[], others: readonly Happening[]): Generator<Happening[]> {
  const settled = calls.map((verdict) => ({ type: 'settle', verdict, stale: false }) as const);
  function* from(
    admitted: number,
    left: readonly Happening[],
    rest: readonly Happening[],
  ): Generator<Happening[]> {
    if (admitted === calls.length && left.length === 0 && rest.length === 0) yield [];
    if (admitted < calls.length)
      for (const order of from(admitted + 1, [...left, settled[admitted]!], rest)) yield [call, ...order];
    for (const [index, step] of left.entries())
      for (const order of from(admitted, left.toSpliced(index, 1), rest)) yield [step, ...order];
    for (const [index, step] of rest.entries())
      for (const order of from(admitted, left, rest.toSpliced(index, 1))) yield [step, ...order];
  }
  yield* from(0, [], others);
}

/** Steps that cannot happen any more, as what came before has changed the stay, are left out. */
async function runIn(prefix: readonly Happening[], order: readonly Happening[], scale: Scale): Promise<void> {
  const driver = Driver.begin(scale.settings, scale.checked);
  await driver.run(prefix);
  const { generation } = driver.oracle;
  let out = 0;
  for (const step of order) {
    const { oracle } = driver;
    if (step.type === 'call' && !oracle.refusal()) out += 1;
    if (step.type === 'deadline') {
      const next = oracle.next?.what;
      if (next) await driver.run([{ type: 'deadline', what: next }]);
    } else if (step.type === 'settle') {
      // A call that was refused has nothing to settle; one of an older stay settles as stale.
      if (oracle.generation !== generation) await driver.run([{ ...step, stale: true }]);
      else if (out > 0) {
        if (oracle.circuit !== 'half-open' || oracle.callsOut > 0) await driver.run([step]);
        out -= 1;
      }
    } else await driver.run([step]);
  }
  await driver.end();
}

const { unchecked } = SCALES;
const fail: Happening = { type: 'settle', verdict: TIMEOUT, stale: false };
const halfOpen: readonly Happening[] = [fail, fail, { type: 'deadline', what: 'openFor' }];
const moves: readonly (readonly [string, Happening])[] = [
  ['a deadline passes', { type: 'deadline', what: 'probeLimit' }],
  ['an operator isolates', { type: 'isolate' }],
  ['an operator resets', { type: 'reset' }],
];

describe.each([
  ['closed', []],
  ['half-open', halfOpen],
] as const)('concurrent calls that begin while %s', (_, prefix) => {
  it.each(moves)(
    'end as the oracle says in every order, while %s [R04] [R06] [R07] [R34]',
    async (_, move) => {
      let run = 0;
      for (const one of ENDINGS)
        for (const two of ENDINGS)
          for (const order of orders([one, two], [move])) {
            await runIn(prefix, order, unchecked);
            run += 1;
          }
      expect(run).toBe(135);
    },
  );

  it('end as the oracle says in every order of three [R04] [R06] [R07] [R34]', async () => {
    for (const order of orders(
      ['succeeded', 'released', TIMEOUT],
      [{ type: 'deadline', what: 'probeLimit' }],
    ))
      await runIn(prefix, order, unchecked);
  });
});
