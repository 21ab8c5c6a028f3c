import type { Extras } from './breaker.js';
import type { Policy } from './policy.js';
import type { Trial } from './trial.js';

/** One known bug of circuit breakers, as what a breaker without it does. */
export interface Case {
  /** The row of the catalogue; with a letter where a row has several sides. */
  readonly id: string;
  /** A fact about a breaker that has not got the bug. */
  readonly says: string;
  readonly policy: Policy;
  readonly needs?: readonly (keyof Extras)[];
  /** Whether the case makes its own breakers, of which some may be refused. */
  readonly makesItsOwn?: boolean;
  /** In a process of its own, in real time; the process must end by itself, and in peace. */
  readonly real?: boolean;
  /** Errors that nobody catches are another case's subject: what is asked here is what is left when there was one. */
  readonly survives?: boolean;
  run(trial: Trial): Promise<void> | void;
}
