import type { Outage } from './figures.js';
import type { Recorder } from './recorder.js';
import type { Scenario } from './scenario.js';
import type { TimelineEntry } from './simulation.js';

/** Entries that are kept. */
const MAX_ENTRIES = 5000;

/** Of what happens at one time, the cause first. */
const RANKS: Readonly<Record<TimelineEntry['type'], number>> = {
  'phase.ended': 0,
  'phase.began': 1,
  attempt: 2,
  noticed: 3,
  'circuit.changed': 4,
  'health.changed': 5,
  back: 6,
};

/** Everything worth telling, in order. */
export function timelineOf(
  { changes, attempts }: Recorder,
  { phases }: Scenario,
  outages: readonly Outage[],
): { readonly entries: TimelineEntry[]; readonly leftOut: number } {
  const scripted = phases.flatMap(({ fromMs, toMs, is }, phase): TimelineEntry[] => [
    { atMs: fromMs, type: 'phase.began', phase, is },
    { atMs: toMs, type: 'phase.ended', phase, is },
  ]);
  const seen = outages.flatMap(({ noticed, figures }, phase): TimelineEntry[] => [
    ...(noticed ? [noticed] : []),
    ...(figures.backAfterMs === undefined
      ? []
      : [{ atMs: figures.phase.toMs + figures.backAfterMs, type: 'back' as const, phase }]),
  ]);
  const all = [...scripted, ...attempts, ...seen, ...changes].sort(
    (a, b) => a.atMs - b.atMs || RANKS[a.type] - RANKS[b.type],
  );
  const entries = all.slice(0, MAX_ENTRIES);
  return { entries, leftOut: all.length - entries.length };
}
