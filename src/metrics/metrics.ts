import { FAILURE_CATEGORIES } from '../../machines/failure.js';
import type { Outcome } from '../../machines/failure.js';
import type { EngineEvent } from '../engine/events.js';
import type { BackendStatus, EngineStatus } from '../engine/status.js';
import type { RequestResult } from '../gateway/request-meter.js';
import type { CallObserver, CallRefusal } from '../guarded-backend.js';
import { ProcessGauges } from './process-gauges.js';
import { METRICS_CONTENT_TYPE, MetricRegistry } from './series.js';
import type { BackendCounter, BackendDurations } from './series.js';
import { StateGauges } from './state-gauges.js';
import { Totals } from './totals.js';

/** What is asked when somebody wants to see the metrics. */
export interface MetricsSource {
  status(): EngineStatus;
  /** Client sessions that are open, by transport. */
  clientSessions(): Readonly<Record<string, number>>;
  /** Whether a session with the backend is open. */
  isConnected(backend: string): boolean;
}

/** The metrics of one moment. */
export interface MetricsPage {
  readonly contentType: string;
  readonly text: string;
}

/** What an outage and its end are made of: these are shown before they happen. */
const ARROWS = [
  ['closed', 'open', 'call.failed'],
  ['closed', 'open', 'check.failed'],
  ['closed', 'open', 'call.slow'],
  ['open', 'half-open', 'openFor'],
  ['half-open', 'open', 'call.failed'],
  ['half-open', 'open', 'check.failed'],
  ['half-open', 'open', 'probeLimit'],
  ['half-open', 'closed', 'call.succeeded'],
  ['half-open', 'closed', 'check.succeeded'],
] as const;

const OUTCOMES = [
  ['succeeded', 'none'],
  ['released', 'none'],
  ...FAILURE_CATEGORIES.map((category) => ['failed', category] as const),
] as const;

const REASONS: readonly CallRefusal[] = [
  'CIRCUIT_OPEN',
  'CIRCUIT_HALF_OPEN',
  'CIRCUIT_ISOLATED',
  'BULKHEAD_FULL',
  'BACKEND_RESTARTING',
  'BACKEND_GAVE_UP',
  'BACKEND_DRAINING',
  'ENGINE_STOPPED',
  'BACKEND_UNHEALTHY',
  'BACKEND_UNAUTHENTICATED',
];

/**
 * Counts what happens at one gateway. Labels are bounded: names of backends come from the configuration, all other
 * values from closed lists. What the engine knows is read when somebody looks; a call costs a few counts.
 */
