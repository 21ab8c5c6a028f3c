import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import type { jsonSchemaValidator } from '@modelcontextprotocol/sdk/validation';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import type { JSONRPCMessage, JSONRPCRequest, Result as SdkResult } from '@modelcontextprotocol/sdk/types.js';
import { McpError, ResultSchema } from '@modelcontextprotocol/sdk/types.js';
import type { Log } from '../logging/log.js';
import type { AskOptions, AskReply, Caller, Question } from '../session/caller.js';
import { isRecord } from '../session/message.js';
import type { Client } from './backend.js';
import { countFromOne, FalsyIds } from './falsy-ids.js';
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
  /** Milliseconds that a client may take over a request of a backend. */
  readonly maxAskMs: number;
  readonly log: Log;
  lists(): Lists;
  instructions(): string | undefined;
  /** A client has asked for another level of log messages. */
  onLogLevel(client: Client): void;
  /** A client says something unasked. */
  onNotification(client: Client, method: string, params: Params): void;
  onEnded(client: Client): void;
  /** Takes note of an answer that is being worked on. */
  onAnswering(answer: Promise<unknown>): void;
  readonly hooks: RequestHooks;
}

const CAPABILITIES = {
  tools: { listChanged: true },
  resources: { subscribe: true, listChanged: true },
  prompts: { listChanged: true },
  completions: {},
  logging: {},
};

/** What is answered here, and not by the handlers. */
const SESSION_METHODS: ReadonlySet<string> = new Set(['initialize', 'ping', 'logging/setLevel']);

/** One client. The SDK speaks the protocol; what to answer is asked of the shared handlers. */
export class ClientSession implements Client {
  info: Params = {};
  capabilities: Params = {};
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
    countFromOne(this.#server);
    this.#server.fallbackRequestHandler = (request, extra) => this.#answer(request, extra);
    this.#server.fallbackNotificationHandler = ({ method, params = {} }) => {
      context.onNotification(this, method, params);
      return Promise.resolve();
    };
    this.#server.onerror = (error) => context.log.debug({ error }, 'client session');
    this.#server.onclose = () => {
      this.#meter.close();
      this.context.onEnded(this);
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
      this.#introduce(message);
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

  /** A notification of a backend; a log message only if the client asked for its level. */
  tell(method: string, params: Params): void {
    if (this.#wants(method, params)) this.#tell(method, params);
  }

  /** While no call of the client is out: on the stream that it listens to, if it does. */
  ask(question: Question, options: AskOptions): Promise<AskReply> {
    return asked((...ask) => this.#server.request(...ask), question, options, this.context.maxAskMs);
  }

  close(): Promise<void> {
    return this.#server.close();
  }

  async #answer(request: JSONRPCRequest, extra: Extra): Promise<SdkResult> {
    const params: Params = request.params ?? {};
    if (request.method === 'logging/setLevel') return this.#setLogLevel(params);
    const handler = this.context.handlers.get(request.method);
    if (!handler) throw new RpcError(RPC.methodNotFound, `unknown method "${request.method}"`);
    const signal = this.#falsyIds.signalOf(extra.requestId, extra.signal);
    const { method } = request;
    const exchange: Exchange = {
      signal,
      onProgress: this.#progressOf(signal, extra),
      client: this,
      caller: this.#callerOf(signal, extra),
    };
    const answer = this.context.hooks.traced(method, params, async () => handler(params, exchange));
    this.context.onAnswering(answer);
    return this.#falsyIds.unlessCancelled(extra.requestId, signal, answer);
  }

  #progressOf(signal: AbortSignal, extra: Extra): Exchange['onProgress'] {
    const progressToken = extra._meta?.progressToken;
    if (progressToken === undefined) return undefined;
    return (params) => {
      if (signal.aborted) return;
      this.#send('notifications/progress', { progress: 0, ...params, progressToken }, extra);
    };
  }

  /** The way to the client on the stream of one of its calls. */
  #callerOf(signal: AbortSignal, extra: Extra): Caller {
    return {
      ask: (question, options) =>
        asked(
          (...ask) => extra.sendRequest(...ask),
          question,
          { ...options, signal: AbortSignal.any([signal, options.signal]) },
          this.context.maxAskMs,
        ),
      tell: (method, params) => {
        if (!signal.aborted && this.#wants(method, params)) this.#send(method, params, extra);
      },
    };
  }

  #send(method: string, params: Params, extra: Extra): void {
    // The SDK knows some notifications by their types; a backend may have others.
    const sent = extra.sendNotification({ method, params });
    sent.catch((error: unknown) => this.context.log.debug({ error, method }, 'a client could not be told'));
  }

  #wants(method: string, { level }: Params): boolean {
    return (
      method !== 'notifications/message' ||
      (this.#logLevel !== undefined && passesLevel(level, this.#logLevel))
    );
  }

  /** What a client says of itself, whole: the SDK keeps of it what it knows. */
  #introduce(message: JSONRPCMessage): void {
    if (!('method' in message) || message.method !== 'initialize') return;
    const { clientInfo, capabilities } = message.params ?? {};
    if (isRecord(clientInfo)) this.info = clientInfo;
    if (isRecord(capabilities)) this.capabilities = capabilities;
  }

  #setLogLevel({ level }: Params): SdkResult {
    const parsed = parseLogLevel(level);
    if (!parsed) throw new RpcError(RPC.invalidParams, `params.level must be one of ${LOG_LEVELS}`);
    this.#logLevel = parsed;
    this.context.onLogLevel(this);
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
type Extra = Parameters<Fallback>[1];

/** Asks a client through the SDK. Its answer is passed on whole, an error without what the SDK puts before it. */
async function asked(
  send: (...ask: Parameters<Server['request']>) => Promise<unknown>,
  { method, params }: Question,
  { signal, onProgress }: AskOptions,
  timeout: number,
): Promise<AskReply> {
  try {
    const { _meta, ...rest } = params;
    const meta = isRecord(_meta)
      ? Object.fromEntries(Object.entries(_meta).filter(([key]) => key !== 'progressToken'))
      : undefined;
    const request = { method, params: { ...rest, ...(meta && { _meta: meta }) } };
    const options = {
      signal,
      timeout,
      ...(onProgress && { onprogress: onProgress }),
    };
    const result = await send(request, ResultSchema, options);
    return { kind: 'result', result: result as Params };
  } catch (error) {
    if (!(error instanceof McpError)) {
      return { kind: 'error', code: RPC.internalError, message: 'the client cannot be asked' };
    }
    const { code, message, data } = error;
    const own = message.replace(/^MCP error -?\d+: /, '');
    return { kind: 'error', code, message: own, ...(data !== undefined && { data }) };
  }
}

/** Nothing that passes through is judged: a pattern in somebody's schema can take minutes. */
const ACCEPTS_ALL: jsonSchemaValidator = {
  getValidator: () => (data) => ({ valid: true, data: data as never, errorMessage: undefined }),
};
