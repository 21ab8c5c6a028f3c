import type { IncomingMessage, ServerResponse } from 'node:http';
import type { EngineEvent } from '../../engine/events.js';
import { Journal } from './journal.js';
import { LIVE_LIMITS } from './limits.js';
import { Viewer } from './viewer.js';

/** What a viewer sees of one backend; compared as text, so that only what changed is sent. */
export interface Card {
  readonly name: string;
}

export interface FeedWorld {
  readonly subscribe: (listener: (event: EngineEvent) => void) => () => void;
  /** How things stand now. */
  readonly look: () => View;
}

interface View {
  /** Of the whole, beside the backends. */
  readonly summary: object;
  /** Of all backends, in their order. */
  readonly cards: readonly Card[];
}

/**
 * What happens to the backends, as server-sent events for whoever watches. A thousand transitions in a moment are one
 * write for each viewer, and are made into text once for all of them. While nobody watches, events are only kept.
 */
export class Feed {
  readonly #journal = new Journal(LIVE_LIMITS.heldEvents);
  /** Tells the events of this process from those of another, whose sequence begins at 1 as well. */
  readonly #epoch = Date.now().toString(36);
  readonly #viewers = new Set<Viewer>();
  readonly #unsubscribe: () => void;
  #cards = new Map<string, string>();
  #timer: NodeJS.Timeout | undefined;
  /** The newest event that was sent to all who keep up. */
  #sent = 0;
  #lookedAt = -Infinity;
  #wroteAt = -Infinity;

  constructor(private readonly world: FeedWorld) {
    this.#unsubscribe = world.subscribe((event) => this.#journal.add(event));
  }

  get viewers(): number {
    return this.#viewers.size;
  }

  /**
   * Streams from now on, or from after the event that the viewer says it knows.
   * @returns whether there was room for one more
   */
  open(request: IncomingMessage, response: ServerResponse, query: URLSearchParams): boolean {
    if (this.#viewers.size >= LIVE_LIMITS.maxViewers) return false;
    const said = request.headers['last-event-id'] ?? query.get('since') ?? undefined;
    const viewer = new Viewer(response, this.#knownBy(said), query.get('status') === 'true');
    this.#viewers.add(viewer);
    response.once('close', () => {
      this.#viewers.delete(viewer);
      if (this.#viewers.size === 0) this.#sleep();
    });
    viewer.write('retry: 1000\n\n');
    this.#timer ??= setInterval(() => this.#tick(), LIVE_LIMITS.frameMs).unref();
    this.#tick();
    return true;
  }

  close(): void {
    this.#unsubscribe();
    for (const viewer of this.#viewers) viewer.end();
    this.#sleep();
  }

  #sleep(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** `0` and what another process has said: everything that is held is new. */
  #knownBy(said: string | string[] | undefined): number {
    if (said === undefined || Array.isArray(said)) return this.#journal.last;
    if (said === '0') return 0;
    const [epoch, sequence] = said.split('-');
    const known = Number(sequence);
    return epoch === this.#epoch && Number.isSafeInteger(known) && known >= 0 ? known : 0;
  }

  #tick(): void {
    const now = performance.now();
    const { events } = this.#journal.since(this.#sent);
    const news = events.map((event) => this.#told(event)).join('');
    const isDue = now - this.#lookedAt >= LIVE_LIMITS.statusMs;
    const wantsStatus = [...this.#viewers].some((viewer) => viewer.wantsStatus);
    // One look serves all viewers of this moment.
    let seen: View | undefined;
    const view = () => (seen ??= this.world.look());
    const status = wantsStatus && (isDue || events.length > 0) ? this.#changes(view(), now) : '';
    this.#sent = this.#journal.last;
    const silent = now - this.#wroteAt >= LIVE_LIMITS.keepAliveMs;
    if (news !== '' || status !== '' || silent) this.#wroteAt = now;
    for (const viewer of this.#viewers) {
      if (!viewer.isReading) viewer.isBehind = true;
      else if (viewer.isBehind) this.#catchUp(viewer, view);
      else {
        viewer.write(news + (viewer.wantsStatus ? status : '') || (silent ? ': still here\n\n' : ''));
        viewer.knows = this.#journal.last;
      }
    }
  }

  /** Tells a viewer what it missed, as far as it is held, and how everything is now. */
  #catchUp(viewer: Viewer, view: () => View): void {
    const { events, missing } = this.#journal.since(viewer.knows);
    const gap = missing ? message('gap', undefined, missing) : '';
    const news = events.map((event) => this.#told(event)).join('');
    const status = viewer.wantsStatus
      ? message('status', undefined, { ...view().summary, whole: true, backends: view().cards })
      : '';
    viewer.write(gap + news + status);
    viewer.knows = this.#journal.last;
    viewer.isBehind = false;
  }

  /** What changed since everything was looked at last. */
  #changes({ summary, cards: present }: View, now: number): string {
    this.#lookedAt = now;
    const cards = new Map<string, string>();
    const changed: Card[] = [];
    for (const card of present) {
      const text = JSON.stringify(card);
      cards.set(card.name, text);
      if (this.#cards.get(card.name) !== text) changed.push(card);
    }
    const removed = [...this.#cards.keys()].filter((name) => !cards.has(name));
    this.#cards = cards;
    if (changed.length === 0 && removed.length === 0) return '';
    return message('status', undefined, { ...summary, whole: false, backends: changed, removed });
  }

  #told(event: EngineEvent): string {
    const error = 'error' in event ? { error: String(event.error) } : {};
    return message(event.type, `${this.#epoch}-${event.sequence}`, { ...event, ...error });
  }
}

function message(type: string, id: string | undefined, data: object): string {
  return `${id === undefined ? '' : `id: ${id}\n`}event: ${type}\ndata: ${JSON.stringify(data)}\n\n`;
}
