import type { Policy } from './policy.js';

/** The four states, whatever a library calls them. */
export type State = 'closed' | 'open' | 'half-open' | 'isolated';

/** What a breaker guards; it gets a signal only from a library that hands one out. */
export type Operation = (signal?: AbortSignal) => unknown;

/** What became of calls, where a library counts it. */
export interface Counts {
  readonly succeeded: number;
  readonly failed: number;
  readonly refused: number;
  readonly stale?: number;
}

/** A permit that is settled by hand. */
export interface HandPermit {
  succeed(): void;
  fail(): void;
}

/** What not every library has. A case names what it needs, and does not apply where that is missing. */
export interface Extras {
  /** Keeps every call away, until the function it returns is called. */
  isolate(): () => void;
  /** Closes the circuit by hand. */
  reset(): void;
  /** Lets every call through from now on. */
  disable(): void;
  /** Another policy, on the same breaker. */
  reconfigure(policy: Policy): void;
  shutdown(): unknown;
  /** Another breaker, from what this one says of itself. */
  reborn(): Breaker;
  /** Takes this breaker away and makes another of its name, where breakers have names. */
  replaced(): Breaker;
  counts(): Counts;
  /** What was dropped as of an older stay is counted. */
  readonly countsStale: true;
  retryAfterMs(refusal: unknown): number | undefined;
  /** One call, settled by hand; undefined if it is refused. */
  permit(): HandPermit | undefined;
  /** Milliseconds on a clock of the library's own, which the case moves. */
  now(): number;
  /** Calls take the caller's signal. */
  readonly cancels: true;
  /** Operations are given a signal that ends with their time. */
  readonly signalsTimeouts: true;
  /** Operations need not be asynchronous. */
  readonly plainOperations: true;
  /** Half-open ends by itself when a probe does not. */
  readonly limitsProbes: true;
  /** The health check is a probe. */
  readonly checkProbes: true;
}

/** One circuit breaker of a library, made for a policy. */
export interface Breaker extends Partial<Extras> {
  call(operation: Operation, signal?: AbortSignal): Promise<unknown>;
  /** Whether an error is the library's own refusal; the operation has not run. */
  isRefusal(error: unknown): boolean;
  state(): State;
  /** What the library says the next call gets; undefined where it says neither. */
  predicts(): 'admits' | 'refuses' | undefined;
  /** Calls back when the breaker says that it has come into a state. */
  on(state: Exclude<State, 'isolated'>, listener: () => void): void;
  /** Calls back at everything that the library reports of states and of calls made. */
  onEverything(listener: () => void): void;
  dispose(): unknown;
}

/** A library, and how its documentation says to use it. */
export interface Library {
  readonly name: string;
  readonly version: string;
  /**
   * @param check the backend's health; rejects while it is ill
   * @returns undefined where the library has no such policy
   * @throws where the library refuses it
   */
  make(policy: Policy, check: () => Promise<void>): Breaker | undefined;
  /** Two breakers from one and the same object of settings. */
  makeTwo(policy: Policy): readonly [Breaker, Breaker] | undefined;
  /** Moves a clock of the library's own. */
  advance?(ms: number): Promise<void>;
}
