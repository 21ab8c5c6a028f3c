import type { CircuitState } from '../../machines/policy.js';
import { shouldAdvertise } from '../../machines/policy.js';
import type { Clock } from './clock.js';
import type { Gate } from './gate.js';
import type { MeasuredRate } from './tally.js';
import type { BackendStatus, CircuitName, RateReading } from './status.js';

/** The word that is shown and serialised; undefined where the breaker is disabled. */
export function circuitName(circuit: CircuitState): CircuitName | undefined {
  if (circuit === 'disabled') return undefined;
  return circuit === 'halfOpen' ? 'half-open' : circuit;
}

/** A rate as it is shown. */
export function readingOf({ policy, matching, calls }: MeasuredRate): RateReading {
  return { ...policy, matching, calls, rate: calls === 0 ? 0 : matching / calls };
}

/** Everything known of one backend at this moment. */
export function statusOf(gate: Gate, clock: Clock): BackendStatus {
  const now = clock.now();
  const iso = (at: number) => new Date(clock.wallTime() + (at - now)).toISOString();
  const { supervision, health, observing, measured, trippedBy } = gate;
  const { lastCategory, lastCheckAt, nextAttemptAt } = gate;
  const circuit = circuitName(gate.circuit);
  const standing = { supervision, circuit: gate.circuit, health, ...(observing && { observing }) };
  return {
    name: gate.name,
    standing,
    health,
    ...(circuit && { circuit, circuitSince: iso(gate.circuitSince) }),
    serving: shouldAdvertise(standing),
    consecutiveFailures: gate.failures,
    generation: gate.generation,
    ...(measured.length > 0 && { rates: measured.map(readingOf) }),
    ...(trippedBy && { trippedBy: readingOf(trippedBy) }),
    ...(observing && { observeOnly: true }),
    ...(lastCategory && { lastErrorCategory: lastCategory }),
    ...(lastCheckAt !== undefined && { lastCheckTime: iso(lastCheckAt) }),
    healthSince: iso(gate.healthSince),
    timeInStateMs: Math.round(now - (circuit ? gate.circuitSince : gate.healthSince)),
    ...(nextAttemptAt !== undefined && {
      nextAttemptTime: iso(nextAttemptAt),
      nextAttemptInMs: Math.max(0, Math.round(nextAttemptAt - now)),
    }),
    restarts: gate.restarts,
    calls: {
      admitted: gate.admitted,
      succeeded: gate.succeeded,
      failed: gate.failed,
      released: gate.released,
      stale: gate.stale,
      inFlight: gate.inFlight,
      refused: gate.refused,
      ...(observing && { wouldRefuse: gate.wouldRefuse }),
    },
  };
}
