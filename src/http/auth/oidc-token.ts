import { errors, jwtVerify } from 'jose';
import type { JWTPayload } from 'jose';
import type { OidcAuth } from '../../config/config.js';
import { IssuerAwayError } from './issuer-keys.js';
import type { IssuerKeys } from './issuer-keys.js';
import { refused } from './verdict.js';
import type { Refusal, Verdict } from './verdict.js';

/** Signed with a key that only the issuer has: with a shared one whoever can check a token could make one. */
const ALGORITHMS = [
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  ...['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'],
];
/** What the clocks of issuer and gateway may differ by, in seconds; a token ends at, not after, that. */
const CLOCK_TOLERANCE_S = 30;

type Keys = Pick<IssuerKeys, 'find'>;
type Expectations = Pick<OidcAuth, 'issuer' | 'audience' | 'scopes'>;

/**
 * Judges a token of an issuer: signature, issuer, audience, times, and the scopes that are asked for. It must
 * expire, and say whose it is. The caller is issuer and subject together: subjects are unique per issuer only.
 *
 * Source: RFC 9068, section 4; RFC 8725.
 *
 * @param now the wall clock, in milliseconds: it is what times in tokens are of
 */
export async function judgeOidcToken(
  token: string,
  { issuer, audience, scopes }: Expectations,
  keys: Keys,
  now: () => number = Date.now,
): Promise<Verdict> {
  try {
    const { payload } = await jwtVerify(token, keys.find, {
      ...{ issuer, audience, algorithms: ALGORITHMS, clockTolerance: CLOCK_TOLERANCE_S },
      requiredClaims: ['exp'],
      currentDate: new Date(now()),
    });
    const { sub, exp = 0 } = payload;
    if (typeof sub !== 'string' || sub === '') return refused('INVALID_TOKEN', INVALID, 'no subject');
    const granted = scopesOf(payload);
    if (!scopes.every((scope) => granted.has(scope))) {
      const message = `the token must have these scopes: ${scopes.join(' ')}`;
      return refused('INSUFFICIENT_SCOPE', message, 'scopes are missing');
    }
    const expiresInMs = (exp + CLOCK_TOLERANCE_S) * 1000 - now();
    return { kind: 'admitted', principal: JSON.stringify([issuer, sub]), expiresInMs };
  } catch (error) {
    return refusalOf(error);
  }
}

/** `scope` is text (RFC 8693); some issuers have `scp`, as text or as a list. */
function scopesOf({ scope, scp }: JWTPayload): ReadonlySet<unknown> {
  const listed = [scope, scp].flatMap((claim) => (typeof claim === 'string' ? claim.split(' ') : claim));
  return new Set(listed);
}

const INVALID = 'the token is not valid';

/** Whatever else goes wrong with a token, it does not let anybody in. */
function refusalOf(error: unknown): Refusal {
  if (error instanceof IssuerAwayError) {
    const { retryAfterMs } = error;
    const message = 'tokens cannot be checked now: the issuer does not answer';
    return { ...refused('ISSUER_UNAVAILABLE', message), retryAfterMs };
  }
  if (error instanceof errors.JWTExpired)
    return refused('INVALID_TOKEN', 'the token has expired', error.code);
  if (error instanceof errors.JWTClaimValidationFailed) {
    // The message holds the name of the claim, and not what it says.
    return refused('INVALID_TOKEN', INVALID, error.message);
  }
  if (error instanceof errors.JOSEError) return refused('INVALID_TOKEN', INVALID, error.code);
  return refused('INVALID_TOKEN', INVALID, error instanceof Error ? error.message : 'unknown error');
}
