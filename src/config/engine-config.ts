import { z } from 'zod';

/**
 * Every default of the resilience settings, and nowhere else. Durations are milliseconds. The numbers the
 * reference has are the reference's; the rest are ours.
 */

const count = z.int().min(1);
const duration = z.number().positive();

/** When a circuit trips and how it recovers. */
const CircuitConfig = z.strictObject({
  /** `false` admits every call and reports no circuit. */
  enabled: z.boolean().default(true),
  failureThreshold: count.default(5),
  openMs: z.number().min(1000, 'must be at least 1000 (1s) to prevent thrashing').default(60_000),
  successThreshold: count.default(1),
  maxProbes: count.default(1),
  probeLimitMs: duration.default(30_000),
});

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
  /** Changes when the backend is another one (its address or credentials): its state then starts afresh. */
  identity: z.string().optional(),
});

export type BackendConfig = z.infer<typeof BackendConfig>;

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
