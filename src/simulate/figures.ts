import type { CallCounts } from '../engine/status.js';
import type { RefusalCode } from '../engine/permit.js';
import { rounded } from './recorder.js';
import type { CallRecord, Recorder } from './recorder.js';
import type { Scenario } from './scenario.js';
import type { Bucket, Figures, OutageFigures, TimelineEntry } from './simulation.js';

/** What a whole run came to. */
export function figuresOf(
  { calls, checks, changes }: Recorder,
  { stale, wouldRefuse }: CallCounts,
  endMs: number,
): Figures {
  const refusedWith: Partial<Record<RefusalCode, number>> = {};
  for (const { code } of calls) if (code) refusedWith[code] = (refusedWith[code] ?? 0) + 1;
  const failed = calls.filter(({ end }) => end === 'failed');
  const ended = (as: CallRecord['end']) => calls.filter(({ end }) => end === as).length;
  const refused = ended('refused');
  const took = calls.reduce((longest, { fromMs, toMs }) => Math.max(longest, toMs - fromMs), 0);
  return {
    attempted: calls.length,
    admitted: calls.length - refused,
    succeeded: ended('succeeded'),
    failed: failed.length,
    released: ended('released'),
    stale,
    refused,
    ...(wouldRefuse !== undefined && { wouldRefuse }),
    refusedWith,
    checks: {
      made: checks.length,
      succeeded: checks.filter(({ found }) => found === 'succeeded').length,
      failed: checks.filter(({ found }) => found === 'failed').length,
    },
    ...openingsOf(changes, endMs),
    maxInFlight: mostAtOnce(calls),
    waitedInVainMs: rounded(failed.reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0)),
    longestCallMs: rounded(took),
  };
}

function openingsOf(changes: Recorder['changes'], endMs: number): Pick<Figures, 'openings' | 'openMs'> {
  const circuit = changes.filter(({ type }) => type === 'circuit.changed');
  let [openings, openMs] = [0, 0];
  for (const [index, { to, atMs }] of circuit.entries()) {
    if (to !== 'open') continue;
    openings += 1;
    openMs += (circuit[index + 1]?.atMs ?? endMs) - atMs;
  }
  return { openings, openMs: rounded(openMs) };
}

/** A call that ends as another begins makes room for it. */
function mostAtOnce(calls: readonly CallRecord[]): number {
  const steps = calls
    .filter(({ end }) => end !== 'refused')
    .flatMap(({ fromMs, toMs }) => [
      { atMs: fromMs, step: 1 },
      { atMs: toMs, step: -1 },
    ])
    .sort((a, b) => a.atMs - b.atMs || a.step - b.step);
  let [out, most] = [0, 0];
  for (const { step } of steps) most = Math.max(most, (out += step));
  return most;
}

/** What one phase came to, and how it was first noticed. */
export interface Outage {
  readonly figures: OutageFigures;
  readonly noticed?: Extract<TimelineEntry, { readonly type: 'noticed' }>;
}

export function outagesOf(recorder: Recorder, { phases, durationMs }: Scenario): Outage[] {
  return phases.map((phase, index) => {
    const { fromMs, toMs } = phase;
    const endMs = phases[index + 1]?.fromMs ?? durationMs;
    const noticed = firstSign(recorder, index, fromMs, endMs);
    const after = (test: (change: Recorder['changes'][number]) => boolean, name: string) => {
      const change = recorder.changes.find(
        (candidate) => candidate.atMs >= fromMs && candidate.atMs < endMs && test(candidate),
      );
      return change ? { [name]: rounded(change.atMs - fromMs) } : {};
    };
    const between = (from: number, to: number) =>
      recorder.calls.filter((call) => call.fromMs >= from && call.fromMs < to);
    const afterwards = between(toMs, endMs);
    const back = afterwards.find(({ end }) => end === 'succeeded');
    const during = between(fromMs, toMs);
    return {
      figures: {
        phase,
        ...(noticed && { noticedAfterMs: rounded(noticed.atMs - fromMs) }),
        ...after(({ type, to }) => type === 'health.changed' && to === 'unhealthy', 'unhealthyAfterMs'),
        ...after(
          ({ type, from, to }) => type === 'circuit.changed' && to === 'open' && from === 'closed',
          'openedAfterMs',
        ),
        ...(back && { backAfterMs: rounded(back.fromMs - toMs) }),
        failed: during.filter(({ end }) => end === 'failed').length,
        refused: during.filter(({ end }) => end === 'refused').length,
        refusedAfter: afterwards.filter(
          ({ end, fromMs: asked }) => end === 'refused' && asked < (back?.fromMs ?? endMs),
        ).length,
      },
      ...(noticed && { noticed }),
    };
  });
}

/** The first failed attempt that is of this phase, or a change for the worse. */
function firstSign(
  { calls, checks, changes }: Recorder,
  phase: number,
  fromMs: number,
  endMs: number,
): Outage['noticed'] {
  const isIn = (atMs: number) => atMs >= fromMs && atMs < endMs;
  const ended = (records: readonly Pick<CallRecord, 'toMs' | 'category'>[]) =>
    records.filter(({ toMs, category }) => category !== undefined && isIn(toMs));
  const signs = [
    ...ended(calls.filter(({ end }) => end === 'failed')).map((record) => ({ by: 'call' as const, record })),
    ...ended(checks).map((record) => ({ by: 'check' as const, record })),
  ].map(({ by, record: { toMs, category } }) => ({ by, atMs: rounded(toMs), category }));
  const worse = changes
    .filter(({ atMs, to }) => isIn(atMs) && (to === 'degraded' || to === 'unhealthy' || to === 'open'))
    .map(({ atMs, type }) => ({
      by: type === 'health.changed' ? ('health' as const) : ('circuit' as const),
      atMs,
      category: undefined,
    }));
  // What an attempt found comes before what it did: the order of those with one time is kept.
  const [first] = [...signs, ...worse].sort((a, b) => a.atMs - b.atMs);
  if (!first) return undefined;
  const { atMs, by, category } = first;
  return { atMs, type: 'noticed', phase, by, ...(category && { category }) };
}

/** How wide a bucket may be, in milliseconds, and how many there are at most. */
const WIDTHS = [100, 200, 500, 1000, 2000, 5000, 10_000, 30_000, 60_000, 300_000, 900_000, 3_600_000];
const MAX_BUCKETS = 90;

export function bucketsOf(calls: readonly CallRecord[], durationMs: number): Bucket[] {
  const width = WIDTHS.find((candidate) => durationMs / candidate <= MAX_BUCKETS) ?? durationMs;
  const buckets = Array.from({ length: Math.ceil(durationMs / width) }, (_, index) => ({
    fromMs: index * width,
    toMs: Math.min((index + 1) * width, durationMs),
    succeeded: 0,
    failed: 0,
    refused: 0,
    released: 0,
  }));
  for (const { fromMs, end } of calls) {
    const bucket = buckets[Math.floor(fromMs / width)];
    if (bucket) bucket[end] += 1;
  }
  return buckets;
}
