import { isPending, shouldAdvertise } from '../../machines/policy.js';
import type { HealthState, Standing } from '../../machines/policy.js';
import type { BackendStatus, EngineStatus } from '../engine/status.js';
import type { BackendInfo } from '../vmcp.js';

/** What the endpoints show of one backend: its state, and what is known of it besides. */
export interface BackendReport {
  readonly status: BackendStatus;
  /** In one word for every endpoint: {@link reportedHealth}. */
  readonly health: HealthState;
  /** When that began: with the circuit, where the circuit is the reason. */
  readonly healthSince: string;
  readonly transport: string;
  readonly authType: string;
  readonly toolCount: number;
  /** Without user, password, query and fragment; absent for stdio. */
  readonly url?: string;
  readonly pid?: number;
  /** MCP revision agreed on; absent before the first session. */
  readonly revision?: string;
}

/** How many backends there are of each reported health. `total` is their sum. */
export interface HealthCounts {
  readonly total: number;
  readonly healthy: number;
  readonly degraded: number;
  readonly unhealthy: number;
  readonly unknown: number;
  readonly unauthenticated: number;
}

/**
 * The health every endpoint shows, so that none contradicts another. A backend that is not served because of
 * its circuit or its supervisor is `unhealthy` whatever its last health check said, in the moment it happens.
 */
export function reportedHealth(standing: Standing): HealthState {
  if (shouldAdvertise(standing) || isPending(standing)) return standing.health;
  return standing.health === 'unauthenticated' ? 'unauthenticated' : 'unhealthy';
}

/**
 * An address fit to be shown: scheme, host, port and path. Secrets travel in the other parts.
 * Undefined for what is not an absolute http(s) address.
 */
export function shownUrl(url: string | undefined): string | undefined {
  if (url === undefined || !URL.canParse(url)) return undefined;
  const { protocol, host, pathname } = new URL(url);
  return protocol === 'http:' || protocol === 'https:' ? `${protocol}//${host}${pathname}` : undefined;
}

/** One report per backend of `status`, in its order, whether or not anything else is known of the backend. */
export function backendReports(
  status: EngineStatus,
  infos: readonly BackendInfo[],
): readonly BackendReport[] {
  const byName = new Map(infos.map((info) => [info.name, info]));
  return status.backends.map((backend) => {
    const info = byName.get(backend.name);
    const url = shownUrl(info?.url);
    return {
      status: backend,
      health: reportedHealth(backend.standing),
      healthSince: healthSince(backend),
      transport: info?.transport ?? 'unknown',
      authType: info?.authType ?? 'unauthenticated',
      toolCount: info?.toolCount ?? 0,
      ...(url !== undefined && { url }),
      ...(info?.pid !== undefined && { pid: info.pid }),
      ...(info?.revision !== undefined && { revision: info.revision }),
    };
  });
}

function healthSince({
  standing,
  healthSince: judged,
  circuitSince: opened = judged,
}: BackendStatus): string {
  return reportedHealth(standing) === standing.health || opened < judged ? judged : opened;
}

export function countHealth(reports: readonly BackendReport[]): HealthCounts {
  const counts = {
    total: reports.length,
    healthy: 0,
    degraded: 0,
    unhealthy: 0,
    unknown: 0,
    unauthenticated: 0,
  };
  for (const { health } of reports) counts[health] += 1;
  return counts;
}
