import fc from 'fast-check';
import { Driver } from './driver.js';
import type { Settings } from './oracle.js';
import type { Rate } from './windows.js';
import { DENIED, FAILURES, OVERLOADED } from './steps.js';
import type { Part, Step } from './steps.js';

/** Numbers without a common divisor, so that no two deadlines are the same by accident. */
const health = { checkIntervalMs: 401, checkTimeoutMs: 211, unhealthyThreshold: 2, degradedThresholdMs: 17 };
const probing = { openMs: 2003, successThreshold: 2, maxProbes: 3, probeLimitMs: 307 };
const inRow = { ...probing, failureThreshold: 3 };
const backoff = { multiplier: 1.5, maxOpenMs: 7001, jitter: 0.3, decayMs: 503 };
const rate = (of: Rate['of'], threshold: number, window: Rate['window'], minimumCalls: number): Rate => ({
  of,
  threshold,
  window,
  minimumCalls,
});
const rates = {
  few: rate('failures', 0.6, { calls: 5 }, 3),
  many: rate('failures', 0.25, { calls: 150 }, 7),
  lately: rate('failures', 0.5, { ms: 1300 }, 4),
  slow: rate('slowCalls', 0.5, { calls: 6 }, 3),
  slowLately: rate('slowCalls', 0.3, { ms: 1700 }, 4),
};
const judgingSpeed = { ...probing, slowCallMs: 29, rates: [rates.slow, rates.many, rates.slowLately] };

/** What may be configured. */
const POLICIES: Readonly<Record<string, Settings>> = {
  'in a row': { circuit: inRow, health },
  'fewer in a row': { circuit: { ...inRow, failureThreshold: 2, maxProbes: 2 }, health },
  'no circuit': { health },
  'no circuit, few at once': { health, maxInFlight: 5 },
  'a rate': { circuit: { ...probing, rates: [rates.few], backoff }, health },
  'a rate in time': { circuit: { ...inRow, failureThreshold: 6, rates: [rates.lately, rates.many] }, health },
  speed: { circuit: { ...judgingSpeed, backoff: { ...backoff, jitter: 0 } }, health, maxInFlight: 6 },
  'speed, observed': { circuit: { ...judgingSpeed, failureThreshold: 4, observeOnly: true }, health },
  observed: { circuit: { ...inRow, observeOnly: true }, health, maxInFlight: 4 },
};

const verdict = fc.constantFrom('succeeded' as const, 'released' as const, ...FAILURES, DENIED, OVERLOADED);
const often = <T>(weight: number, arbitrary: fc.Arbitrary<T>) => ({ weight, arbitrary });

/** One step of a random life. Failures and deadlines are frequent, or few lives would come to half-open. */
const randomStep: fc.Arbitrary<Step> = fc.oneof(
  often(6, fc.record({ type: fc.constant('settle' as const), verdict, stale: fc.constant(false) })),
  often(2, fc.record({ type: fc.constant('settle' as const), verdict, oldest: fc.constant(true) })),
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
    fc.constantFrom(
      ...Object.entries(POLICIES).map(([name, settings]) => ({ type: 'policy', name, settings }) as const),
    ),
  ),
);

/** Long ones are as likely as short ones: it takes a while to open a circuit again and again. */
export const randomSteps = fc.array(randomStep, { maxLength: 120, size: 'max' });

/** What really happens when a step is asked for: itself, the deadline that is next, or nothing. */
function possible(step: Step, driver: Driver): Step | undefined {
  const { oracle } = driver;
  const { next } = oracle;
  // eslint-disable-next-line @typescript-eslint/switch-exhaustiveness-check -- all others are always possible
  switch (step.type) {
    case 'settle': {
      const makesCall = !step.stale && !step.oldest && oracle.circuit !== 'half-open';
      const canCall = makesCall && oracle.refusal() === undefined;
      return canCall || driver.holds(step.stale ?? false) ? step : undefined;
    }
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

export interface Life {
  /** Of `POLICIES`, the one that it begins with. */
  readonly policy: string;
  readonly checked: boolean;
  readonly random: number;
  readonly create?: ConstructorParameters<typeof Driver>[2];
}

export const randomLife: fc.Arbitrary<Life> = fc.record({
  policy: fc.constantFrom(...Object.keys(POLICIES)),
  checked: fc.boolean(),
  random: fc.constantFrom(0, 0.25, 0.5, 0.999),
});

/** Lives a history and says all that was seen of it. */
export async function live(
  steps: readonly Step[],
  { policy, checked, random, create }: Life,
): Promise<readonly string[]> {
  const driver = Driver.begin(POLICIES[policy]!, checked, create, random);
  for (const step of steps) {
    const next = possible(step, driver);
    if (next) {
      const pending = driver.step(next as Part);
      if (pending) await pending;
    }
  }
  await driver.end();
  return driver.trace;
}

export const SEEDS = [20_241_125, 7, 1009] as const;