export class Metrics implements CallObserver {
  readonly #registry = new MetricRegistry();
  readonly #process = new ProcessGauges(this.#registry);
  readonly #state = new StateGauges(this.#registry);
  readonly #clientSessions = this.#registry.gauge('client_sessions', 'MCP sessions of clients.', [
    'transport',
  ]);
  readonly #backendSessions = this.#registry.gauge('backend_sessions', 'MCP sessions with the backend.', [
    'backend',
  ]);
  readonly #transitions = this.#registry.counter(
    'circuit_transitions_total',
    'Changes of the circuit, each once.',
    ['from', 'to', 'cause'],
  );
  readonly #healthTransitions = this.#registry.counter(
    'health_transitions_total',
    'Changes of what calls and health checks say of the backend, each once.',
    ['from', 'to', 'cause'],
  );
  readonly #crashes = this.#registry.counter('backend_crashes_total', "Crashes of the backend's actor.");
  readonly #restarts = this.#registry.counter('backend_restarts_total', "Restarts of the backend's actor.");
  readonly #calls = this.#registry.counter(
    'calls_total',
    'Calls that were admitted and have ended, by what each says of the backend; category is why it failed.',
    ['outcome', 'category'],
  );
  readonly #callTimes = this.#registry.durations(
    'call_duration_seconds',
    'From admission of a call to its end, connecting included.',
    ['outcome'],
  );
  readonly #refusals = this.#registry.counter(
    'refusals_total',
    'Calls that were answered without the backend, by the code that the caller is told.',
    ['reason'],
  );
  readonly #retries = this.#registry.counter(
    'call_retries_total',
    'Calls that failed and were made again by the gateway; each is among the calls as well.',
  );
  readonly #checks = this.#registry.counter(
    'health_checks_total',
    'Health checks that were made and have ended; a released one was given up.',
    ['outcome', 'category'],
  );
  readonly #checkTimes = this.#registry.durations(
    'health_check_duration_seconds',
    'Time of a health check.',
    ['outcome'],
  );
  readonly #requests = this.#registry.gatewayDurations(
    'gateway_request_duration_seconds',
    'From the request of a client to its answer.',
    ['method', 'result'],
  );
  readonly #totals = [
    new Totals(
      this.#registry,
      'stale_outcomes_total',
      'Calls that ended in a later stay of the circuit than they began in: they changed nothing.',
      ({ calls }) => calls.stale,
    ),
    new Totals(
      this.#registry,
      'would_refuse_total',
      'Calls that went through only because their circuit is observed and not enforced.',
      ({ calls }) => calls.wouldRefuse ?? 0,
    ),
  ];
  /** Backends whose series are shown, and whether those of their circuit are too. */
  readonly #begun = new Map<string, boolean>();
  /** Backends that were removed; calls of theirs may still be out. */
  readonly #gone = new Set<string>();

  constructor(
    version: string,
    private readonly source: MetricsSource,
  ) {
    this.#registry.gauge('info', 'Constant 1, with what runs here.', ['version']).show([[1, { version }]]);
    this.#registry.begin(() => {
      this.#look();
    });
  }

  /** Takes note of an event of the engine. All must come, once and in order. */
  note(event: EngineEvent): void {
    const { backend } = event;
    switch (event.type) {
      case 'circuit.changed':
        this.#transitions.count(backend, event.from, event.to, event.cause);
        return;
      case 'health.changed':
        this.#healthTransitions.count(backend, event.from, event.to, event.cause);
        return;
      case 'backend.crashed':
      case 'backend.gaveUp':
        this.#crashes.count(backend);
        return;
      case 'backend.restarted':
        this.#restarts.count(backend);
        return;
      case 'backend.replaced':
        for (const totals of this.#totals) totals.replaced(backend);
        this.#gone.delete(backend);
        return;
      case 'backend.added':
        this.#gone.delete(backend);
        return;
      case 'backend.removed':
        this.#gone.add(backend);
        this.#begun.delete(backend);
        for (const series of [...this.#series, ...this.#totals]) series.forget(backend);
        return;
      case 'backend.draining':
    }
  }

  callRefused(backend: string, reason: CallRefusal): void {
    if (!this.#gone.has(backend)) this.#refusals.count(backend, reason);
  }

  callRetried(backend: string): void {
    if (!this.#gone.has(backend)) this.#retries.count(backend);
  }

  callEnded(backend: string, outcome: Outcome, elapsedMs: number): void {
    if (this.#gone.has(backend)) return;
    this.#calls.count(backend, outcome.kind, categoryOf(outcome));
    this.#callTimes.add(elapsedMs, backend, outcome.kind);
  }

  checkEnded(backend: string, outcome: Outcome, elapsedMs: number): void {
    if (this.#gone.has(backend)) return;
    this.#checks.count(backend, outcome.kind, categoryOf(outcome));
    this.#checkTimes.add(elapsedMs, backend, outcome.kind);
  }

  /** @param method bounded by the caller: known methods, and one word for all others */
  requestEnded(method: string, result: RequestResult, elapsedMs: number): void {
    this.#requests.add(elapsedMs, { method, result });
  }

  /** Asks for everything as it is now. */
  async page(): Promise<MetricsPage> {
    this.#look();
    this.#process.show();
    return { contentType: METRICS_CONTENT_TYPE, text: await this.#registry.text() };
  }

  /** OpenTelemetry gets nothing more, and does not ask. */
  close(): void {
    this.#registry.close();
  }

  #look(): void {
    const status = this.source.status();
    for (const backend of status.backends) this.#begin(backend);
    this.#state.show(status);
    for (const totals of this.#totals) totals.show(status);
    const sessions = Object.entries(this.source.clientSessions());
    this.#clientSessions.show(sessions.map(([transport, count]) => [count, { transport }]));
    this.#backendSessions.show(
      status.backends.map(({ name }) => [Number(this.source.isConnected(name)), { backend: name }]),
    );
  }

  #begin({ name, circuit }: BackendStatus): void {
    const begun = this.#begun.get(name);
    if (begun === undefined) this.#beginCounts(name);
    if (circuit && !begun) for (const arrow of ARROWS) this.#transitions.begin(name, ...arrow);
    this.#begun.set(name, begun === true || circuit !== undefined);
  }

  #beginCounts(name: string): void {
    this.#crashes.begin(name);
    this.#restarts.begin(name);
    this.#retries.begin(name);
    for (const outcome of OUTCOMES) {
      this.#calls.begin(name, ...outcome);
      this.#checks.begin(name, ...outcome);
    }
    for (const reason of REASONS) this.#refusals.begin(name, reason);
  }

  get #series(): readonly (BackendCounter | BackendDurations)[] {
    return [
      this.#transitions,
      this.#healthTransitions,
      this.#crashes,
      this.#restarts,
      this.#calls,
      this.#callTimes,
      this.#refusals,
      this.#retries,
      this.#checks,
      this.#checkTimes,
    ];
  }
}

function categoryOf(outcome: Outcome): string {
  return outcome.kind === 'failed' ? outcome.failure.category : 'none';
}
