import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Readable, Writable } from 'node:stream';
import { mayConnect } from '../machines/policy.js';
import type { BackendEntry, VmcpConfig } from './config/config.js';
import { BackendSessions } from './backend-sessions.js';
import { CallRecord } from './call-record.js';
import type { FailedCall, Latency } from './call-record.js';
import { createEngine } from './create-engine.js';
import type { EngineEvent } from './engine/events.js';
import type { Inspector } from './engine/inspection.js';
import type { EngineStatus } from './engine/status.js';
import { Gateway } from './gateway/gateway.js';
import { GuardedBackend } from './guarded-backend.js';
import type { Log } from './logging/log.js';
import { Metrics } from './metrics/metrics.js';
import type { MetricsPage } from './metrics/metrics.js';
import { traceRequest, TracedBackend } from './metrics/spans.js';
import { timedCheck } from './metrics/timed-check.js';
import { RetryingBackend } from './retrying-backend.js';

/** What is known of a backend besides its state, for the status endpoints. Nothing secret. */
export interface BackendInfo {
  readonly name: string;
  /** `stdio`, `streamable-http` or `sse`. */
  readonly transport: string;
  /** Absent for stdio. */
  readonly url?: string;
  /** Outgoing authentication strategy, e.g. `header_injection`; `unauthenticated` where there is none. */
  readonly authType: string;
  /** The last known number of tools; 0 before the first enumeration. */
  readonly toolCount: number;
  /** Of a live stdio backend. */
  readonly pid?: number;
  /** Of further processes of it, one for each client that has its own session. */
  readonly ownPids?: readonly number[];
  /** MCP revision agreed on, e.g. `2025-11-25`; absent before the first session. */
  readonly revision?: string;
}

export interface BackendGlance {
  /** The active states of its statechart by their ids; none while its actor is away. */
  readonly states: readonly string[];
  readonly latency: Latency;
}

export interface BackendCloseUp {
  /** Names of its tools as it calls them itself, sorted. */
  readonly tools: readonly string[];
  /** Newest first. */
  readonly failedCalls: readonly FailedCall[];
}

/** A virtual MCP server: engine, backend sessions and gateway, put together from one configuration. */
export interface Vmcp {
  /** Starts every backend; does not wait for any of them. */
  start(): void;
  /** No admission, calls in flight may finish within `drainMs`, then every session and child process is ended. */
  stop(drainMs: number): Promise<void>;
  status(): EngineStatus;
  /** Sorted by name. */
  backends(): readonly BackendInfo[];
  /** What has been counted since the start, and how things stand now; undefined where nobody is to be told. */
  metrics(): Promise<MetricsPage> | undefined;
  /** Every engine event, once and in order. Returns the way to stop listening. */
  subscribe(listener: (event: EngineEvent) => void): () => void;
  /** Shows an inspector the actors of the engine, as `Engine.inspect` does. */
  inspect(inspector: Inspector): () => void;
  /** One HTTP exchange on `/mcp`. Host and Origin are the caller's to check. */
  handleMcp(request: IncomingMessage, response: ServerResponse): Promise<void>;
  /** One client over stdio; resolves when it is gone. */
  serveStdio(input: Readable, output: Writable): Promise<void>;
  /** What changes with every call and every step of its machine. */
  glance(backend: string): BackendGlance;
  /** What only who looks closely wants to know. */
  closeUp(backend: string): BackendCloseUp;
  check(backend: string): void;
  isolate(backend: string): void;
  release(backend: string): void;
  reset(backend: string): void;
}

interface VmcpOptions {
  readonly log: Log;
  /** Our own version, told to clients and backends. */
  readonly version: string;
}

/** What ending the sessions may take beyond the drain time: a fifth of it, at most so many milliseconds. */
const MAX_SESSION_END_MS = 1500;
const SESSION_END_SHARE = 0.2;

