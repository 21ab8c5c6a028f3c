/**
 * One definition of *serving*. Phase, readiness, advertising, routing and session opening all follow from
 * the predicates in this file, so that no two parts of a gateway can disagree about a backend.
 */

/** Where the circuit of one backend stands. Written `half-open` wherever it is shown or serialised. */
export type CircuitState = 'closed' | 'open' | 'halfOpen' | 'isolated' | 'disabled';

/** What the health checks and the calls of one backend say of it. */
export type HealthState = 'unknown' | 'healthy' | 'degraded' | 'unhealthy' | 'unauthenticated';

/** What the supervisor says of one backend's actor. Anything but `running` serves nothing. */
export type Supervision = 'running' | 'restarting' | 'gaveUp' | 'draining';

export interface Standing {
  readonly supervision: Supervision;
  readonly circuit: CircuitState;
  readonly health: HealthState;
  /** Its circuit is only observed: what it would refuse is admitted. An operator's isolation holds all the same. */
  readonly observing?: boolean;
}

/** The whole gateway at a glance, in the reference's words. */
export type Phase = 'Pending' | 'Ready' | 'Degraded' | 'Failed';

/** Whether the circuit lets ordinary calls through: neither open, nor being tried, nor isolated. */
export function admitsCalls(circuit: CircuitState): boolean {
  return circuit === 'closed' || circuit === 'disabled';
}

/** Whether ordinary calls go through, because the circuit lets them or because it is only observed. */
export function letsThrough({
  circuit,
  observing = false,
}: Pick<Standing, 'circuit' | 'observing'>): boolean {
  return admitsCalls(circuit) || (observing && circuit !== 'isolated');
}

/**
 * Whether a half-open circuit may let one more call try. The health check, where there is one, always counts
 * as one of the probes: in half-open it is out, or about to be.
 */
export function admitsProbe(probesOut: number, checked: boolean, maxProbes: number): boolean {
  return probesOut + (checked ? 1 : 0) < maxProbes;
}

/** Whether a backend's entries belong in lists: it runs, its circuit admits calls, and it was seen to work. */
export function shouldAdvertise(standing: Standing): boolean {
  const { supervision, health } = standing;
  return (
    supervision === 'running' && letsThrough(standing) && (health === 'healthy' || health === 'degraded')
  );
}

/**
 * Whether a call may be sent on to ask for a permit. While the circuit admits, an ill backend may be called, though it
 * is not advertised: calls are how the circuit learns, and a call that succeeds is how illness ends early. One that
 * turns us away for want of credentials is not called: every call would fail alike.
 */
export function shouldRoute(standing: Standing): boolean {
  const { supervision, circuit, health } = standing;
  if (supervision !== 'running' || !mayConnect(standing)) return false;
  return circuit === 'halfOpen' || health !== 'unauthenticated';
}

/** Whether a session with a backend, or a stream of one, may be opened: what was begun before may not go on either. */
export function mayConnect(standing: Pick<Standing, 'circuit' | 'observing'>): boolean {
  return standing.circuit === 'halfOpen' || letsThrough(standing);
}

/** Whether a backend is certainly out of service, as opposed to not yet known. */
export function isOut(standing: Standing): boolean {
  return !shouldAdvertise(standing) && !isPending(standing);
}

/** Whether nothing is known against a backend yet: it runs, its circuit admits, no check has decided. */
export function isPending(standing: Standing): boolean {
  return standing.supervision === 'running' && letsThrough(standing) && standing.health === 'unknown';
}

/**
 * The phase of a set of backends.
 *
 * No backend at all is `Ready`. All healthy: `Ready`. None serving and none pending: `Failed`. None serving
 * yet but some pending: `Pending`. Otherwise `Degraded`. A degraded backend serves, but does not let the
 * whole be `Ready`.
 */
export function phaseOf(standings: readonly Standing[]): Phase {
  let serving = 0;
  let pending = 0;
  let healthy = 0;
  for (const standing of standings) {
    if (shouldAdvertise(standing)) {
      serving += 1;
      if (standing.health === 'healthy') healthy += 1;
    } else if (isPending(standing)) pending += 1;
  }
  if (healthy === standings.length) return 'Ready';
  if (serving > 0) return 'Degraded';
  return pending > 0 ? 'Pending' : 'Failed';
}
