import type { FailureCategory } from '../../machines/failure.js';
import type { HealthState, Phase } from '../../machines/policy.js';
import { countHealth } from './backend-report.js';
import type { BackendReport, HealthCounts } from './backend-report.js';

/** The `status` object of a `VirtualMCPServer` (toolhive.stacklok.dev/v1beta1). Source: its CRD schema. */
export interface CrdStatus {
  readonly phase: Phase;
  readonly message: string;
  readonly url: string;
  readonly conditions: readonly Condition[];
  readonly discoveredBackends: readonly DiscoveredBackend[];
  /** Backends that are served, degraded ones included. */
  readonly backendCount: number;
}

export interface Condition {
  readonly type: 'Ready' | 'BackendsDiscovered' | 'Degraded';
  readonly status: 'True' | 'False';
  readonly reason: string;
  readonly message: string;
  /** When `status` last changed, ISO 8601. */
  readonly lastTransitionTime: string;
}

interface DiscoveredBackend {
  readonly name: string;
  readonly url?: string;
  readonly status: string;
  readonly authType: string;
  readonly lastHealthCheck?: string;
  readonly message: string;
  /** Absent where the breaker is disabled. An isolated circuit is `open`: the schema knows no other word. */
  readonly circuitBreakerState?: 'closed' | 'open' | 'half-open';
  readonly circuitLastChanged?: string;
  /** Absent when 0. */
  readonly consecutiveFailures?: number;
  readonly mcpRevision?: string;
}

const CRD_HEALTH: Readonly<Record<HealthState, string>> = {
  healthy: 'ready',
  degraded: 'degraded',
  unhealthy: 'unavailable',
  unknown: 'unknown',
  unauthenticated: 'unauthenticated',
};

const HEALTH_TEXT: Readonly<Record<HealthState, string>> = {
  healthy: 'Healthy',
  degraded: 'Degraded performance',
  unhealthy: 'Unhealthy',
  unknown: 'Unknown',
  unauthenticated: 'Authentication misconfigured (backend requires auth, none configured)',
};

/** Neutral as to whether a check or a call failed: the circuit counts both. */
const CATEGORY_TEXT: Readonly<Record<FailureCategory, string>> = {
  connection_failed: 'Connection failed',
  timeout: 'Timed out',
  backend_unavailable: 'Backend unavailable',
  authentication_failed: 'Authentication failed',
  overloaded: 'Overloaded',
  protocol_error: 'Protocol error',
  health_check_failed: 'Health check failed',
};

/** @param conditions of this moment: {@link conditionsOf}. */
export function crdStatus(
  phase: Phase,
  reports: readonly BackendReport[],
  conditions: readonly Condition[],
  url: string,
): CrdStatus {
  const counts = countHealth(reports);
  return {
    phase,
    message: phaseMessage(phase, counts),
    url,
    conditions,
    discoveredBackends: reports.map(discoveredBackend),
    backendCount: routable(counts),
  };
}

/** The whole in one line, in the reference's words; `routable` counts what is served (R14). */
export function phaseMessage(phase: Phase, counts: HealthCounts): string {
  const { total, degraded, unhealthy, unknown, unauthenticated } = counts;
  const rest = [
    `${degraded} degraded`,
    `${unhealthy} unhealthy`,
    `${unknown} unknown`,
    ...(unauthenticated > 0 ? [`${unauthenticated} unauthenticated`] : []),
  ].join(', ');
  switch (phase) {
    case 'Ready':
      return total === 0 ? 'Ready, no backends configured' : `All ${backends(total)} healthy`;
    case 'Pending':
      return `Waiting for initial health checks (${backends(total)} configured)`;
    case 'Failed':
      return `No routable backends (${rest})`;
    case 'Degraded':
      return `${routable(counts)}/${total} backends routable (${rest})`;
  }
}

/**
 * The conditions of a moment. One whose status is as in `previous` keeps its transition time, any other is
 * new at `now`; `Degraded` is there only while a backend is.
 */
