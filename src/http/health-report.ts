import { countHealth } from './backend-report.js';
import type { BackendReport } from './backend-report.js';

/**
 * The body of `/api/backends/health`. Its keys are the names of the reference's Go fields; those from
 * `Serving` on are additions. `null` is a time that has not been yet.
 */
export interface HealthReport {
  readonly monitoring_enabled: true;
  readonly summary: Readonly<
    Record<'Total' | 'Healthy' | 'Degraded' | 'Unhealthy' | 'Unknown' | 'Unauthenticated', number>
  >;
  /** By name, in sorted order; backends not yet checked are included. */
  readonly backends: Readonly<Record<string, HealthReportBackend>>;
}

interface HealthReportBackend {
  readonly Status: string;
  readonly ConsecutiveFailures: number;
  readonly LastCheckTime: string | null;
  /** Empty when there was no error. */
  readonly LastErrorCategory: string;
  readonly LastTransitionTime: string;
  /** This and the next are absent where the breaker is disabled. */
  readonly CircuitState?: string;
  readonly CircuitLastChanged?: string;
  readonly MCPRevision: string;
  readonly Serving: boolean;
  readonly Supervision: string;
  readonly NextAttemptTime: string | null;
  readonly NextAttemptInMs: number | null;
  readonly TimeInStateMs: number;
  readonly Restarts: number;
}

/** @returns the body of `/api/backends/health`. */
export function healthReport(reports: readonly BackendReport[]): HealthReport {
  const counts = countHealth(reports);
  return {
    monitoring_enabled: true,
    summary: {
      Total: counts.total,
      Healthy: counts.healthy,
      Degraded: counts.degraded,
      Unhealthy: counts.unhealthy,
      Unknown: counts.unknown,
      Unauthenticated: counts.unauthenticated,
    },
    // A backend may be called `__proto__`; `fromEntries` defines own keys.
    backends: Object.fromEntries(reports.map((report) => [report.status.name, healthReportBackend(report)])),
  };
}

function healthReportBackend({ status, health, healthSince, revision }: BackendReport): HealthReportBackend {
  return {
    Status: health,
    ConsecutiveFailures: status.consecutiveFailures,
    LastCheckTime: status.lastCheckTime ?? null,
    LastErrorCategory: status.lastErrorCategory ?? '',
    LastTransitionTime: healthSince,
    ...(status.circuit !== undefined && { CircuitState: status.circuit }),
    ...(status.circuitSince !== undefined && { CircuitLastChanged: status.circuitSince }),
    MCPRevision: revision ?? '',
    Serving: status.serving,
    Supervision: status.standing.supervision,
    NextAttemptTime: status.nextAttemptTime ?? null,
    NextAttemptInMs: status.nextAttemptInMs ?? null,
    TimeInStateMs: status.timeInStateMs,
    Restarts: status.restarts,
  };
}
