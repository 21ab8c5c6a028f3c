import { onTestFinished } from 'vitest';
import type { Failure } from '../../machines/failure.js';
import type { RequestOptions } from '../../src/session/backend-session.js';
import { BackendSession } from '../../src/session/backend-session.js';
import type { Catalog } from '../../src/session/catalog.js';
import type { Reply } from '../../src/session/outcome.js';
import type { SessionLimits } from '../../src/session/session-limits.js';

/** Long enough that a test which meets it has failed. */
const PATIENCE_MS = 5_000;

interface ProbeOptions {
  readonly transport?: 'streamable-http' | 'sse';
  readonly headers?: Readonly<Record<string, string>>;
  readonly hasAuth?: boolean;
  readonly limits?: Partial<SessionLimits>;
}

/** A session over HTTP that notes what its hooks are told. It is closed when the test ends. */
export class SessionProbe {
  readonly lost: Failure[] = [];
  readonly catalogs: Catalog[] = [];
  readonly notifications: { method: string; params: object }[] = [];
  readonly lines: { fields: object; message: string }[] = [];
  suspects = 0;
  readonly session: BackendSession;

  constructor(url: string, options: ProbeOptions = {}) {
    const { transport = 'streamable-http', headers = {}, hasAuth = false, limits = {} } = options;
    const log = (fields: object, message: string): void => void this.lines.push({ fields, message });
    this.session = new BackendSession(
      { name: 'backend', connection: { transport, url, headers }, hasAuth, limits },
      {
        log: { debug: log, info: log, warn: log, error: log },
        onLost: (failure) => this.lost.push(failure),
        onSuspect: () => (this.suspects += 1),
        onCatalog: (catalog) => this.catalogs.push(catalog),
        onNotification: (method, params) => this.notifications.push({ method, params }),
      },
    );
    onTestFinished(() => this.session.close(0));
  }

  /** Opens the session and reads its catalog. */
  async open(): Promise<this> {
    const outcome = await this.check();
    if (outcome !== 'succeeded') throw new Error(`the session did not open: ${outcome}`);
    return this;
  }

  /** One health check, as `succeeded`, `released` or the category of its failure. */
  async check(timeoutMs = PATIENCE_MS): Promise<string> {
    const outcome = await this.session.check(AbortSignal.timeout(timeoutMs));
    return outcome.kind === 'failed' ? outcome.failure.category : outcome.kind;
  }

  call(args: object = {}, options: Partial<RequestOptions> = {}): Promise<Reply> {
    return this.ask('tools/call', { name: 'echo', arguments: args }, options);
  }

  ask(
    method: string,
    params: Readonly<Record<string, unknown>>,
    options: Partial<RequestOptions> = {},
  ): Promise<Reply> {
    const { signal } = new AbortController();
    return this.session.request({ method, params }, { signal, timeoutMs: PATIENCE_MS, ...options });
  }
}

/** What a reply says, in one line: what it means for the circuit, then what the caller reads. */
export function summary(reply: Reply): string {
  const { outcome } = reply;
  const verdict = outcome.kind === 'failed' ? outcome.failure.category : outcome.kind;
  if (reply.kind === 'result') return `${verdict}: result`;
  if (reply.kind === 'error') return `${verdict}: error ${reply.code} ${reply.message}`;
  return `${verdict}: ${reply.kind === 'failed' ? reply.reason : 'cancelled'}`;
}

/** Waits for a condition, within a bound. */
export async function until(condition: () => boolean, what: string, boundMs = PATIENCE_MS): Promise<void> {
  const endsAt = performance.now() + boundMs;
  while (!condition()) {
    if (performance.now() > endsAt) throw new Error(`waited ${boundMs} ms in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
