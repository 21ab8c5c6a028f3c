import { z } from 'zod';

/**
 * Every default of the resilience settings, and nowhere else. Durations are milliseconds. The numbers the
 * reference has are the reference's; the rest are ours.
 */

const count = z.int().min(1);
const duration = z.number().positive();

/** Failures in a row that trip a circuit without rates; beside rates there is no default. */
export const FAILURE_THRESHOLD = 5;

/** The default of `minimumCalls`: 10, or all that a smaller window holds. */
export function minimumCallsIn(windowCalls = Infinity): number {
  return Math.min(10, windowCalls);
}

/** What is not said of a backoff, beside this open time. */
export function backoffDefaults(openMs: number) {
  return { multiplier: 2, maxOpenMs: 10 * openMs, jitter: 0.1, decayMs: openMs };
}

/** Rates of one circuit, and calls in one window. */
export const MAX_RATES = 8;
export const MAX_WINDOW_CALLS = 1_000_000;

const SHARE = 'must be more than 0 and at most 1';
const UP_TO_ONE = 'must be at least 0 and at most 1';

/** A rate that trips the circuit, over exactly one of `window.calls` and `window.ms`. */
const RateConfig = z.strictObject({
  of: z.enum(['failures', 'slowCalls'], 'must be failures or slowCalls'),
  threshold: z.number(SHARE).gt(0, SHARE).lte(1, SHARE),
  window: z.strictObject({
    calls: count.max(MAX_WINDOW_CALLS, `must be at most ${MAX_WINDOW_CALLS}`).optional(),
    ms: z.number().min(1000, 'must be at least 1000 (1s)').optional(),
  }),
  minimumCalls: count.optional(),
});

/** How a circuit that opens again and again is left open for longer. */
const BackoffConfig = z.strictObject({
  multiplier: z.number().min(1, 'must be at least 1').optional(),
  maxOpenMs: duration.optional(),
  jitter: z.number().min(0, UP_TO_ONE).max(1, UP_TO_ONE).optional(),
  decayMs: duration.optional(),
});

const CircuitShape = z.strictObject({
  /** `false` admits every call and reports no circuit. */
  enabled: z.boolean().default(true),
  /** Default: `FAILURE_THRESHOLD` without rates, none beside them. */
  failureThreshold: count.optional(),
  /** Each trips by itself. An empty list is none, which is the default. */
  rates: z.array(RateConfig).max(MAX_RATES, `must be at most ${MAX_RATES}`).optional(),
  /** From when on a call is slow: goes with rates of slowCalls. */
  slowCallMs: duration.optional(),
  openMs: z.number().min(1000, 'must be at least 1000 (1s) to prevent thrashing').default(60_000),
  successThreshold: count.default(1),
  maxProbes: count.default(1),
  probeLimitMs: duration.default(30_000),
  /** Default: none, every stay is as long. Of one that is given: `backoffDefaults`. */
  backoff: BackoffConfig.optional(),
  /** Everything but refusing. Default: false. */
  observeOnly: z.boolean().optional(),
});
type CircuitShape = z.infer<typeof CircuitShape>;

/** When a circuit trips and how it recovers. Policies that are not set are absent from the result. */
const CircuitConfig = CircuitShape.transform((circuit, context): ReturnType<typeof withPolicies> => {
  const { rates, slowCallMs, backoff, observeOnly } = circuit;
  // Written out because ten thousand backends are validated at start, and few of them have policies.
  if (!rates?.length && slowCallMs === undefined && backoff === undefined && !observeOnly) {
    const { enabled, failureThreshold = FAILURE_THRESHOLD, openMs, successThreshold } = circuit;
    const { maxProbes, probeLimitMs } = circuit;
    return { enabled, failureThreshold, openMs, successThreshold, maxProbes, probeLimitMs };
  }
  for (const [path, message] of circuitFaults(circuit)) {
    context.addIssue({ code: 'custom', path: [...path], message });
  }
  return withPolicies(circuit);
});

function withPolicies(circuit: CircuitShape) {
  const { failureThreshold, rates = [], slowCallMs, backoff, observeOnly = false, ...rest } = circuit;
  const consecutive = failureThreshold ?? (rates.length === 0 ? FAILURE_THRESHOLD : undefined);
  return {
    ...rest,
    ...(consecutive !== undefined && { failureThreshold: consecutive }),
    ...(rates.length > 0 && { rates: rates.map(rateOf) }),
    ...(slowCallMs !== undefined && { slowCallMs }),
    ...(backoff && { backoff: backoffOf(backoff, rest.openMs) }),
    ...(observeOnly && { observeOnly }),
  };
}

