import { createLocalJWKSet, errors } from 'jose';
import type { JSONWebKeySet, JWTVerifyGetKey } from 'jose';
import type { Log } from '../../logging/log.js';
import { pacedWarning } from '../paced-warning.js';
import { fetchKeys } from './fetch-keys.js';
import type { KeySource } from './fetch-keys.js';

/** Times in milliseconds. */
export const KEY_LIMITS = {
  /** Until an issuer that is asked must have answered, its discovery document included. */
  fetchMs: 5000,
  maxBytes: 262_144,
  /** Keys of this age are fetched anew, and used meanwhile. */
  refreshMs: 600_000,
  /** Keys of this age are used no more: they may have been withdrawn, and nobody has told us. */
  maxAgeMs: 3_600_000,
  /** Keys younger than this are not fetched anew for a token that names another. */
  cooldownMs: 30_000,
  /** How long an issuer that did not answer is left alone. */
  retryMs: 5000,
  /** The least time between two warnings that it does not answer. */
  warningMs: 60_000,
} as const;
export type KeyLimits = { readonly [Key in keyof typeof KEY_LIMITS]: number };

/** There is no key to check a token with, and who sent it is none the worse for it. */
export class IssuerAwayError extends Error {
  override readonly name = 'IssuerAwayError';
  constructor(readonly retryAfterMs: number) {
    super('the keys of the issuer cannot be had');
  }
}

interface Held {
  readonly find: JWTVerifyGetKey;
  readonly at: number;
}

/**
 * The keys of an issuer. They are fetched ahead of need and kept for as long as they may be used, so that a
 * request waits only for the first ones, and for those that its token is the first to name. At most one fetch is
 * out, and none soon after one that failed.
 *
 * jose's own remote set is not used: it throws away keys whose renewal fails, asks an issuer that is away once for
 * every token, and goes by the wall clock.
 */
export class IssuerKeys {
  readonly #warn: (fields: object) => void;
  #held: Held | undefined;
  #fetching: Promise<Held> | undefined;
  #failedAt = -Infinity;

  /** @param now a monotonic clock, in milliseconds */
  constructor(
    private readonly source: KeySource,
    private readonly log: Log,
    private readonly limits: KeyLimits = KEY_LIMITS,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.#warn = pacedWarning(log, 'the keys of the issuer cannot be had', limits.warningMs);
  }

  /** Fetches them, so that they are there when they are needed. That they cannot be had is logged, and no error. */
  prepare(): void {
    this.#fetch().catch(() => undefined);
  }

  /**
   * The key that a token names, for jose.
   *
   * @throws {IssuerAwayError} there are none, or the issuer cannot be asked for one that is not known
   * @throws {errors.JOSEError} the issuer has no such key, or more than one
   */
  readonly find: JWTVerifyGetKey = async (header, token) => {
    const held = await this.#current();
    try {
      return await held.find(header, token);
    } catch (error) {
      const isUnknown = error instanceof errors.JWKSNoMatchingKey;
      if (!isUnknown || this.now() - held.at < this.limits.cooldownMs) throw error;
    }
    return (await this.#fetch()).find(header, token);
  };

  async #current(): Promise<Held> {
    const age = this.now() - (this.#held?.at ?? -Infinity);
    if (!this.#held || age >= this.limits.maxAgeMs) return this.#fetch();
    if (age >= this.limits.refreshMs) this.prepare();
    return this.#held;
  }

  #fetch(): Promise<Held> {
    if (this.#fetching) return this.#fetching;
    const waitMs = this.#failedAt + this.limits.retryMs - this.now();
    if (waitMs > 0) return Promise.reject(new IssuerAwayError(waitMs));
    this.#fetching = this.#ask().finally(() => (this.#fetching = undefined));
    return this.#fetching;
  }

  async #ask(): Promise<Held> {
    const { issuer } = this.source;
    try {
      const find = createLocalJWKSet((await fetchKeys(this.source, this.limits)) as JSONWebKeySet);
      this.#held = { find, at: this.now() };
    } catch (error) {
      this.#failedAt = this.now();
      this.#warn({ issuer, error, usesOldKeys: this.#held !== undefined });
      throw new IssuerAwayError(this.limits.retryMs);
    }
    if (this.#failedAt > -Infinity) this.log.info({ issuer }, 'the keys of the issuer are there again');
    this.#failedAt = -Infinity;
    return this.#held;
  }
}
