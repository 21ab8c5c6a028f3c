/** Mutants that no test can tell from the source, or that none should, and why. */
export interface Survivors {
  readonly reason: string;
  readonly file: string;
  /** Each by the line in which it begins, what is replaced in it, and by what. */
  readonly mutants: readonly (readonly [line: string, original: string, replacement: string])[];
}

export const SURVIVORS: readonly Survivors[] = [];
