import type { BackendSnapshot } from './backend.js';
import type { CircuitState, HealthState } from './policy.js';

/** The three regions of a snapshot, without the substates that matter only to the machine. */
export function regionsOf({ value }: BackendSnapshot): {
  readonly circuit: CircuitState;
  readonly health: HealthState;
  readonly nextCheck: 'planned' | 'out' | 'none';
} {
  const circuit = outermost(value.circuit);
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

/** All active states of a snapshot by their ids, e.g. `backend.circuit.closed`: compound ones and those within them. */
export function statesOf({ _nodes }: BackendSnapshot): readonly string[] {
  return _nodes.map(({ id }) => id);
}

/** Of a state with substates, its own name. */
function outermost(value: BackendSnapshot['value']['circuit']) {
  if (typeof value === 'string') return value;
  return 'closed' in value ? 'closed' : 'halfOpen';
}
