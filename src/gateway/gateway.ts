import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Readable, Writable } from 'node:stream';
import type { Log } from '../logging/log.js';
import type { GatewayBackend } from './backend.js';
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

/** The MCP server that clients see: many backends as one. */
export class Gateway {
  readonly #listing: Listing;
  readonly #context: ClientContext;
  readonly #http: ClientSessions;
  readonly #stdio = new Set<ClientSession>();
  readonly #answering = new Set<Promise<unknown>>();
  readonly #logLevels = new BackendLogLevels();
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
    const listing = new Listing(backends, settings.aggregation, log);
    this.#listing = listing;
    this.#context = {
      serverInfo: { name, version },
      handlers: createHandlers(listing, { name, version, ...settings }),
      log,
      lists: () => listsOf(listing),
      instructions: () => instructionsOf(backends),
      onLogLevel: () => this.#syncLogLevels(),
      hooks,
      onAnswering: (answer) => {
        this.#answering.add(answer);
        const done = (): void => void this.#answering.delete(answer);
        answer.then(done, done);
      },
    };
    this.#http = new ClientSessions(this.#context);
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

  /** A backend is spoken to on a new session, which knows nothing of what the one before was told. */
  sessionOpened(name: string): void {
    const backend = this.#listing.backends.find((each) => each.name === name);
    if (backend) this.#logLevels.forget(backend);
    this.changed();
  }

  /** A backend says something unasked. Log messages go to the clients that asked for their level. */
  notification(backend: string, method: string, params: Params): void {
    if (method !== 'notifications/message') {
      this.#context.log.debug({ backend, method }, 'notification of a backend has no receiver');
      return;
    }
    const { logger } = params;
    const named = { ...params, logger: typeof logger === 'string' ? `${backend}/${logger}` : backend };
    for (const session of this.#sessions()) session.tellLog(named);
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
    const answered = Promise.allSettled(this.#answering);
    let late: NodeJS.Timeout | undefined;
    const atLatest = new Promise((over) => (late = setTimeout(over, GATEWAY_LIMITS.maxLastAnswersMs)));
    await Promise.race([answered, atLatest]);
    clearTimeout(late);
    // The SDK sends an answer some microtasks after it is there.
    await new Promise((sent) => setImmediate(sent));
    await Promise.all([this.#http.close(), ...[...this.#stdio].map((session) => session.close())]);
  }

  #announce(): void {
    this.#announcing = undefined;
    const lists = listsOf(this.#listing);
    for (const session of this.#sessions()) session.tellChanges(lists);
    this.#syncLogLevels();
  }

  #syncLogLevels(): void {
    const wanted = this.#sessions().flatMap(({ logLevel }) => (logLevel ? [logLevel] : []));
    this.#logLevels.sync(this.#listing.backends, mostVerbose(wanted));
  }

  #sessions(): readonly ClientSession[] {
    return [...this.#http.all(), ...this.#stdio];
  }
}

/** What backends tell the model about themselves, each under its name; undefined where none says anything. */
function instructionsOf(backends: readonly GatewayBackend[]): string | undefined {
  const parts = backends.flatMap(({ name, catalog }) =>
    catalog?.instructions ? [`# ${name}\n\n${catalog.instructions}`] : [],
  );
  return parts.length > 0 ? parts.join('\n\n') : undefined;
}