/** What is right by itself and wrong together. */
function* circuitFaults({
  rates = [],
  slowCallMs,
  openMs,
  backoff,
}: CircuitShape): Generator<[path: readonly (string | number)[], message: string]> {
  for (const [index, { window, minimumCalls }] of rates.entries()) {
    const { calls, ms } = window;
    if (calls !== undefined && ms !== undefined) {
      yield [['rates', index, 'window'], 'must have either calls or ms, not both'];
    } else if (calls === undefined && ms === undefined) {
      yield [['rates', index, 'window'], 'must have calls or ms'];
    } else if (calls !== undefined && minimumCalls !== undefined && minimumCalls > calls) {
      const message = `must be at most window.calls (${calls}), or the rate would never be judged`;
      yield [['rates', index, 'minimumCalls'], message];
    }
  }
  const slow = rates.some(({ of }) => of === 'slowCalls');
  if (slow && slowCallMs === undefined) {
    yield [['slowCallMs'], 'is required by a rate of slowCalls: from when on a call is slow'];
  } else if (!slow && slowCallMs !== undefined) {
    yield [['slowCallMs'], 'needs a rate of slowCalls: add one to rates, or leave this out'];
  }
  if ((backoff?.maxOpenMs ?? openMs) < openMs) {
    yield [['backoff', 'maxOpenMs'], `must be at least openMs (${openMs})`];
  }
}

function rateOf({ of, threshold, window: { calls, ms = 0 }, minimumCalls }: z.infer<typeof RateConfig>) {
  return {
    of,
    threshold,
    window: calls === undefined ? { ms } : { calls },
    minimumCalls: minimumCalls ?? minimumCallsIn(calls),
  };
}

function backoffOf(given: z.infer<typeof BackoffConfig>, openMs: number) {
  const fallback = backoffDefaults(openMs);
  return {
    multiplier: given.multiplier ?? fallback.multiplier,
    maxOpenMs: given.maxOpenMs ?? fallback.maxOpenMs,
    jitter: given.jitter ?? fallback.jitter,
    decayMs: given.decayMs ?? fallback.decayMs,
  };
}

/** How health is judged, and how often it is checked. */
const HealthConfig = z
  .strictObject({
    checkIntervalMs: duration.default(30_000),
    checkTimeoutMs: duration.default(10_000),
    unhealthyThreshold: count.default(3),
    degradedThresholdMs: duration.default(5000),
  })
  .refine(({ checkIntervalMs, checkTimeoutMs }) => checkTimeoutMs < checkIntervalMs, {
    path: ['checkTimeoutMs'],
    message: 'must be less than checkIntervalMs, so that checks do not queue up',
  });

/** One backend of an embedded engine. */
export const BackendConfig = z.strictObject({
  circuit: CircuitConfig.prefault({}),
  health: HealthConfig.prefault({}),
  /** Calls that may be out at once, whatever the circuit says. Absent: no limit. */
  maxInFlight: count.optional(),
  /** Changes when the backend is another one (its address or credentials): its state then starts afresh. */
  identity: z.string().optional(),
});

export type BackendConfig = z.infer<typeof BackendConfig>;
/** The same before defaults. */
export type BackendConfigInput = z.input<typeof BackendConfig>;

/** How often a crashed backend actor is restarted before it is given up. */
const SupervisionConfig = z.strictObject({
  /** Restarts allowed within `periodMs`; the next crash gives up. 0 never restarts. */
  intensity: z.int().min(0).default(3),
  periodMs: duration.default(60_000),
  /** Delay before the first restart; doubled for each further crash within the period. */
  backoffMs: duration.default(100),
});

/** What `createEngine` takes. */
export const EngineConfig = z.strictObject({
  backends: z.record(z.string().min(1), BackendConfig.prefault({})),
  supervision: SupervisionConfig.prefault({}),
  /** Health checks running at once in the whole engine. */
  maxConcurrentChecks: count.default(10),
  /** A call that names no time of its own may take this long. */
  callTimeoutMs: duration.default(30_000),
  /** Calls in flight may take this long when their backend, or the engine, is stopped. */
  drainMs: z.number().min(0).default(10_000),
});

export type EngineConfig = z.infer<typeof EngineConfig>;
/** The same before defaults: every part may be left out. */
export type EngineConfigInput = z.input<typeof EngineConfig>;

/** A configuration that was refused. The message names every key that is wrong, and what would be right. */
export class EngineConfigError extends Error {
  override readonly name = 'EngineConfigError';
  readonly code = 'INVALID_CONFIGURATION';
}

/** @throws {EngineConfigError} */
export function parseEngineConfig(input: EngineConfigInput): EngineConfig {
  const parsed = EngineConfig.safeParse(input);
  // A record of zod would leave this name out without a word.
  if (parsed.success && Object.hasOwn(input.backends, '__proto__'))
    throw new EngineConfigError('invalid engine configuration:\n  - backends: "__proto__" is not a name');
  if (parsed.success) return parsed.data;
  const lines = parsed.error.issues.map(({ path, message }) => `  - ${path.join('.')}: ${message}`);
  throw new EngineConfigError(`invalid engine configuration:\n${lines.join('\n')}`);
}
