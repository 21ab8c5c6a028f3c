import type { BackendStatus, EngineStatus } from '../engine/status.js';
import { reportedHealth } from '../http/backend-report.js';
import type { MetricRegistry, Series, Shown } from './series.js';

/** How things stand, one series for each state: 1 for the one that holds, 0 for the others. */
const PHASES = ['Pending', 'Ready', 'Degraded', 'Failed'] as const;
const CIRCUITS = ['closed', 'open', 'half-open', 'isolated'] as const;
const HEALTHS = ['unknown', 'healthy', 'degraded', 'unhealthy', 'unauthenticated'] as const;
const SUPERVISIONS = ['running', 'restarting', 'gaveUp', 'draining'] as const;

/** What `/status` says, as gauges. */
export class StateGauges {
  readonly #phase: Shown;
  readonly #byBackend: readonly (readonly [Shown, (backend: BackendStatus) => readonly Series[]])[];

  constructor(registry: MetricRegistry) {
    const gauge = (name: string, help: string, ...labels: string[]): Shown =>
      registry.gauge(name, help, ['backend', ...labels]);
    this.#phase = registry.gauge('phase', 'Whether the gateway as a whole is in this phase.', ['phase']);
    this.#byBackend = [
      [
        gauge(
          'circuit_state',
          'Whether the circuit is in this state. None where there is no breaker.',
          'state',
        ),
        ({ name, circuit }) => (circuit ? oneOf(CIRCUITS, circuit, name) : []),
      ],
      [
        gauge('backend_health', 'Whether this is the health of the backend, as in /status.', 'state'),
        ({ name, standing }) => oneOf(HEALTHS, reportedHealth(standing), name),
      ],
      [
        gauge('backend_supervision', 'Whether its supervisor has the backend in this state.', 'state'),
        ({ name, standing }) => oneOf(SUPERVISIONS, standing.supervision, name),
      ],
      [
        gauge('backend_serving', 'Whether the entries of the backend are listed.'),
        ({ name, serving }) => [[Number(serving), { backend: name }]],
      ],
      [
        gauge('consecutive_failures', 'Failures in a row, of calls and health checks together.'),
        ({ name, consecutiveFailures }) => [[consecutiveFailures, { backend: name }]],
      ],
      [
        gauge('permits_out', 'Calls that are admitted and not settled.'),
        ({ name, calls }) => [[calls.inFlight, { backend: name }]],
      ],
    ];
  }

  show({ phase, backends }: EngineStatus): void {
    this.#phase.show(PHASES.map((each) => [Number(each === phase), { phase: each }]));
    for (const [gauge, seriesOf] of this.#byBackend) gauge.show(backends.flatMap(seriesOf));
  }
}

function oneOf(states: readonly string[], present: string, backend: string): readonly Series[] {
  return states.map((state) => [Number(state === present), { backend, state }]);
}
