import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Standing } from '../../machines/policy.js';
import { phaseOf, shouldAdvertise } from '../../machines/policy.js';
import type { EngineEvent } from '../../src/engine/events.js';
import type { Inspector } from '../../src/engine/inspection.js';
import type { BackendStatus, CircuitName, EngineStatus } from '../../src/engine/status.js';
import type { MetricsPage } from '../../src/metrics/metrics.js';
import type { BackendCloseUp, BackendGlance, BackendInfo, Vmcp } from '../../src/vmcp.js';

const SINCE = '2026-08-01T10:00:00.000Z';

/** A backend as the engine would report it; healthy, with a closed circuit, unless said otherwise. */
export function backendStatus(
  name: string,
  standing: Partial<Standing> = {},
  rest: Partial<BackendStatus> = {},
): BackendStatus {
  const whole: Standing = { supervision: 'running', circuit: 'closed', health: 'healthy', ...standing };
  const circuit: CircuitName | undefined =
    whole.circuit === 'disabled' ? undefined : whole.circuit === 'halfOpen' ? 'half-open' : whole.circuit;
  return {
    name,
    standing: whole,
    health: whole.health,
    ...(circuit !== undefined && { circuit, circuitSince: SINCE }),
    serving: shouldAdvertise(whole),
    consecutiveFailures: 0,
    generation: 1,
    healthSince: SINCE,
    timeInStateMs: 1500,
    restarts: 0,
    calls: { admitted: 0, succeeded: 0, failed: 0, released: 0, stale: 0, inFlight: 0, refused: 0 },
    ...rest,
  };
}

export function engineStatus(...backends: BackendStatus[]): EngineStatus {
  return { phase: phaseOf(backends.map(({ standing }) => standing)), backends };
}

export function info(name: string, rest: Partial<BackendInfo> = {}): BackendInfo {
  return { name, transport: 'stdio', authType: 'unauthenticated', toolCount: 3, ...rest };
}

/** A `Vmcp` without backends of its own: it says what it is told to say, and records what it is asked. */
export class FakeVmcp implements Vmcp {
  engine: EngineStatus = engineStatus();
  infos: readonly BackendInfo[] = [];
  readonly asked: string[] = [];
  private readonly listeners = new Set<(event: EngineEvent) => void>();
  onMcp = (_: IncomingMessage, response: ServerResponse): Promise<void> => {
    response.end('mcp');
    return Promise.resolve();
  };
  onStop = (): Promise<void> => Promise.resolve();
  onMetrics = (): Promise<MetricsPage> | undefined =>
    Promise.resolve({ contentType: 'text/plain', text: '' });
  onStdio = (): Promise<void> => Promise.resolve();

  glance(): BackendGlance {
    return { states: [], latency: { calls: 0, ms: 0 } };
  }
  closeUp(): BackendCloseUp {
    return { tools: ['echo'], failedCalls: [] };
  }

  start(): void {
    this.asked.push('start');
  }
  stop(drainMs: number): Promise<void> {
    this.asked.push(`stop ${drainMs}`);
    return this.onStop();
  }
  status(): EngineStatus {
    return this.engine;
  }
  backends(): readonly BackendInfo[] {
    return this.infos;
  }
  metrics(): Promise<MetricsPage> | undefined {
    return this.onMetrics();
  }
  subscribe(listener: (event: EngineEvent) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
  inspect(inspector: Inspector): () => void {
    this.asked.push(`inspect as ${typeof inspector}`);
    return () => undefined;
  }
  emit(event: EngineEvent): void {
    for (const listener of this.listeners) listener(event);
  }
  handleMcp(request: IncomingMessage, response: ServerResponse): Promise<void> {
    return this.onMcp(request, response);
  }
  serveStdio(): Promise<void> {
    this.asked.push('stdio');
    return this.onStdio();
  }
  check(backend: string): void {
    this.asked.push(`check ${backend}`);
  }
  isolate(backend: string): void {
    this.asked.push(`isolate ${backend}`);
  }
  release(backend: string): void {
    this.asked.push(`release ${backend}`);
  }
  reset(backend: string): void {
    this.asked.push(`reset ${backend}`);
  }
}
