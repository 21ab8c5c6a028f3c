import type { IncomingMessage, ServerResponse } from 'node:http';
import { setMaxListeners } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import type { Log } from '../logging/log.js';
import type { Caller } from '../session/caller.js';
import type { Client, GatewayBackend } from './backend.js';
import type { ClientContext } from './client-session.js';
import { ClientSession } from './client-session.js';
import { ClientSessions } from './client-sessions.js';
import { createHandlers } from './handlers.js';
import type { Params } from './handlers.js';
import { GATEWAY_LIMITS } from './limits.js';
import { Listing, listsOf } from './listing.js';
import { BackendLogLevels, mostVerbose } from './log-level.js';
import { UNWATCHED } from './request-meter.js';
import type { RequestHooks } from './request-meter.js';
import type { GatewaySettings } from './settings.js';
import { StdioChannel } from './stdio-channel.js';
import { Subscriptions } from './subscriptions.js';

/** The MCP server that clients see: many backends as one. */
export class Gateway {
  readonly #listing: Listing;
  readonly #context: ClientContext;
  readonly #http: ClientSessions;
  readonly #stdio = new Set<ClientSession>();
  readonly #answering = new Set<Promise<unknown>>();
  readonly #logLevels = new BackendLogLevels();
  readonly #subscriptions: Subscriptions;
  /** For whom a backend is still to be asked for the updates of resources. */
  readonly #owed = new Map<GatewayBackend, Set<Client | undefined>>();
  /** Aborted when it closes: what it asks of backends for itself ends. */
  readonly #closing = new AbortController();
  #announcing: NodeJS.Timeout | undefined;
  #settling: NodeJS.Timeout | undefined;
  #closed = false;

