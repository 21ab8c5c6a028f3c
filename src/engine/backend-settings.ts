import type { BackendPolicy } from '../../machines/backend-policy.js';

/** One backend of an engine, with nothing left open. */
export interface BackendSettings {
  readonly name: string;
  readonly policy: BackendPolicy;
  readonly identity: string;
}

/** Whether two settings of one backend say the same, as far as a look can tell. */
export function isSame(one: BackendSettings, other: BackendSettings): boolean {
  const [ours, theirs] = [one.policy, other.policy];
  return (
    one.identity === other.identity &&
    (ours === theirs ||
      (ours.maxInFlight === theirs.maxInFlight &&
        sameFields(ours.health, theirs.health) &&
        sameFields(ours.circuit ?? NONE, theirs.circuit ?? NONE)))
  );
}

const NONE = {};

/** Whether two flat objects have the same values. What is not flat counts as different: its supervisor looks closer. */
export function sameFields<T extends object>(one: T, other: T): boolean {
  if (one === other) return true;
  return covers(one, other) && covers(other, one);
}

/** Without a list of the keys: it would be made twenty thousand times. */
function covers<T extends object>(one: T, other: T): boolean {
  for (const key in one) if (one[key] !== other[key]) return false;
  return true;
}
