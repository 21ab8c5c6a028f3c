import type { Path } from './yaml-tree.js';

/** A broken rule: what is wrong, in the reference's words where it has some, and the key it is about. */
export interface Fault {
  readonly path: Path;
  readonly message: string;
  /** The nearest value that would be right. */
  readonly suggestion?: string;
}

/** Makes a fault of `failureHandling`, by the key in it: `circuitBreaker.timeout`, or its steps. */
export type MakeFault = (key: string | Path, message: string) => Fault;
