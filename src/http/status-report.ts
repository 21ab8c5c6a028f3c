import type { Phase } from '../../machines/policy.js';
import type { CallCounts, CircuitName, RateReading } from '../engine/status.js';
import { countHealth } from './backend-report.js';
import type { BackendReport } from './backend-report.js';
import { phaseMessage } from './crd-status.js';

/** The body of `/status`. The first four keys, and the first five of a backend, are the reference's. */
export interface StatusReport {
  readonly backends: readonly StatusBackend[];
  /** Whether at least one backend is exactly `healthy`. */
  readonly healthy: boolean;
  readonly version: string;
  readonly group_ref: string;
  readonly name: string;
  readonly phase: Phase;
  readonly message: string;
}

interface StatusBackend {
  readonly name: string;
  readonly health: string;
  readonly transport: string;
  readonly auth_type: string;
  readonly mcp_revision?: string;
  readonly serving: boolean;
  readonly supervision: string;
  /** Absent where the breaker is disabled. */
  readonly circuit?: CircuitName;
  readonly circuit_since?: string;
  readonly health_since: string;
  readonly time_in_state_ms: number;
  readonly consecutive_failures: number;
  readonly last_error_category?: string;
  /** Absent where the circuit has no rates. */
  readonly rates?: readonly object[];
  /** The rate that opened the circuit, while it is open. */
  readonly tripped_by?: object;
  readonly observe_only?: boolean;
  readonly last_check_time?: string;
  readonly next_attempt_time?: string;
  readonly next_attempt_in_ms?: number;
  readonly restarts: number;
  readonly calls: CallCounts;
  readonly tools: number;
  readonly url?: string;
  readonly pid?: number;
}

/** Who answers: constants of one server. */
export interface Identity {
  readonly name: string;
  readonly groupRef: string;
  readonly version: string;
}

/** @returns the body of `/status`; sorted as `reports` are, backends not yet checked included. */
export function statusReport(phase: Phase, reports: readonly BackendReport[], who: Identity): StatusReport {
  const counts = countHealth(reports);
  return {
    backends: reports.map(statusBackend),
    healthy: counts.healthy > 0,
    version: who.version,
    group_ref: who.groupRef,
    name: who.name,
    phase,
    message: phaseMessage(phase, counts),
  };
}

function statusBackend(report: BackendReport): StatusBackend {
  const { status } = report;
  return {
    name: status.name,
    health: report.health,
    transport: report.transport,
    auth_type: report.authType,
    ...(report.revision !== undefined && { mcp_revision: report.revision }),
    serving: status.serving,
    supervision: status.standing.supervision,
    ...(status.circuit !== undefined && { circuit: status.circuit }),
    ...(status.circuitSince !== undefined && { circuit_since: status.circuitSince }),
    health_since: report.healthSince,
    time_in_state_ms: status.timeInStateMs,
    consecutive_failures: status.consecutiveFailures,
    ...(status.lastErrorCategory !== undefined && { last_error_category: status.lastErrorCategory }),
    ...(status.rates && { rates: status.rates.map(rateReport) }),
    ...(status.trippedBy && { tripped_by: rateReport(status.trippedBy) }),
    ...(status.observeOnly && { observe_only: true }),
    ...(status.lastCheckTime !== undefined && { last_check_time: status.lastCheckTime }),
    ...(status.nextAttemptTime !== undefined && { next_attempt_time: status.nextAttemptTime }),
    ...(status.nextAttemptInMs !== undefined && { next_attempt_in_ms: status.nextAttemptInMs }),
    restarts: status.restarts,
    calls: status.calls,
    tools: report.toolCount,
    ...(report.url !== undefined && { url: report.url }),
    ...(report.pid !== undefined && { pid: report.pid }),
  };
}

function rateReport({ of, window, threshold, minimumCalls, matching, calls, rate }: RateReading): object {
  const held = 'ms' in window ? { window_ms: window.ms } : { window_calls: window.calls };
  return { of, ...held, threshold, minimum_calls: minimumCalls, matching, calls, rate };
}