/** Puts engine, backend sessions and gateway together. Nothing runs before `start()`. */
export function createVmcp(config: VmcpConfig, { log, version }: VmcpOptions): Vmcp {
  const { name, aggregation, partialFailureMode, limits } = config;
  const sessions = new Map<string, BackendSessions>();
  const records = new Map<string, CallRecord>();
  const timeoutsMs = new Map(config.backends.map(({ name, policy }) => [name, policy.health.checkTimeoutMs]));
  const engine = createEngine(
    {
      backends: Object.fromEntries(
        config.backends.map(({ name, policy, identity }) => [name, { ...policy, identity }]),
      ),
    },
    {
      log,
      check: timedCheck((name, signal) => sessionsOf(sessions, name).shared.check(signal), {
        timeoutMsOf: (name) => timeoutsMs.get(name) ?? Infinity,
        onEnd: (name, outcome, elapsedMs) => metrics.checkEnded(name, outcome, elapsedMs),
      }),
    },
  );
  const metrics = new Metrics(version, {
    status: () => engine.status(),
    clientSessions: () => ({ ...gateway.sessionsByTransport }),
    isConnected: (name) => sessions.get(name)?.shared.live ?? false,
  });
  engine.subscribe((event) => metrics.note(event));
  const guarded = config.backends.map((entry) => {
    const opened = new BackendSessions(entry, { engine, log, version, limits, gateway: () => gateway });
    sessions.set(entry.name, opened);
    const record = new CallRecord();
    records.set(entry.name, record);
    const { timeoutMs, retry } = entry;
    const backend = new TracedBackend(
      new GuardedBackend(engine.backend(entry.name), opened, timeoutMs, [metrics, record]),
    );
    return retry ? new RetryingBackend(backend, retry, (name) => metrics.callRetried(name)) : backend;
  });
  const gateway: Gateway = new Gateway(
    { name, version, aggregation, partialFailureMode, limits },
    guarded,
    log,
    {
      onRequest: (method, result, elapsedMs) => metrics.requestEnded(method, result, elapsedMs),
      traced: traceRequest,
    },
  );
  engine.subscribe((event) => {
    if (event.type === 'circuit.changed' && !mayConnect(engine.backend(event.backend).standing)) {
      sessionsOf(sessions, event.backend).abandonConnecting();
    }
    gateway.changed();
  });
  const entries = [...config.backends].sort((one, other) => (one.name < other.name ? -1 : 1));

  return {
    start: () => {
      gateway.start();
      engine.start();
    },
    stop: async (drainMs) => {
      await engine.stop({ drainMs });
      // What is still out fails with its session, and that is what its caller is told.
      const graceMs = Math.min(drainMs * SESSION_END_SHARE, MAX_SESSION_END_MS);
      const ended = Promise.all([...sessions.values()].map((session) => session.close(graceMs)));
      await gateway.close();
      metrics.close();
      await ended;
    },
    status: () => engine.status(),
    metrics: () => (config.servesMetrics ? metrics.page() : undefined),
    backends: () => entries.map((entry) => infoOf(entry, sessionsOf(sessions, entry.name))),
    subscribe: (listener) => engine.subscribe(listener),
    inspect: (inspector) => engine.inspect(inspector),
    handleMcp: (request, response) => gateway.handleHttp(request, response),
    serveStdio: (input, output) => gateway.serveStdio(input, output),
    glance: (backend) => ({
      states: engine.backend(backend).states,
      latency: records.get(backend)?.latency ?? { calls: 0, ms: 0 },
    }),
    closeUp: (backend) => ({
      tools: (sessionsOf(sessions, backend).shared.catalog?.tools ?? []).map((tool) => tool.name).sort(),
      failedCalls: records.get(backend)?.failed ?? [],
    }),
    check: (backend) => {
      engine.check(backend);
    },
    isolate: (backend) => {
      engine.isolate(backend);
    },
    release: (backend) => {
      engine.release(backend);
    },
    reset: (backend) => {
      engine.reset(backend);
    },
  };
}

function sessionsOf(all: ReadonlyMap<string, BackendSessions>, name: string): BackendSessions {
  const sessions = all.get(name);
  if (!sessions) throw new Error(`backend "${name}" has no sessions`);
  return sessions;
}

function infoOf(
  { name, connection, authType }: BackendEntry,
  { shared: { pid, catalog }, own: { pids } }: BackendSessions,
): BackendInfo {
  return {
    name,
    transport: connection.transport,
    ...(connection.transport !== 'stdio' && { url: connection.url }),
    authType,
    toolCount: catalog?.tools.length ?? 0,
    ...(pid !== undefined && { pid }),
    ...(pids.length > 0 && { ownPids: pids }),
    ...(catalog && { revision: catalog.revision }),
  };
}
