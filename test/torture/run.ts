import type { Case } from './case.js';
import type { Library } from './breaker.js';
import { Broken, NotApplicable, Trial } from './trial.js';
import { FakeTime } from './time.js';

/** What became of one case. `seen` is what the library did instead, or why the case does not apply. */
export interface Verdict {
  readonly id: string;
  readonly verdict: 'passes' | 'fails' | 'n/a';
  readonly seen?: string;
}

/**
 * Runs one case.
 * @param escaped where errors are collected that nobody caught; in a real process each would have been the end of it
 */
export async function runCase(one: Case, library: Library, escaped: unknown[] = []): Promise<Verdict> {
  const { id } = one;
  escaped.length = 0;
  const time = one.real ? undefined : new FakeTime();
  time?.install();
  let trial: Trial | undefined;
  try {
    trial = new Trial(library, one.policy, time, !one.makesItsOwn);
    requireExtras(one, trial);
    await one.run(trial);
    await time?.settle();
    escaped.push(...(time?.escaped ?? []));
    if (escaped.length > 0 && !one.survives)
      throw new Broken(`an error that nobody catches: ${messageOf(escaped[0])}`);
    return { id, verdict: 'passes' };
  } catch (error) {
    if (error instanceof NotApplicable) return { id, verdict: 'n/a', seen: error.message };
    return { id, verdict: 'fails', seen: messageOf(error) };
  } finally {
    // In real time what is left must not keep the process alive: nothing is tidied up.
    if (time) await trial?.end();
    time?.uninstall();
  }
}

function requireExtras({ needs = [], makesItsOwn }: Case, trial: Trial): void {
  if (needs.length === 0) return;
  const breaker = makesItsOwn ? trial.another() : trial.breaker;
  for (const need of needs) if (breaker[need] === undefined) throw new NotApplicable(`has no ${need}`);
}

function messageOf(error: unknown): string {
  if (error instanceof Broken) return error.message;
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
