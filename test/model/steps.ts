import type { Deadline, Failed, Settings, Verdict } from './oracle.js';

/** One thing that happens to a backend, as the engine sees it from outside. */
export type Part =
  | { readonly type: 'call' }
  /** `oldest`: not a call made for it, but the one that has been out longest. */
  | {
      readonly type: 'settle';
      readonly verdict: Verdict;
      readonly stale?: boolean;
      readonly oldest?: boolean;
    }
  /** The check that is queued has its turn. */
  | { readonly type: 'check.begins' }
  /** `slow`: one millisecond over the degraded threshold; otherwise exactly at it. */
  | { readonly type: 'check.ends'; readonly verdict: Verdict; readonly slow?: boolean }
  | { readonly type: 'session.lost' | 'check' | 'isolate' | 'release' | 'reset' }
  | { readonly type: 'policy'; readonly name: string; readonly settings: Settings }
  /** The earliest deadline passes, which must be this one. */
  | { readonly type: 'deadline'; readonly what: Deadline }
  /** Time passes, but no deadline. */
  | { readonly type: 'wait'; readonly ms: number };

export type Step =
  | Part
  /** A call is made, and is out until it is slow. */
  | { readonly type: 'slow call' }
  /** A check is asked for, has its turn and ends. */
  | { readonly type: 'whole check'; readonly verdict: Verdict; readonly slow: boolean };

export const TIMEOUT: Failed = { category: 'timeout' };
export const DENIED: Failed = { category: 'authentication_failed' };
export const OVERLOADED: Failed = { category: 'overloaded', retryAfterMs: 45_000 };
export const FAILURES = [TIMEOUT, DENIED, OVERLOADED] as const;

/** How a step is written in a path. */
export function labelOf(step: Step): string {
  // eslint-disable-next-line @typescript-eslint/switch-exhaustiveness-check -- all others are words already
  switch (step.type) {
    case 'settle':
      return `${step.stale ? 'stale' : step.oldest ? 'oldest' : 'call'}.${wordOf(step.verdict)}`;
    case 'check.ends':
    case 'whole check':
      return `check.${wordOf(step.verdict)}${step.slow ? '.slow' : ''}`;
    case 'policy':
      return `policy.${step.name}`;
    case 'deadline':
      return `after.${step.what}`;
    case 'wait':
      return `wait.${step.ms}`;
    default:
      return step.type;
  }
}

/** What happens one after the other in a step. */
export function partsOf(step: Step): readonly Part[] {
  if (step.type === 'slow call') return [{ type: 'call' }, { type: 'deadline', what: 'slowCall' }];
  if (step.type !== 'whole check') return [step];
  return [{ type: 'check' }, { type: 'check.begins' }, { ...step, type: 'check.ends' }];
}

function wordOf(verdict: Verdict): string {
  return typeof verdict === 'string' ? verdict : `failed.${verdict.category}`;
}
