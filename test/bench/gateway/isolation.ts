import { setTimeout as pause } from 'node:timers/promises';
import type { Contender } from './contenders.js';
import { quantile } from './figures.js';
import { Load, Servers } from './processes.js';
import type { Bench } from './speed.js';

/** What a hostile backend does while it is called: see `server.mjs`. */
export const MODES = ['flood', 'changes', 'huge', 'malformed', 'hang', '503'] as const;
export type Mode = (typeof MODES)[number];

const EVERY_MS = 5;
const WINDOW_MS = 2000;
/** From the first hostile call to the first that is measured. */
const SETTLE_MS = 300;
/** From the last hostile call to what comes next: what it left behind is over. */
const CALM_MS = 500;
/** Before anything counts. */
const WARM_UP_MS = 1000;
/** How often a hostile backend is called, and how many calls may be out at once. */
const PESTERING = { everyMs: 20, atOnce: 64 };
/** One after the other: what is asked is what one such answer does. */
const HARM: Partial<Record<Mode, typeof PESTERING>> = { huge: { everyMs: 100, atOnce: 1 } };

/** What a healthy neighbour felt, in one state of its neighbourhood; of all windows. */
export interface Felt {
  readonly p50: number;
  readonly p99: number;
  /** The same calls not through the gateway, at the same time: what the machine itself is short of. */
  readonly directP99: number;
  readonly perSecond: number;
  /** How long the event loop of the gateway was held at most: in a typical window, and in the worst. */
  readonly hold: number;
  readonly worstHold: number;
  /** Of the healthy backend's calls. */
  readonly failed: number;
  /** Calls that the hostile backend got meanwhile, or would have got. */
  readonly hostileCalls: number;
}
export type Isolation = ReadonlyMap<Mode | 'alone', Felt>;

interface Window extends Omit<Felt, 'worstHold'> {
  readonly state: Mode | 'alone';
}

/**
 * A healthy backend is called every 5 ms, alone and while another backend of the same gateway does harm, by turns.
 *
 * @param fresh whether the gateway is started anew for each mode: one that does not get over it
 */
export async function measureIsolation(
  contender: Contender,
  { rounds, fresh }: { readonly rounds: number; readonly fresh: boolean },
  bench: Bench,
): Promise<Isolation> {
  const windows: Window[] = [];
  for (const modes of fresh ? MODES.map((mode) => [mode]) : [MODES]) {
    windows.push(...(await windowsOf(contender, rounds, modes, bench)));
  }
  return new Map((['alone', ...MODES] as const).map((state) => [state, summary(windows, state)]));
}

async function windowsOf(
  contender: Contender,
  rounds: number,
  modes: readonly Mode[],
  bench: Bench,
): Promise<Window[]> {
  const [healthy, hostile] = await Promise.all([Servers.start(), Servers.start()]);
  const pest = await Load.start();
  const running = await contender([
    { name: 'healthy', url: healthy.url() },
    ...modes.map((mode) => ({ name: mode, url: hostile.url(`hostile/${mode}`) })),
  ]);
  const target = running.target('healthy');
  const windows: Window[] = [];
  try {
    const sinceMs = performance.timeOrigin + performance.now();
    await bench.load.do('first', { target, sinceMs, patienceMs: 20_000 });
    await pest.do('greet', { targets: modes.map((mode) => running.target(mode)) });
    const targets = [target, { url: healthy.url(), tool: 'echo' }];
    await bench.load.do('paced', { targets, everyMs: EVERY_MS, ms: WARM_UP_MS });
    for (let round = 1; round <= rounds; round += 1) {
      for (const state of ['alone', ...modes] as const) {
        bench.say(`isolation, round ${round} of ${rounds}: ${state}`);
        if (state !== 'alone')
          await pest.do('pester', { target: running.target(state), ...(HARM[state] ?? PESTERING) });
        await pause(SETTLE_MS);
        await running.processes[0]?.ask('holds');
        const [through, direct] = await bench.load.do('paced', { targets, everyMs: EVERY_MS, ms: WINDOW_MS });
        const hold = (await running.processes[0]?.ask('holds')) ?? NaN;
        const hostileCalls = state === 'alone' ? 0 : (await pest.do('relent', undefined)).calls;
        await pause(CALM_MS);
        if (through && direct) windows.push({ state, ...through, directP99: direct.p99, hold, hostileCalls });
      }
    }
    return windows;
  } finally {
    await bench.load.do('leave', undefined);
    await Promise.all([running.end(), healthy.end(), hostile.end(), pest.end()]);
  }
}

function summary(windows: readonly Window[], state: Mode | 'alone'): Felt {
  const all = windows.filter((window) => window.state === state);
  const values = (of: keyof Omit<Felt, 'worstHold'>) => all.map((window) => window[of]);
  const sum = (of: keyof Omit<Felt, 'worstHold'>) => values(of).reduce((total, value) => total + value, 0);
  return {
    p50: quantile(values('p50'), 0.25),
    p99: quantile(values('p99'), 0.25),
    directP99: quantile(values('directP99'), 0.25),
    perSecond: quantile(values('perSecond'), 0.5),
    hold: quantile(values('hold'), 0.5),
    worstHold: Math.max(...values('hold')),
    failed: sum('failed'),
    hostileCalls: sum('hostileCalls'),
  };
}
