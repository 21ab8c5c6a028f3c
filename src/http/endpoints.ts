import type { EngineStatus } from '../engine/status.js';
import type { Vmcp } from '../vmcp.js';
import { backendReports, countHealth } from './backend-report.js';
import type { BackendReport } from './backend-report.js';
import { conditionsOf, crdStatus } from './crd-status.js';
import type { Condition } from './crd-status.js';
import { healthReport } from './health-report.js';
import { statusReport } from './status-report.js';
import type { Identity } from './status-report.js';

/** One JSON answer. */
export interface JsonAnswer {
  readonly status: number;
  readonly body: object;
  readonly headers?: Readonly<Record<string, string>>;
}

/** One answer that is not JSON; its headers say what it is. */
export interface TextAnswer {
  readonly status: number;
  readonly text: string;
  readonly headers: Readonly<Record<string, string>> & { readonly 'Content-Type': string };
}

/** The phase goes on telling how the backends are. */
const DRAINING = 'Shutting down: calls in flight may finish, new ones are refused';

/** Answers a GET of one path. */
type Endpoint = (query: URLSearchParams) => JsonAnswer | Promise<TextAnswer>;

export interface Endpoints {
  /** By path. */
  readonly routes: ReadonlyMap<string, Endpoint>;
  /** Stops following the engine's events. */
  readonly close: () => void;
}

export interface EndpointOptions extends Identity {
  readonly vmcp: Vmcp;
  /** Where clients find MCP, for the CRD status. */
  readonly mcpUrl: () => string;
  readonly isDraining: () => boolean;
}

/** The read-only endpoints. They ask the engine anew for every request, and asking changes nothing. */
export function createEndpoints(options: EndpointOptions): Endpoints {
  const { vmcp } = options;
  const history = followConditions(vmcp);
  const seen = (): { status: EngineStatus; reports: readonly BackendReport[] } => {
    const whole = vmcp.status();
    // Lists stand still to the end, or every client would be told to forget its tools. Calls are refused, and so
    // nothing is served.
    const status = options.isDraining()
      ? { ...whole, backends: whole.backends.map((backend) => ({ ...backend, serving: false })) }
      : whole;
    return { status, reports: backendReports(status, vmcp.backends()) };
  };
  const alive: Endpoint = () => ok({ status: 'ok' });
  const status: Endpoint = (query) => {
    const format = query.get('format') ?? 'json';
    const { status: engine, reports } = seen();
    const draining = options.isDraining() && { message: DRAINING };
    if (format === 'json') return ok({ ...statusReport(engine.phase, reports, options), ...draining });
    if (format === 'crd') {
      return ok({ ...crdStatus(engine.phase, reports, history.conditions(), options.mcpUrl()), ...draining });
    }
    return problem(400, 'UNKNOWN_FORMAT', 'format must be one of: json, crd');
  };
  const routes = new Map<string, Endpoint>([
    ['/health', alive],
    ['/ping', alive],
    ['/readyz', () => readiness(options.isDraining())],
    ['/status', status],
    ['/api/backends/health', () => ok(healthReport(seen().reports))],
    ['/metrics', () => metrics(vmcp)],
  ]);
  return { routes, close: history.close };
}

/** An error as every endpoint but MCP itself words it. */
export function problem(
  status: number,
  code: string,
  message: string,
  headers?: Readonly<Record<string, string>>,
): JsonAnswer {
  return { status, body: { error: { code, message } }, ...(headers !== undefined && { headers }) };
}

/** Methods of whatever is only read. */
export const READ_METHODS: readonly string[] = ['GET', 'HEAD'];

export function notAllowed(methods: readonly string[]): JsonAnswer {
  const allow = methods.join(', ');
  return problem(405, 'METHOD_NOT_ALLOWED', `this address takes ${allow}`, { Allow: allow });
}

function ok(body: object): JsonAnswer {
  return { status: 200, body };
}

function metrics(vmcp: Vmcp): JsonAnswer | Promise<TextAnswer> {
  return (
    vmcp.metrics()?.then(({ contentType, text }) => {
      return { status: 200, text, headers: { 'Content-Type': contentType } };
    }) ?? problem(404, 'NOT_FOUND', 'switched off: telemetry.enablePrometheusMetricsPath is false')
  );
}

/** Whether to send clients here. Not a matter of backends: a gateway whose backends all fail answers still. */
function readiness(isDraining: boolean): JsonAnswer {
  if (!isDraining) return ok({ status: 'ready', mode: 'static' });
  return { status: 503, body: { status: 'not_ready', mode: 'static', reason: 'draining' } };
}

/**
 * Remembers when each condition last changed. It looks after every turn in which something happened rather
 * than when asked, or a transition would seem as young as the last request.
 */
function followConditions(vmcp: Vmcp): { conditions: () => readonly Condition[]; close: () => void } {
  let last: readonly Condition[] = [];
  let isDue = false;
  const conditions = (): readonly Condition[] => {
    const status = vmcp.status();
    const counts = countHealth(backendReports(status, []));
    last = conditionsOf(status.phase, counts, new Date().toISOString(), last);
    return last;
  };
  const unsubscribe = vmcp.subscribe(() => {
    if (isDue) return;
    isDue = true;
    setImmediate(() => {
      isDue = false;
      conditions();
    });
  });
  conditions();
  return { conditions, close: unsubscribe };
}
