import { performance } from 'node:perf_hooks';
import { isDeepStrictEqual } from 'node:util';
import type { Catalog } from './catalog.js';
import type { ListName } from './enumerate.js';
import { enumerate, LIST_NAMES, listsChangedBy } from './enumerate.js';
import type { LiveSession } from './live-session.js';
import type { Fault } from './outcome.js';
import type { SessionLimits } from './session-limits.js';

interface FollowerWorld {
  /** Whether the backend may be asked now, unasked ourselves. */
  admits(): boolean;
  onCatalog(catalog: Catalog): void;
  onWarning(text: string): void;
}

interface Reading {
  readonly session: LiveSession;
  readonly done: Promise<Fault | undefined>;
}

/**
 * Keeps the catalog of a backend as its sessions come and go: read whole once per session, again what
 * `list_changed` names, one reading at a time, at most one per gap.
 */
export class CatalogFollower {
  #catalog: Catalog | undefined;
  #session: LiveSession | undefined;
  #reading: Reading | undefined;
  #gapTimer: NodeJS.Timeout | undefined;
  #readAt = -Infinity;
  /** Lists that do not reflect the session followed, as far as we know. */
  readonly #stale = new Set<ListName>();

  constructor(
    readonly limits: SessionLimits,
    readonly world: FollowerWorld,
  ) {}

  /** The last one known; kept when the session is gone. */
  get catalog(): Catalog | undefined {
    return this.#catalog;
  }

  /** From now on the catalog is that of this session. Starts reading it, where the backend may be asked. */
  follow(session: LiveSession): void {
    this.leave();
    this.#session = session;
    for (const list of LIST_NAMES) this.#stale.add(list);
    if (this.world.admits()) void this.upToDate();
  }

  /** The session is gone; the catalog stays. */
  leave(): void {
    clearTimeout(this.#gapTimer);
    this.#gapTimer = undefined;
    this.#session = undefined;
    this.#reading = undefined;
  }

  /** Takes note of a notification; true when it was a `list_changed`. */
  notice(method: string): boolean {
    const changed = listsChangedBy(method);
    for (const list of changed) this.#stale.add(list);
    if (changed.length > 0) this.#readAfterGap();
    return changed.length > 0;
  }

  /**
   * Resolves when what is stale has been read, with the fault that prevented it. Lists that failed before are tried
   * again. Never rejects; nothing is read without a session.
   */
  upToDate(): Promise<Fault | undefined> {
    const session = this.#session;
    if (session === undefined) return Promise.resolve(undefined);
    if (this.#reading !== undefined) return this.#reading.done;
    if (this.#stale.size === 0) return Promise.resolve(undefined);
    const reading: Reading = { session, done: this.#read(session) };
    this.#reading = reading;
    return reading.done;
  }

  async #read(session: LiveSession): Promise<Fault | undefined> {
    const wanted = [...this.#stale];
    this.#stale.clear();
    this.#readAt = performance.now();
    const endsAt = this.#readAt + this.limits.maxEnumerationMs;
    const { signal } = new AbortController();
    const { lists, failed, fault } = await enumerate({
      capabilities: session.agreement.capabilities,
      wanted,
      previous: this.#catalog,
      limits: this.limits,
      ask: (method, params) => {
        const leftMs = Math.max(endsAt - performance.now(), 1);
        return session.request({ method, params }, { signal, timeoutMs: leftMs, maxTotalMs: leftMs });
      },
      onWarning: (text) => this.world.onWarning(text),
    });
    // Its successor reads for itself.
    if (this.#session !== session) return fault;
    this.#reading = undefined;
    // Stale by now means that the backend said so while we read.
    if (this.#stale.size > 0) this.#readAfterGap();
    for (const list of failed) this.#stale.add(list);
    // Half a first catalog would pass for the whole one.
    if (fault === undefined || this.#catalog !== undefined) this.#publish({ ...session.agreement, ...lists });
    return fault;
  }

  #publish({ tools, resources, resourceTemplates, prompts, ...agreement }: Catalog): void {
    const next: Catalog = { tools, resources, resourceTemplates, prompts, ...agreement };
    if (isDeepStrictEqual(next, this.#catalog)) return;
    this.#catalog = next;
    this.world.onCatalog(next);
  }

  #readAfterGap(): void {
    if (this.#reading !== undefined || this.#gapTimer !== undefined) return;
    const waitMs = Math.max(this.#readAt + this.limits.refreshGapMs - performance.now(), 0);
    this.#gapTimer = setTimeout(() => {
      this.#gapTimer = undefined;
      // It stays stale until the next health check, which is not made while the circuit is open.
      if (this.world.admits()) void this.upToDate();
    }, waitMs).unref();
  }
}