  /** @param backends in the order of the configuration */
  constructor(
    { name, version, ...settings }: GatewaySettings,
    backends: readonly GatewayBackend[],
    log: Log,
    hooks: RequestHooks = UNWATCHED,
  ) {
    // Everything that it asks listens to it.
    setMaxListeners(0, this.#closing.signal);
    const listing = new Listing(backends, settings.aggregation, log);
    const { limits } = settings;
    this.#listing = listing;
    this.#subscriptions = new Subscriptions(limits.maxSubscriptions);
    this.#context = {
      serverInfo: { name, version },
      maxAskMs: limits.maxAskMs,
      handlers: createHandlers(listing, this.#subscriptions, { name, version, ...settings }),
      log,
      lists: () => listsOf(listing),
      instructions: () => instructionsOf(backends),
      onLogLevel: (client) => {
        this.#syncLogLevels();
        for (const { own } of backends) own.levelChanged(client);
      },
      onNotification: (client, method, params) => {
        for (const { own } of backends) own.notify(client, method, params);
      },
      onEnded: (client) => this.#forget(client),
      hooks,
      onAnswering: (answer) => {
        this.#answering.add(answer);
        const done = (): void => void this.#answering.delete(answer);
        answer.then(done, done);
      },
    };
    this.#http = new ClientSessions(this.#context, limits);
  }

  /** Backends begin to be asked now: from here on runs the time in which each can be heard from. */
  start(): void {
    this.#settling = setTimeout(() => {
      this.#listing.settle();
      this.changed();
    }, GATEWAY_LIMITS.settleMs);
    this.#settling.unref();
  }

  /** A catalog or a standing may have changed. Clients are told of what has, once, a moment later. */
  changed(): void {
    if (this.#announcing || this.#closed) return;
    this.#announcing = setTimeout(() => this.#announce(), GATEWAY_LIMITS.coalesceMs);
  }

  /**
   * A backend is spoken to on a new session, which knows nothing of what the one before was told.
   * @param client whose own session it is; absent: the one that all others share
   */
  sessionOpened(name: string, client?: Client): void {
    const backend = this.#backend(name);
    if (!backend) return;
    this.#subscribeAgain(backend, client);
    if (client) return;
    this.#logLevels.forget(backend);
    this.changed();
  }

  /** A client's own session was lost. Nothing opens another by itself, but for updates that the client waits for. */
  sessionLost(name: string, client: Client): void {
    const backend = this.#backend(name);
    if (backend && this.#subscriptions.of(backend, client).length > 0) this.#owe(backend, client);
  }

  /**
   * A backend says something unasked: to the client whose call it belongs to or whose own session it came over, and
   * otherwise, where it is a log message, to all who share the session and asked for its level.
   */
  notification(name: string, method: string, params: Params, origin: Origin = {}): void {
    const backend = this.#backend(name);
    if (!backend) return;
    if (method === 'notifications/resources/updated') {
      this.#subscriptions.updated(backend, params, origin.client);
      return;
    }
    const isLog = method === 'notifications/message';
    const told = isLog ? { ...params, logger: loggerOf(params, name) } : params;
    const receiver = origin.caller ?? origin.client;
    if (receiver) receiver.tell(method, told);
    else if (isLog) {
      for (const session of this.#sessions()) if (!backend.own.isFor(session)) session.tell(method, told);
    } else this.#context.log.debug({ backend: name, method }, 'notification of a backend has no receiver');
  }

  /** One HTTP exchange on the MCP endpoint. Host and Origin are the caller's to check. */
  handleHttp(request: IncomingMessage, response: ServerResponse): Promise<void> {
    return this.#http.handle(request, response);
  }

  /** One client over a pair of streams; resolves when it is gone. */
  async serveStdio(input: Readable, output: Writable): Promise<void> {
    const transport = new StdioChannel(input, output);
    await new Promise<void>((resolve, reject) => {
      const session = new ClientSession(this.#context, transport, () => {
        this.#stdio.delete(session);
        resolve();
      });
      this.#stdio.add(session);
      const end = (): void => void session.close();
      for (const event of ['end', 'close', 'error']) input.once(event, end);
      // A client that is gone shows as a broken pipe here first.
      for (const event of ['close', 'error']) output.once(event, end);
      session.connect().catch(reject);
    });
  }

  /** Number of client sessions that are open. */
  get clientSessions(): number {
    return this.#http.size + this.#stdio.size;
  }

  /** The same by transport. */
  get sessionsByTransport(): { readonly http: number; readonly stdio: number } {
    return { http: this.#http.size, stdio: this.#stdio.size };
  }

  /**
   * Ends every client session and leaves no timer. Answers that are being worked on are sent first, as far as they come
   * within `GATEWAY_LIMITS.maxLastAnswersMs`: whoever closes ends the backends' sessions, and with them every call.
   */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#announcing);
    clearTimeout(this.#settling);
    this.#logLevels.close();
    this.#closing.abort();
    const answered = Promise.allSettled(this.#answering);
    let late: NodeJS.Timeout | undefined;
    const atLatest = new Promise((over) => (late = setTimeout(over, GATEWAY_LIMITS.maxLastAnswersMs)));
    await Promise.race([answered, atLatest]);
    clearTimeout(late);
    // The SDK sends an answer some microtasks after it is there.
    await new Promise((sent) => setImmediate(sent));
    await Promise.all([this.#http.close(), ...[...this.#stdio].map((session) => session.close())]);
  }

  #backend(name: string): GatewayBackend | undefined {
    return this.#listing.backends.find((each) => each.name === name);
  }

  /** Asks a backend something for which no client waits. @returns whether it was asked */
  async #ask(backend: GatewayBackend, method: string, params: Params, client?: Client): Promise<boolean> {
    const { signal } = this.#closing;
    const answer = await backend.call({ method, params }, { signal, ...(client && { client }) });
    return answer.kind !== 'unavailable';
  }

  /** A new session knows of no subscription. What cannot be asked now is asked when something changes next. */
  #subscribeAgain(backend: GatewayBackend, client: Client | undefined): void {
    for (const uri of this.#subscriptions.of(backend, client)) {
      void this.#ask(backend, 'resources/subscribe', { uri }, client).then((isAsked) => {
        if (!isAsked) this.#owe(backend, client);
      });
    }
  }

  #owe(backend: GatewayBackend, client: Client | undefined): void {
    const owed = this.#owed.get(backend) ?? new Set();
    this.#owed.set(backend, owed.add(client));
  }

  #payWhatIsOwed(): void {
    for (const [backend, clients] of this.#owed) {
      if (!backend.advertised) continue;
      this.#owed.delete(backend);
      for (const client of clients) this.#subscribeAgain(backend, client);
    }
  }

  #forget(client: Client): void {
    for (const owed of this.#owed.values()) owed.delete(client);
    for (const { backend, uri } of this.#subscriptions.end(client)) {
      if (backend.advertised && !this.#closed) void this.#ask(backend, 'resources/unsubscribe', { uri });
    }
    for (const { own } of this.#listing.backends) own.end(client);
  }

  #announce(): void {
    this.#announcing = undefined;
    const lists = listsOf(this.#listing);
    for (const session of this.#sessions()) session.tellChanges(lists);
    this.#syncLogLevels();
    this.#payWhatIsOwed();
  }

  #syncLogLevels(): void {
    const wanted = this.#sessions().flatMap(({ logLevel }) => (logLevel ? [logLevel] : []));
    this.#logLevels.sync(this.#listing.backends, mostVerbose(wanted));
  }

  #sessions(): readonly ClientSession[] {
    return [...this.#http.all(), ...this.#stdio];
  }
}

/** Where a notification of a backend came from, as far as that can be told. */
export interface Origin {
  /** Whose own session it came over. */
  readonly client?: Client | undefined;
  /** With whose call it came. */
  readonly caller?: Caller | undefined;
}

function loggerOf({ logger }: Params, backend: string): string {
  return typeof logger === 'string' ? `${backend}/${logger}` : backend;
}

/** What backends tell the model about themselves, each under its name; undefined where none says anything. */
function instructionsOf(backends: readonly GatewayBackend[]): string | undefined {
  const parts = backends.flatMap(({ name, catalog }) =>
    catalog?.instructions ? [`# ${name}\n\n${catalog.instructions}`] : [],
  );
  return parts.length > 0 ? parts.join('\n\n') : undefined;
}
