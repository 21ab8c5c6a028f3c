import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import type { jsonSchemaValidator } from '@modelcontextprotocol/sdk/validation';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import type { JSONRPCMessage, JSONRPCRequest, Result as SdkResult } from '@modelcontextprotocol/sdk/types.js';
import type { Log } from '../logging/log.js';
import { FalsyIds } from './falsy-ids.js';
import type { Exchange, Handler, Params } from './handlers.js';
import type { Lists } from './listing.js';
import { noticesBetween } from './listing.js';
import type { LogLevel } from './log-level.js';
import { LOG_LEVELS, parseLogLevel, passesLevel } from './log-level.js';
import { RequestMeter } from './request-meter.js';
import type { RequestHooks } from './request-meter.js';
import { RPC, RpcError } from './rpc-error.js';

/** What every client session shares. */
export interface ClientContext {
  readonly serverInfo: { readonly name: string; readonly version: string };
  readonly handlers: ReadonlyMap<string, Handler>;
  readonly log: Log;
  lists(): Lists;
  instructions(): string | undefined;
  onLogLevel(): void;
  /** Takes note of an answer that is being worked on. */
  onAnswering(answer: Promise<unknown>): void;
  readonly hooks: RequestHooks;
}

const CAPABILITIES = {
  tools: { listChanged: true },
  resources: { listChanged: true },
  prompts: { listChanged: true },
  completions: {},
  logging: {},
};

/** What is answered here, and not by the handlers. */
const SESSION_METHODS: ReadonlySet<string> = new Set(['initialize', 'ping', 'logging/setLevel']);

/** One client. The SDK speaks the protocol; what to answer is asked of the shared handlers. */
export class ClientSession {
  readonly #server: Server;
  /** What this client has, as far as it can know. */
  #seen: Lists;
  #logLevel: LogLevel | undefined;
  readonly #falsyIds = new FalsyIds();
  readonly #meter: RequestMeter;

  constructor(
    private readonly context: ClientContext,
    private readonly transport: Transport,
    private readonly onEnd: () => void,
  ) {
    this.#seen = context.lists();
    const instructions = context.instructions();
    this.#server = new McpServer(context.serverInfo, {
      jsonSchemaValidator: ACCEPTS_ALL,
      ...(instructions !== undefined && { instructions }),
    }).server;
    // Not in the constructor: there the SDK would answer the lists itself, and with nothing.
    this.#server.registerCapabilities(CAPABILITIES);
    this.#server.fallbackRequestHandler = (request, extra) => this.#answer(request, extra);
    this.#server.onerror = (error) => context.log.debug({ error }, 'client session');
    this.#server.onclose = () => {
      this.#meter.close();
      this.onEnd();
    };
    const { handlers, hooks } = context;
    this.#meter = new RequestMeter(hooks.onRequest, (method) =>
      handlers.has(method) || SESSION_METHODS.has(method) ? method : 'other',
    );
  }

  /** The level this client asked for; undefined until it does, and until then it gets no log messages. */
  get logLevel(): LogLevel | undefined {
    return this.#logLevel;
  }

  connect(): Promise<void> {
    // The SDK calls this handler first, and then its own.
    this.transport.onmessage = (message: JSONRPCMessage) => {
      this.#meter.received(message);
      this.#falsyIds.notice(message);
    };
    this.#meter.follow(this.transport);
    return this.#server.connect(this.transport);
  }

  /** Tells the client which of its lists are out of date; says nothing where none is. */
  tellChanges(lists: Lists): void {
    const notices = noticesBetween(this.#seen, lists);
    this.#seen = lists;
    for (const method of notices) this.#tell(method, {});
  }

  /** Passes a log message of a backend on, if the client asked for its level. */
  tellLog(params: Params): void {
    if (this.#logLevel && passesLevel(params['level'], this.#logLevel))
      this.#tell('notifications/message', params);
  }

  close(): Promise<void> {
    return this.#server.close();
  }

  async #answer(request: JSONRPCRequest, extra: Parameters<Fallback>[1]): Promise<SdkResult> {
    const params: Params = request.params ?? {};
    if (request.method === 'logging/setLevel') return this.#setLogLevel(params);
    const handler = this.context.handlers.get(request.method);
    if (!handler) throw new RpcError(RPC.methodNotFound, `unknown method "${request.method}"`);
    const signal = this.#falsyIds.signalOf(extra.requestId, extra.signal);
    const { method } = request;
    const exchange = this.#exchangeOf(signal, extra);
    const answer = this.context.hooks.traced(method, params, async () => handler(params, exchange));
    this.context.onAnswering(answer);
    return this.#falsyIds.unlessCancelled(extra.requestId, signal, answer);
  }

  #exchangeOf(signal: AbortSignal, extra: Parameters<Fallback>[1]): Exchange {
    const progressToken = extra._meta?.progressToken;
    if (progressToken === undefined) return { signal, onProgress: undefined };
    const onProgress = (params: Params): void => {
      if (signal.aborted) return;
      const sent = extra.sendNotification({
        method: 'notifications/progress',
        params: { progress: 0, ...params, progressToken },
      });
      sent.catch((error: unknown) => this.context.log.debug({ error }, 'progress could not be sent'));
    };
    return { signal, onProgress };
  }

  #setLogLevel({ level }: Params): SdkResult {
    const parsed = parseLogLevel(level);
    if (!parsed) throw new RpcError(RPC.invalidParams, `params.level must be one of ${LOG_LEVELS}`);
    this.#logLevel = parsed;
    this.context.onLogLevel();
    return {};
  }

  #tell(method: string, params: Params): void {
    this.transport
      .send({ jsonrpc: '2.0', method, params })
      .catch((error: unknown) => this.context.log.debug({ error, method }, 'a client could not be told'));
  }
}

type Server = McpServer['server'];
type Fallback = NonNullable<Server['fallbackRequestHandler']>;

/** Nothing that passes through is judged: a pattern in somebody's schema can take minutes. */
const ACCEPTS_ALL: jsonSchemaValidator = {
  getValidator: () => (data) => ({ valid: true, data: data as never, errorMessage: undefined }),
};
