import type { BackendReport } from '../backend-report.js';
import type { Latency } from '../../call-record.js';
import type { BackendStatus } from '../../engine/status.js';
import type { Card } from './feed.js';

/** One backend at a glance, as the stream shows it. */
export interface BackendCard extends Card {
  readonly health: BackendStatus['health'];
  /** Absent where the breaker is disabled. */
  readonly circuit?: NonNullable<BackendStatus['circuit']>;
  readonly supervision: string;
  readonly serving: boolean;
  /** In a row. */
  readonly failures: number;
  readonly category?: string;
  /** When the present state began: of the circuit, if it is not closed, else of the health. */
  readonly since: string;
  readonly nextAt?: string;
  readonly restarts: number;
  readonly calls: Pick<BackendStatus['calls'], 'succeeded' | 'failed' | 'refused' | 'inFlight'>;
  readonly latency: Latency;
  readonly transport: string;
  readonly url?: string;
  readonly pid?: number;
  readonly tools: number;
  /** The active states of its statechart, by the ids of the drawing. */
  readonly states: readonly string[];
}

export function cardOf(report: BackendReport, latency: Latency, states: readonly string[]): BackendCard {
  const { status, transport, url, pid, toolCount } = report;
  const { circuit, standing, calls, lastErrorCategory: category, nextAttemptTime } = status;
  const began = circuit === undefined || circuit === 'closed' ? status.healthSince : status.circuitSince;
  return {
    name: status.name,
    health: status.health,
    ...(circuit !== undefined && { circuit }),
    supervision: standing.supervision,
    serving: status.serving,
    failures: status.consecutiveFailures,
    ...(category !== undefined && { category }),
    since: coarse(began ?? status.healthSince),
    ...(nextAttemptTime !== undefined && { nextAt: coarse(nextAttemptTime) }),
    restarts: status.restarts,
    calls: {
      succeeded: calls.succeeded,
      failed: calls.failed,
      refused: calls.refused,
      inFlight: calls.inFlight,
    },
    latency,
    transport,
    ...(url !== undefined && { url }),
    ...(pid !== undefined && { pid }),
    tools: toolCount,
    states,
  };
}

/** To a tenth of a second: wall-clock times waver by a millisecond, and nothing would ever be unchanged. */
function coarse(time: string): string {
  return new Date(Math.round(Date.parse(time) / 100) * 100).toISOString();
}
