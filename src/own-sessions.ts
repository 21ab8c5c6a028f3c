import type { SessionMode } from './config/config.js';
import type { Client, OwnSessions } from './gateway/backend.js';
import type { Log } from './logging/log.js';
import type { BackendSession } from './session/backend-session.js';

type Params = Readonly<Record<string, unknown>>;

/** What the gateway asks of a session by itself may take so many milliseconds. */
const OWN_REQUEST_MS = 10_000;
/** Capabilities with which a client can be asked something. */
const ASKABLE = ['sampling', 'elicitation', 'roots'] as const;

export interface OwnSessionsWorld {
  readonly mode: SessionMode;
  /** At most so many; further clients share, and cannot be asked anything. */
  readonly maxSessions: number;
  readonly backend: string;
  readonly log: Log;
  /** Makes the session of a client; nothing is opened by it. */
  readonly make: (client: Client) => BackendSession;
}

/** The sessions that clients have with one backend by themselves, each for as long as its client is there. */
export class SessionsOfClients implements OwnSessions {
  readonly #sessions = new Map<Client, BackendSession>();
  /** Clients that came when there was no room: what one has called on the shared session stays there. */
  readonly #sharing = new WeakSet<Client>();
  readonly #ending = new Set<Promise<void>>();
  #isClosed = false;

  constructor(private readonly world: OwnSessionsWorld) {}

  /** Those that are live. */
  get live(): number {
    return [...this.#sessions.values()].filter(({ live }) => live).length;
  }

  /** Of the child processes of those that are live. */
  get pids(): readonly number[] {
    return [...this.#sessions.values()].flatMap(({ pid }) => pid ?? []);
  }

  isFor(client: Client): boolean {
    const { mode } = this.world;
    if (mode === 'shared' || this.#sharing.has(client)) return false;
    return (
      mode === 'per-client' || ASKABLE.some((capability) => client.capabilities[capability] !== undefined)
    );
  }

  /** The session for what this client asks; undefined: the one that all share. */
  of(client: Client | undefined): BackendSession | undefined {
    if (!client || this.#isClosed || !this.isFor(client)) return undefined;
    const known = this.#sessions.get(client);
    if (known) return known;
    const { maxSessions: sessions, backend, log } = this.world;
    if (this.#sessions.size >= sessions) {
      this.#sharing.add(client);
      log.warn({ backend, sessions }, 'no room for a session of a client: it shares one');
      return undefined;
    }
    const session = this.world.make(client);
    this.#sessions.set(client, session);
    return session;
  }

  notify(client: Client, method: string, params: Params): void {
    this.#sessions.get(client)?.notify(method, params);
  }

  levelChanged(client: Client): void {
    const session = this.#sessions.get(client);
    const level = client.logLevel;
    if (!session?.live || level === undefined || session.capabilities['logging'] === undefined) return;
    // A backend that does not take it logs as it likes; the client gets what it asked for all the same.
    const { signal } = new AbortController();
    void session.request(
      { method: 'logging/setLevel', params: { level } },
      { signal, timeoutMs: OWN_REQUEST_MS },
    );
  }

  end(client: Client): void {
    const session = this.#sessions.get(client);
    this.#sessions.delete(client);
    if (session) this.#track(session.close(OWN_REQUEST_MS));
  }

  /** Gives up what is being opened: no session may be opened any more. */
  abandonConnecting(): void {
    for (const session of this.#sessions.values()) session.abandonConnecting();
  }

  /** Ends all of them for good, within `graceMs`. */
  async close(graceMs: number): Promise<void> {
    this.#isClosed = true;
    const sessions = [...this.#sessions.values()];
    this.#sessions.clear();
    await Promise.all([...this.#ending, ...sessions.map((session) => session.close(graceMs))]);
  }

  #track(ending: Promise<void>): void {
    const tracked = ending.finally(() => this.#ending.delete(tracked));
    this.#ending.add(tracked);
  }
}
