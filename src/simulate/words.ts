import { durationFromMs, formatDuration } from '../config/duration.js';
import type { Phase, Scenario } from './scenario.js';
import type { Run } from './simulation.js';

/** A time or a span for people, to the millisecond: `10.451s`, `1m10s`. */
export function timeText(ms: number): string {
  return formatDuration(durationFromMs(Math.round(ms)));
}

/** What the backend does in a phase: `down`, `slow (8s)`, `failing (30% of calls)`. */
export function phaseText(phase: Phase): string {
  const only = phase.only === undefined ? '' : ` for ${phase.only} only`;
  switch (phase.is) {
    case 'slow':
      return `slow (${timeText(phase.latencyMs)})${only}`;
    case 'flapping':
      return `flapping (${timeText(phase.downMs)} down, ${timeText(phase.upMs)} up)${only}`;
    case 'failing':
      return `failing (${Math.round(phase.rate * 1000) / 10}%)${only}`;
    case 'down':
    case 'hanging':
      return `${phase.is}${only}`;
  }
}

/** `crash: it refuses every connection for 90 s, and is back`. */
export function scenarioText({ name, description }: Scenario): string {
  return description === '' ? name : `${name}: ${description}`;
}

/** `10 calls/s for 3m0s, seed 1`. */
export function trafficText({ callsPerSecond, durationMs, seed }: Scenario): string {
  return `${callsPerSecond} calls/s for ${timeText(durationMs)}, seed ${seed}`;
}

/** What is to be known of the breaker; empty where it does what one expects. */
export const BREAKER_TEXT: Readonly<Record<Run['breaker'], string>> = {
  enforced: '',
  observed: 'its circuit is only observed (observeOnly): nothing is refused',
  disabled: 'its circuit breaker is disabled (circuitBreaker.enabled): every call is admitted',
};
