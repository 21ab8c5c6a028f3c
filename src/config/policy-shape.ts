import type { z } from 'zod';
import { BACKEND_DEFAULTS } from './defaults.js';
import { backoffDefaults, MAX_RATES, MAX_WINDOW_CALLS, minimumCallsIn } from './engine-config.js';
import { duration, flag, integer, list, number, section, text } from './leaf.js';

const fallback = backoffDefaults(BACKEND_DEFAULTS.circuit.openMs);

/** What a rate counts. */
export const RATE_KINDS = ['failures', 'slowCalls'] as const;

const Rate = section(
  'A share of calls at which the circuit opens.',
  {
    of: text('What is counted: calls and health checks that failed, or calls that were slow.', {
      enum: RATE_KINDS,
    }).optional(),
    threshold: number('Share that opens the circuit: 0.5 is half.', {
      exclusiveMinimum: 0,
      maximum: 1,
    }).optional(),
    window: section('What it is a share of: exactly one of these.', {
      calls: integer('The last so many.', { minimum: 1, maximum: MAX_WINDOW_CALLS }).optional(),
      time: duration('Those of the last so long; at least 1s.').optional(),
    })
      .meta({ minProperties: 1, maxProperties: 1 })
      .optional(),
    minimumCalls: integer('With fewer in the window nothing is judged; at most window.calls.', {
      default: minimumCallsIn(),
      minimum: 1,
    }).optional(),
  },
  ['of', 'threshold', 'window'],
);
export type Rate = z.infer<typeof Rate>;

const Backoff = section('Extension. Leaves a circuit that opens again and again open for longer.', {
  multiplier: number('Each opening in a row is longer by this factor.', {
    default: fallback.multiplier,
    minimum: 1,
  }).optional(),
  maxTimeout: duration('The longest; by default 10 times the timeout.').optional(),
  jitter: number('Share of a lengthened timeout that is left to chance.', {
    default: fallback.jitter,
    minimum: 0,
    maximum: 1,
  }).optional(),
  decayInterval: duration(
    'One opening is forgotten for each so long that calls succeed; by default the timeout.',
  ).optional(),
});

/** Defaults of `retry`. */
export const RETRY_DEFAULTS = { maxRetries: 0, budget: 0.1 } as const;
export const MAX_RETRIES = 5;

export const retry = section(
  'Extension. Makes a call that failed again: of a tool that says it is read-only or idempotent, or of what is only read.',
  {
    maxRetries: integer('How often one call may be made again.', {
      default: RETRY_DEFAULTS.maxRetries,
      minimum: 0,
      maximum: MAX_RETRIES,
    }).optional(),
    budget: number('Share of all calls of a backend that may be made again.', {
      default: RETRY_DEFAULTS.budget,
      exclusiveMinimum: 0,
      maximum: 1,
    }).optional(),
  },
);

/** Optional keys of `circuitBreaker`. */
export const circuitPolicies = {
  rates: list(
    'Extension. Rates that open the circuit, each by itself. Without failureThreshold, nothing else does.',
    Rate,
  )
    .meta({ maxItems: MAX_RATES })
    .optional(),
  slowCallThreshold: duration(
    'Extension. A call that takes so long is slow; for rates of slowCalls.',
  ).optional(),
  backoff: Backoff.optional(),
  observeOnly: flag(
    'Extension. The circuit does everything but refuse: what it would have refused is counted.',
    {
      default: BACKEND_DEFAULTS.circuit.observeOnly ?? false,
    },
  ).optional(),
};

/** Optional key beside `circuitBreaker`. */
export const maxInFlight = integer('Extension. Calls that may be out at once; the next is refused.', {
  minimum: 1,
});
