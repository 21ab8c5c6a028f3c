import type { Policy } from './life.js';
import type { Plan, Rule, Verdict } from './oracle.js';

/** One thing that happens to an engine's backends, as seen from outside. */
export type SupervisionStep =
  /** `call` takes a permit and keeps it; `fail` takes one and fails at once. */
  | { readonly type: OfOne; readonly name: string }
  | { readonly type: 'settle'; readonly name: string; readonly verdict: Verdict; readonly late: boolean }
  /** The earliest deadline passes, and whatever passes at the same time. */
  | { readonly type: 'deadline' }
  /** Time passes, but no deadline: what goes off meanwhile must not do anything. */
  | { readonly type: 'wait'; readonly ms: number }
  /** Other numbers for everybody. */
  | { readonly type: 'rule' }
  | { readonly type: 'stop' };

type OfOne = 'crash' | 'call' | 'fail' | Operation | Change;
export type Operation = 'isolate' | 'release' | 'reset' | 'check';
type Change = 'add' | 'remove' | 'identity' | 'policy';

/** Under which numbers paths are enumerated. */
export interface SupervisionScale {
  readonly name: string;
  readonly checked: boolean;
  readonly plan: Plan;
  /** What may be configured instead. */
  readonly other: { readonly policy: Policy; readonly rule: Rule };
  /** Milliseconds that the calls in flight may take when the engine stops. */
  readonly stopMs: number;
}

export function stepLabel(step: SupervisionStep): string {
  if (step.type === 'settle') return `${step.late ? 'late' : 'call'}.${step.verdict} ${step.name}`;
  if (step.type === 'wait') return `wait ${step.ms}`;
  return 'name' in step ? `${step.type} ${step.name}` : step.type;
}

/** The configuration after a step; the same one when the step is none of it. */
export function planAfter(plan: Plan, step: SupervisionStep, scale: SupervisionScale): Plan {
  if (step.type === 'rule')
    return { ...plan, rule: plan.rule === scale.plan.rule ? scale.other.rule : scale.plan.rule };
  if (!('name' in step)) return plan;
  const { [step.name]: spec, ...others } = plan.backends;
  const [first] = Object.values(scale.plan.backends);
  const { policy } = first!;
  const put = (changed: typeof first) => ({
    ...plan,
    backends: { ...others, ...(changed && { [step.name]: changed }) },
  });
  // eslint-disable-next-line @typescript-eslint/switch-exhaustiveness-check -- all others change nothing of it
  switch (step.type) {
    case 'add':
      return put(first);
    case 'remove':
      return put(undefined);
    case 'identity':
      return put(spec && { ...spec, identity: spec.identity === 'a' ? 'b' : 'a' });
    case 'policy':
      return put(spec && { ...spec, policy: spec.policy === policy ? scale.other.policy : policy });
    default:
      return plan;
  }
}

/** A policy in full. Probes that do not settle and checks that are due are left for other tests: they are never. */
export function policyOf({ failureThreshold, openMs }: Policy) {
  return {
    circuit: { failureThreshold, openMs, successThreshold: 1, maxProbes: 1, probeLimitMs: 1e9 },
    health: { checkIntervalMs: 1e9, checkTimeoutMs: 1e8, unhealthyThreshold: 3, degradedThresholdMs: 1e7 },
  };
}

/** What the engine is given. */
export function configOf({ backends, rule, drainMs }: Plan) {
  const entries = Object.entries(backends).map(
    ([name, { identity, policy }]) => [name, { identity, ...policyOf(policy) }] as const,
  );
  return { backends: Object.fromEntries(entries), supervision: rule, drainMs };
}
