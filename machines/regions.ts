import type { BackendSnapshot } from './backend.js';
import type { CircuitState, HealthState } from './policy.js';

/** The three regions of a snapshot, without the substates that matter only to the machine. */
export function regionsOf({ value }: BackendSnapshot): {
  readonly circuit: CircuitState;
  readonly health: HealthState;
  readonly nextCheck: 'planned' | 'out' | 'none';
} {
  const circuit = typeof value.circuit === 'string' ? value.circuit : 'halfOpen';
  const { checks } = value;
  return {
    circuit: circuit === 'resuming' ? 'closed' : circuit,
    health: value.health,
    nextCheck:
      checks === 'waiting' || checks === 'reconnecting'
        ? 'planned'
        : typeof checks === 'object'
          ? 'out'
          : 'none',
  };
}
