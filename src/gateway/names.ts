/** One backend's wish for a name in a list that all backends share. */
export interface Claim {
  readonly backend: { readonly name: string };
  readonly name: string;
}

/** What a rule decides about one name that several backends claim. Rivals in neither field get nothing. */
export interface Verdict<C extends Claim> {
  readonly keeps?: C | undefined;
  /** Get their prefixed name instead. */
  readonly renamed?: readonly C[];
}

/** `rivals` are in the order of the configuration, one per backend, at least two. */
export type Rule<C extends Claim> = (rivals: readonly C[]) => Verdict<C>;

export interface Resolution<C extends Claim> {
  readonly owners: ReadonlyMap<string, C>;
  /** Claims that got no name, each with the backend that has it, if one has. */
  readonly lost: readonly { readonly claim: C; readonly owner: string | undefined }[];
}

/**
 * Gives every name to one backend at most. Who holds a name keeps it for as long as it claims it: a backend that is
 * heard from late, or a catalog that grows, takes no name from another (R23). The rule decides names nobody holds.
 *
 * @param prefixed the name of a claim that the rule renames
 * @param holders who had each name before
 */
export function resolveNames<C extends Claim>(
  claims: readonly C[],
  rule: Rule<C>,
  prefixed: (claim: C) => string,
  holders: ReadonlyMap<string, C>,
): Resolution<C> {
  const owners = new Map<string, C>();
  const losers: C[] = [];
  const renamed: C[] = [];
  for (const [name, contenders] of byName(claims)) {
    const rivals = firstOfEachBackend(contenders);
    losers.push(...contenders.filter((claim) => !rivals.includes(claim)));
    const [only, second] = rivals;
    const verdict = only && !second ? { keeps: only } : held(rivals, rule(rivals), holders.get(name));
    if (verdict.keeps) owners.set(name, verdict.keeps);
    for (const claim of rivals) {
      if (claim === verdict.keeps) continue;
      (verdict.renamed?.includes(claim) === true ? renamed : losers).push(claim);
    }
  }
  for (const claim of renamed) {
    const name = prefixed(claim);
    const owner = owners.get(name);
    if (owner && holders.get(name)?.backend.name !== claim.backend.name) losers.push(claim);
    else {
      if (owner) losers.push(owner);
      owners.set(name, claim);
    }
  }
  return { owners, lost: losers.map((claim) => ({ claim, owner: owners.get(claim.name)?.backend.name })) };
}

/** The verdict, but for the holder of the name; a winner that comes too late is renamed. */
function held<C extends Claim>(rivals: readonly C[], verdict: Verdict<C>, holder: C | undefined): Verdict<C> {
  const keeps = holder && rivals.find(({ backend }) => backend.name === holder.backend.name);
  if (!keeps) return verdict;
  const late = verdict.keeps ? [verdict.keeps] : [];
  return { keeps, renamed: [...late, ...(verdict.renamed ?? [])].filter((claim) => claim !== keeps) };
}

function byName<C extends Claim>(claims: readonly C[]): ReadonlyMap<string, readonly C[]> {
  const groups = new Map<string, C[]>();
  for (const claim of claims) {
    const group = groups.get(claim.name);
    if (group) group.push(claim);
    else groups.set(claim.name, [claim]);
  }
  return groups;
}

function firstOfEachBackend<C extends Claim>(claims: readonly C[]): readonly C[] {
  const seen = new Set<string>();
  return claims.filter(({ backend }) => !seen.has(backend.name) && seen.add(backend.name));
}

/** The first in the order of the configuration. */
export function firstKeeps<C extends Claim>(rivals: readonly C[]): Verdict<C> {
  return { keeps: rivals[0] };
}

/** The first in the order of their names: of resources and templates. Source: the reference, section 4.3. */
export function firstByNameKeeps<C extends Claim>(rivals: readonly C[]): Verdict<C> {
  return {
    keeps: rivals.reduce((best, claim) => (claim.backend.name < best.backend.name ? claim : best)),
  };
}

/** None: who claims a name that another claims too must be told apart by an override. */
export function noneKeeps<C extends Claim>(): Verdict<C> {
  return {};
}

/** The first in `order`; where none is in it, all get their prefixed names. */
export function rankKeeps<C extends Claim>(order: readonly string[]): Rule<C> {
  const ranks = new Map(order.map((name, index) => [name, index]));
  return (rivals) => {
    const ranked = rivals.filter(({ backend }) => ranks.has(backend.name));
    if (ranked.length === 0) return { renamed: rivals };
    const rank = ({ backend }: C): number => ranks.get(backend.name) ?? Infinity;
    return { keeps: ranked.reduce((best, claim) => (rank(claim) < rank(best) ? claim : best)) };
  };
}
