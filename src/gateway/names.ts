/** One backend's wish for a name in a list that all backends share. */
export interface Claim {
  readonly backend: { readonly name: string };
  readonly name: string;
  /** What the backend itself calls it: two of its entries may be given the same name. */
  readonly original: string;
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
 * Gives every name to one claim at most. Who holds a name keeps it for as long as it makes the same claim: a backend
 * that is heard from late, or a catalog that changes, takes no name from another and gives no other its prefix (R23).
 * The rule decides names nobody holds.
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
  const owners = heldNames(claims, prefixed, holders);
  const kept = new Set(owners.values());
  const losers: C[] = [];
  const renamed: C[] = [];
  for (const [name, contenders] of byName(claims)) {
    const rivals = oneOfEachBackend(contenders, kept);
    const verdict = rivals.length > 1 ? rule(rivals) : { keeps: rivals[0] };
    const { keeps } = verdict;
    if (keeps && !kept.has(keeps) && !owners.has(name)) owners.set(name, keeps);
    for (const claim of contenders) {
      if (kept.has(claim) || owners.get(name) === claim) continue;
      // A winner that comes too late is renamed.
      const isRenamed = claim === keeps || verdict.renamed?.includes(claim) === true;
      (isRenamed ? renamed : losers).push(claim);
    }
  }
  for (const claim of renamed) {
    const name = prefixed(claim);
    if (owners.has(name)) losers.push(claim);
    else owners.set(name, claim);
  }
  return { owners, lost: losers.map((claim) => ({ claim, owner: owners.get(claim.name)?.backend.name })) };
}

/** The names that go on to belong to the claim that had them, bare or prefixed. */
function heldNames<C extends Claim>(
  claims: readonly C[],
  prefixed: (claim: C) => string,
  holders: ReadonlyMap<string, C>,
): Map<string, C> {
  const held = new Map<string, C>();
  if (holders.size === 0) return held;
  for (const claim of claims) {
    const name = [claim.name, prefixed(claim)].find((own) => sameClaim(claim, holders.get(own)));
    if (name !== undefined && !held.has(name)) held.set(name, claim);
  }
  return held;
}

function sameClaim(one: Claim, other: Claim | undefined): boolean {
  return (
    one.backend.name === other?.backend.name && one.name === other.name && one.original === other.original
  );
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

/** The one that has a name already, or else the first. */
function oneOfEachBackend<C extends Claim>(claims: readonly C[], kept: ReadonlySet<C>): readonly C[] {
  const chosen = new Map<string, C>();
  for (const claim of claims) {
    const { name } = claim.backend;
    if (!chosen.has(name) || kept.has(claim)) chosen.set(name, claim);
  }
  return [...chosen.values()];
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
