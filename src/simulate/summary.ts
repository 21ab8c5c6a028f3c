import type { Figures, OutageFigures, Run, Simulation } from './simulation.js';
import { phaseText, timeText } from './words.js';

/** One figure of a simulation, with its value in every run. */
export interface SummaryRow {
  readonly what: string;
  readonly values: readonly string[];
}

/** Rows on single phases that are shown; what is more is in the JSON. */
const MAX_OUTAGES = 5;

/** The figures that people compare, with words for them. */
export function summaryOf({ scenario, runs }: Simulation): SummaryRow[] {
  const row = (what: string, value: (run: Run) => string): SummaryRow => ({ what, values: runs.map(value) });
  const several = scenario.phases.length > 1;
  return [
    ...scenario.phases.slice(0, MAX_OUTAGES).flatMap((phase, index) => {
      const of = several ? `${phaseText(phase)} from ${timeText(phase.fromMs)}: ` : '';
      return outageRows(of, (value) => (run) => value(run.outages[index], run)).map(([what, value]) =>
        row(what, value),
      );
    }),
    row('calls succeeded', ({ figures }) => share(figures.succeeded, figures)),
    row('calls failed', ({ figures }) => share(figures.failed, figures)),
    row('calls refused', ({ figures }) => share(figures.refused, figures)),
    ...given(runs, 'still out at the end', ({ released }) => released),
    ...given(runs, 'would have been refused', ({ wouldRefuse = 0 }) => wouldRefuse),
    row('waited in vain, all callers', ({ figures }) => timeText(figures.waitedInVainMs)),
    row('longest call', ({ figures }) => timeText(figures.longestCallMs)),
    row('most calls out at once', ({ figures }) => String(figures.maxInFlight)),
    row('circuit opened', ({ figures: { openings, openMs }, breaker }) => {
      if (breaker === 'disabled') return 'no breaker';
      return openings === 0 ? 'never' : `${openings} ×, open for ${timeText(openMs)}`;
    }),
    row('health checks', ({ figures: { checks } }) => `${checks.made}, ${checks.failed} failed`),
  ];
}

type OfOutage = (value: (outage: OutageFigures | undefined, run: Run) => string) => (run: Run) => string;

function outageRows(of: string, from: OfOutage): [what: string, value: (run: Run) => string][] {
  return [
    [`${of}noticed after`, from((outage) => after(outage?.noticedAfterMs, 'never'))],
    [
      `${of}circuit opened after`,
      from((outage, { breaker }) =>
        breaker === 'disabled' ? 'no breaker' : after(outage?.openedAfterMs, 'it did not'),
      ),
    ],
    [`${of}unhealthy after`, from((outage) => after(outage?.unhealthyAfterMs, 'it was not'))],
    [`${of}service back, after recovery`, from((outage) => after(outage?.backAfterMs, 'not back'))],
  ];
}

function after(ms: number | undefined, otherwise: string): string {
  return ms === undefined ? otherwise : timeText(ms);
}

function share(count: number, { attempted }: Figures): string {
  return attempted === 0 ? String(count) : `${count} (${((100 * count) / attempted).toFixed(1)}%)`;
}

/** Left out where there are none. */
function given(runs: readonly Run[], what: string, of: (figures: Figures) => number): SummaryRow[] {
  const counts = runs.map(({ figures }) => of(figures));
  return counts.some((count) => count > 0) ? [{ what, values: counts.map(String) }] : [];
}
