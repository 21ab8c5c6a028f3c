import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, vi } from 'vitest';
import type { Failure } from '../../machines/failure.js';
import type { RequestOptions } from '../../src/session/backend-session.js';
import { BackendSession } from '../../src/session/backend-session.js';
import type { OnQuestion } from '../../src/session/caller.js';
import type { Catalog } from '../../src/session/catalog.js';
import type { Reply } from '../../src/session/outcome.js';
import type { SessionLimits } from '../../src/session/session-limits.js';

const SERVER = fileURLToPath(new URL('stdio-server.mjs', import.meta.url));
/** No test waits longer for anything. */
const BOUND_MS = 5_000;

export interface LogLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly fields: Readonly<Record<string, unknown>>;
  readonly message: string;
}

interface Setup {
  readonly limits?: Partial<SessionLimits>;
  readonly env?: Readonly<Record<string, string>>;
  readonly arguments?: readonly string[];
  readonly command?: string;
  readonly cwd?: string;
  readonly admits?: () => boolean;
  /** Makes it the session of one client, whose answers these are. */
  readonly onQuestion?: OnQuestion;
}

/**
 * A backend session in front of the hostile server in one of its modes, with everything it says. When the test is
 * over the session is closed, and no process that the server consisted of may be left.
 */
export function stdioBackend(mode = 'normal', setup: Setup = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'breakwater-stdio-'));
  const pidFile = join(folder, 'pids');
  writeFileSync(pidFile, '');
  const lines: LogLine[] = [];
  const lost: Failure[] = [];
  const catalogs: Catalog[] = [];
  const notifications: string[] = [];
  const at = (level: LogLine['level']) => (fields: object, message: string) =>
    void lines.push({ level, fields: { ...fields }, message });
  const session = new BackendSession(
    {
      name: 'one',
      connection: {
        transport: 'stdio',
        command: setup.command ?? process.execPath,
        args: [SERVER, mode, pidFile, ...(setup.arguments ?? [])],
        env: setup.env ?? {},
        ...(setup.cwd === undefined ? {} : { cwd: setup.cwd }),
      },
      hasAuth: false,
      limits: setup.limits ?? {},
      ...(setup.onQuestion && { client: { info: { name: 'someone' }, capabilities: { sampling: {} } } }),
    },
    {
      log: { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') },
      onLost: (failure) => lost.push(failure),
      onSuspect: () => undefined,
      onCatalog: (catalog) => catalogs.push(catalog),
      admits: setup.admits ?? (() => true),
      onNotification: (method) => notifications.push(method),
      ...(setup.onQuestion && { onQuestion: setup.onQuestion }),
    },
  );
  /** Of every process the server has consisted of so far. */
  const pids = (): number[] => readFileSync(pidFile, 'utf8').split('\n').filter(Boolean).map(Number);
  onTestFinished(async () => {
    await session.close(0);
    await until(() => pids().every((pid) => !isAlive(pid)));
    rmSync(folder, { recursive: true });
  });
  const request = (
    method: string,
    params: Record<string, unknown> = {},
    options: Partial<RequestOptions> = {},
  ): Promise<Reply> =>
    session.request(
      { method, params },
      { signal: new AbortController().signal, timeoutMs: BOUND_MS, ...options },
    );
  const call = (name: string, args: Record<string, unknown> = {}, options: Partial<RequestOptions> = {}) =>
    request('tools/call', { name, arguments: args }, options);
  return {
    session,
    folder,
    lines,
    lost,
    catalogs,
    notifications,
    pids,
    request,
    call,
    check: (signal = AbortSignal.timeout(BOUND_MS)) => session.check(signal),
    /** Waits until the server answers, so that what is timed next does not count its start. */
    ready: async () => {
      await session.check(AbortSignal.timeout(BOUND_MS));
      return session.pid!;
    },
    warnings: () => lines.filter(({ level }) => level === 'warn').map(({ message }) => message),
    stderr: () => lines.filter(({ fields }) => fields['stream'] === 'stderr'),
    /** How many messages of each method this process of the server has received. */
    counts: async () => {
      const reply = await call('counts');
      return (reply.kind === 'result' ? reply.result['counts'] : undefined) as Record<string, number>;
    },
  };
}

/** Waits for a condition, with a bound. */
export function until(holds: () => boolean, timeoutMs = BOUND_MS): Promise<void> {
  return vi.waitFor(() => expect(holds(), `not within ${timeoutMs} ms: ${holds.toString()}`).toBe(true), {
    timeout: timeoutMs,
    interval: 5,
  });
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  // A zombie whose parent has not asked for it yet has ended too.
  return !/^\d+ \(.*\) Z/.test(statOf(pid));
}

function statOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return '';
  }
}

/** Keeps the event loop busy, as a long garbage collection would. */
export function stall(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

/** What something settles with, and how many milliseconds that takes. */
export async function timed<T>(run: () => Promise<T>): Promise<{ value: T; ms: number }> {
  const start = performance.now();
  const value = await run();
  return { value, ms: performance.now() - start };
}
