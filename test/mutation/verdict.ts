import type { Mutant, Status } from './mutants.js';
import type { Survivors } from './survivors.js';

/** Share of timeouts in all mutants above which they are no verdicts: they may as well come of a busy machine. */
const MAX_TIMEOUTS = 0.05;
const MIN_SCORE = 95;

export interface Counts {
  readonly killed: number;
  readonly timeouts: number;
  readonly survived: number;
  /** Neither caught nor survived: Stryker could not run them. */
  readonly errors: number;
  readonly ignored: number;
}

export interface Verdict {
  /** As they were judged. */
  readonly mutants: readonly Mutant[];
  /** What is wrong with the run; none: it has passed. */
  readonly faults: readonly string[];
  /** The survivors that are listed, each with its reason. */
  readonly excused: readonly (Mutant & { readonly reason: string })[];
}

const count = (mutants: readonly Mutant[], ...statuses: readonly Status[]) =>
  mutants.filter(({ status }) => statuses.includes(status)).length;

export function countsOf(mutants: readonly Mutant[]): Counts {
  return {
    killed: count(mutants, 'Killed'),
    timeouts: count(mutants, 'Timeout'),
    survived: count(mutants, 'Survived', 'NoCoverage'),
    errors: count(mutants, 'RuntimeError', 'CompileError', 'Pending'),
    ignored: count(mutants, 'Ignored'),
  };
}

/** Share of the mutants that were caught, in per cent. A mutant without an end is caught too. */
export function scoreOf({ killed, timeouts, survived }: Counts): number {
  return (100 * (killed + timeouts)) / (killed + timeouts + survived);
}

/**
 * Judges a run: not by its score alone, since a run that tested nothing has one as well. A survivor that is listed and
 * has timed out has not been killed: on a busy machine its tests were only slow.
 */
export function judge(run: readonly Mutant[], listed: readonly Survivors[]): Verdict {
  const reasons = reasonsOf(listed);
  const mutants = withoutFalseTimeouts(run, reasons);
  const counts = countsOf(mutants);
  const score = scoreOf(counts);
  const faults: string[] = [];
  if (counts.killed === 0) faults.push('no mutant was killed: no test ran');
  if (counts.errors > 0) faults.push(`${counts.errors} mutants could not be run`);
  if (counts.timeouts > MAX_TIMEOUTS * mutants.length)
    faults.push(`${counts.timeouts} timeouts are too many to be believed`);
  if (!(score >= MIN_SCORE)) faults.push(`the score is ${score.toFixed(2)} %, below ${MIN_SCORE} %`);

  const excused: (Mutant & { reason: string })[] = [];
  for (const mutant of mutants) {
    if (!isSurvivor(mutant)) continue;
    const reason = reasons.get(nameOf(mutant))?.shift();
    if (reason === undefined) faults.push(`survives and is not listed: ${nameOf(mutant)}`);
    else excused.push({ ...mutant, reason });
  }
  for (const [name, left] of reasons)
    if (left.length > 0) faults.push(`is listed and does not survive: ${name}`);
  return { mutants, faults, excused };
}

/** Why each of the listed survives, by its name; where several have the same, one for each. */
function reasonsOf(listed: readonly Survivors[]): Map<string, string[]> {
  const reasons = new Map<string, string[]>();
  for (const { file, reason, mutants: excuses } of listed)
    for (const [line, original, replacement] of excuses) {
      const name = nameOf({ file, line, original, replacement });
      reasons.set(name, [...(reasons.get(name) ?? []), reason]);
    }
  return reasons;
}

function withoutFalseTimeouts(
  run: readonly Mutant[],
  reasons: ReadonlyMap<string, readonly string[]>,
): readonly Mutant[] {
  const left = new Map([...reasons].map(([name, each]) => [name, each.length]));
  const take = (name: string): boolean => {
    const count = left.get(name) ?? 0;
    left.set(name, count - 1);
    return count > 0;
  };
  for (const mutant of run) if (isSurvivor(mutant)) take(nameOf(mutant));
  return run.map((mutant) =>
    mutant.status === 'Timeout' && take(nameOf(mutant)) ? { ...mutant, status: 'Survived' } : mutant,
  );
}

function isSurvivor({ status }: Mutant): boolean {
  return status === 'Survived' || status === 'NoCoverage';
}

/** A mutant as it is shown. */
function nameOf({ file, line, original, replacement }: Omit<Mutant, 'status'>): string {
  return `${file}: ${line} | ${original} → ${replacement}`;
}
