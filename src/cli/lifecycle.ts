import type { EventEmitter } from 'node:events';
import { constants } from 'node:os';
import type { Log } from '../logging/log.js';
import type { Vmcp } from '../vmcp.js';
import type { HttpServer } from '../http/server.js';
import { EXIT } from './exit-code.js';

/** The share of the drain time that is kept for ending sessions and child processes, at most so many ms. */
const END_SHARE = 0.2;
const MAX_END_MS = 2000;

/** Where signals and stray errors are announced: `process`. */
export type ProcessEvents = Pick<EventEmitter, 'on' | 'off'>;

/** Signals this soon after the first are the same one: npm passes on what the terminal has sent to all. */
const ECHO_MS = 200;
const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
type StopSignal = (typeof STOP_SIGNALS)[number];

/** Why the server is to end, and what its exit code will be. */
export interface StopReason {
  readonly why: string;
  readonly exitCode: number;
}

/**
 * Watches for reasons to end. The first signal asks for an orderly end; the next one calls `abort` with the
 * exit code 128 + n (130 for SIGINT, 143 for SIGTERM).
 *
 * A rejection that nobody handled is logged, and the process goes on serving: no backend may bring it down.
 * After an uncaught exception the state of the code that threw is unknown: it is logged, and the process ends
 * in order, with exit code 1.
 */
export function watchForStop(
  events: ProcessEvents,
  log: Log,
  abort: (exitCode: number) => void,
): {
  readonly stopped: Promise<StopReason>;
  readonly stop: (reason: StopReason) => void;
  readonly unwatch: () => void;
} {
  let stoppingSince: number | undefined;
  let resolve: (reason: StopReason) => void;
  const stopped = new Promise<StopReason>((done) => (resolve = done));
  const stop = (reason: StopReason): void => {
    stoppingSince ??= performance.now();
    resolve(reason);
  };
  const onSignal = (signal: StopSignal): void => {
    if (stoppingSince === undefined) stop({ why: signal, exitCode: EXIT.ok });
    else if (performance.now() - stoppingSince >= ECHO_MS) abort(128 + constants.signals[signal]);
  };
  const onException = (error: unknown): void => {
    log.error({ error }, 'uncaught exception: ending in order');
    stop({ why: 'uncaught exception', exitCode: EXIT.refused });
  };
  const onRejection = (error: unknown): void => log.error({ error }, 'unhandled rejection: serving on');
  for (const signal of STOP_SIGNALS) events.on(signal, onSignal);
  events.on('uncaughtException', onException);
  events.on('unhandledRejection', onRejection);
  return {
    stopped,
    stop,
    unwatch: () => {
      for (const signal of STOP_SIGNALS) events.off(signal, onSignal);
      events.off('uncaughtException', onException);
      events.off('unhandledRejection', onRejection);
    },
  };
}

/**
 * Ends everything within `drainMs`: calls in flight may finish in most of it, the last fifth (two seconds at
 * most) is for ending sessions. Children that are there after that are killed. Never rejects.
 */
export async function shutDown(
  vmcp: Vmcp,
  http: HttpServer | undefined,
  drainMs: number,
  log: Log,
): Promise<void> {
  http?.drain();
  const forCallsMs = drainMs - Math.min(drainMs * END_SHARE, MAX_END_MS);
  const ended = vmcp
    .stop(forCallsMs)
    .then(() => http?.close())
    .then(() => true)
    .catch((error: unknown) => {
      log.error({ error }, 'stopping failed');
      return false;
    });
  if (await within(drainMs, ended)) return;
  log.warn({ drainMs }, 'not everything ended within the drain time: ending it by force');
  killChildren(vmcp);
}

/** Kills what child processes are left, at once. */
export function killChildren(vmcp: Vmcp): void {
  const pids = vmcp
    .backends()
    .flatMap(({ pid, ownPids = [] }) => [...(pid === undefined ? [] : [pid]), ...ownPids]);
  for (const pid of pids) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It is gone already.
    }
  }
}

function within(ms: number, ended: Promise<boolean>): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), ms);
    void ended.then((isEnded) => {
      clearTimeout(timer);
      resolve(isEnded);
    });
  });
}