export function conditionsOf(
  phase: Phase,
  counts: HealthCounts,
  now: string,
  previous: readonly Condition[],
): readonly Condition[] {
  const discovered = counts.total === 0 ? 'No backends configured' : `Discovered ${backends(counts.total)}`;
  const present: Omit<Condition, 'lastTransitionTime'>[] = [
    { type: 'Ready', ...readiness(phase, counts) },
    { type: 'BackendsDiscovered', status: 'True', reason: 'BackendsDiscovered', message: discovered },
  ];
  if (counts.degraded > 0) {
    const message = `${backends(counts.degraded)} degraded`;
    present.push({ type: 'Degraded', status: 'True', reason: 'BackendsDegraded', message });
  }
  return present.map((condition) => {
    const before = previous.find(({ type }) => type === condition.type);
    const since = before?.status === condition.status ? before.lastTransitionTime : now;
    return { ...condition, lastTransitionTime: since };
  });
}

function readiness(phase: Phase, counts: HealthCounts): Pick<Condition, 'status' | 'reason' | 'message'> {
  const { total } = counts;
  switch (phase) {
    case 'Ready': {
      const verb = total === 1 ? 'is' : 'are';
      const message = total === 0 ? phaseMessage(phase, counts) : `All ${backends(total)} ${verb} healthy`;
      return { status: 'True', reason: 'AllBackendsRoutable', message };
    }
    case 'Degraded': {
      const message = `${routable(counts)}/${total} backends routable`;
      return { status: 'False', reason: 'SomeBackendsUnhealthy', message };
    }
    case 'Failed':
      return { status: 'False', reason: 'NoRoutableBackends', message: 'No routable backends available' };
    case 'Pending':
      return { status: 'False', reason: 'BackendsPending', message: phaseMessage(phase, counts) };
  }
}

function discoveredBackend(report: BackendReport): DiscoveredBackend {
  const { status, health, url, authType, revision } = report;
  const circuit = status.circuit === 'isolated' ? 'open' : status.circuit;
  return {
    name: status.name,
    ...(url !== undefined && { url }),
    status: CRD_HEALTH[health],
    authType,
    ...(status.lastCheckTime !== undefined && { lastHealthCheck: status.lastCheckTime }),
    message: backendMessage(report),
    ...(circuit !== undefined && { circuitBreakerState: circuit }),
    ...(status.circuitSince !== undefined && { circuitLastChanged: status.circuitSince }),
    ...(status.consecutiveFailures > 0 && { consecutiveFailures: status.consecutiveFailures }),
    ...(revision !== undefined && { mcpRevision: revision }),
  };
}

/** One backend in one line: what stands in its way, then the last error or its health. */
export function backendMessage({ status, health }: BackendReport): string {
  switch (status.standing.supervision) {
    case 'gaveUp':
      return 'Given up after repeated crashes; reset it to try again';
    case 'restarting':
      return 'Restarting after a crash';
    case 'draining':
      return 'Draining';
    case 'running':
      return circuitMessage(status, health);
  }
}

function circuitMessage(status: BackendReport['status'], health: HealthState): string {
  const { circuit, consecutiveFailures } = status;
  if (circuit === 'isolated') return 'Isolated by an operator';
  if (circuit === 'open') return `Circuit breaker OPEN - ${lastError(status) ?? HEALTH_TEXT[health]}`;
  if (circuit === 'half-open') {
    return `Circuit breaker testing recovery - ${lastError(status) ?? HEALTH_TEXT[health]}`;
  }
  // After a success the last error is history: it stays in the reports, not in the message.
  return (consecutiveFailures > 0 ? lastError(status) : undefined) ?? HEALTH_TEXT[health];
}

function lastError({ lastErrorCategory, consecutiveFailures }: BackendReport['status']): string | undefined {
  if (lastErrorCategory === undefined) return undefined;
  const times = consecutiveFailures > 1 ? ` (failures: ${consecutiveFailures})` : '';
  return CATEGORY_TEXT[lastErrorCategory] + times;
}

function routable(counts: HealthCounts): number {
  return counts.healthy + counts.degraded;
}

function backends(count: number): string {
  return count === 1 ? '1 backend' : `${count} backends`;
}
