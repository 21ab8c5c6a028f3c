import fc from 'fast-check';
import { Driver } from './driver.js';
import { withoutCircuit } from './settings.js';
import { DENIED, FAILURES, OVERLOADED } from './steps.js';
import type { Step } from './steps.js';

/** Numbers without a common divisor, so that no two deadlines are the same by accident. */
const timed = {
  circuit: { failureThreshold: 3, openMs: 2003, successThreshold: 2, maxProbes: 3, probeLimitMs: 307 },
  health: { checkIntervalMs: 401, checkTimeoutMs: 211, unhealthyThreshold: 2, degradedThresholdMs: 17 },
};
const other = { circuit: { ...timed.circuit, failureThreshold: 2, maxProbes: 2 }, health: timed.health };

const verdict = fc.constantFrom('succeeded' as const, 'released' as const, ...FAILURES, DENIED, OVERLOADED);
const often = <T>(weight: number, arbitrary: fc.Arbitrary<T>) => ({ weight, arbitrary });

/** One step of a random life. Failures and deadlines are frequent, or few lives would come to half-open. */
export const randomStep: fc.Arbitrary<Step> = fc.oneof(
  often(6, fc.record({ type: fc.constant('settle' as const), verdict, stale: fc.constant(false) })),
  often(3, fc.constant<Step>({ type: 'call' })),
  often(2, fc.record({ type: fc.constant('settle' as const), verdict, stale: fc.constant(true) })),
  often(4, fc.constant<Step>({ type: 'check.begins' })),
  often(4, fc.record({ type: fc.constant('check.ends' as const), verdict, slow: fc.boolean() })),
  often(4, fc.constant<Step>({ type: 'deadline', what: 'openFor' })),
  often(3, fc.record({ type: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 900 }) })),
  often(
    2,
    fc
      .constantFrom(...(['session.lost', 'check', 'isolate', 'release', 'reset'] as const))
      .map((type) => ({ type })),
  ),
  often(
    1,
    fc.constantFrom<Step>(
      { type: 'policy', name: 'circuit', settings: timed },
      { type: 'policy', name: 'other', settings: other },
      { type: 'policy', name: 'no circuit', settings: withoutCircuit(timed) },
    ),
  ),
);

/** What really happens when a step is asked for: itself, the deadline that is next, or nothing. */
function possible(step: Step, { oracle }: Driver): Step | undefined {
  const { next } = oracle;
  // eslint-disable-next-line @typescript-eslint/switch-exhaustiveness-check -- all others are always possible
  switch (step.type) {
    case 'settle':
      if (step.stale || oracle.callsOut > 0) return step;
      return oracle.circuit === 'closed' || oracle.circuit === 'disabled' ? step : undefined;
    case 'check.begins':
      return oracle.check === 'queued' ? step : undefined;
    case 'check.ends': {
      const over = oracle.now + oracle.settings.health.degradedThresholdMs + 1;
      return oracle.check === 'running' && next !== undefined && next.at > over ? step : undefined;
    }
    case 'deadline':
      return next && next.at - oracle.now >= 1 ? { type: 'deadline', what: next.what } : undefined;
    default:
      return step;
  }
}

/** Lives a history and says all that was seen of it. */
export async function live(
  steps: readonly Step[],
  {
    checked,
    random,
    create,
  }: { checked: boolean; random: number; create?: ConstructorParameters<typeof Driver>[2] },
): Promise<readonly string[]> {
  const driver = Driver.begin(timed, checked, create, random);
  for (const step of steps) {
    const next = possible(step, driver);
    if (next) {
      const pending = driver.step(next as Exclude<Step, { type: 'whole check' }>);
      if (pending) await pending;
    }
  }
  await driver.end();
  return driver.trace;
}

export const SEEDS = [20_241_125, 7, 1009] as const;
