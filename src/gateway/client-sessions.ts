import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { isInitializeRequest, SUPPORTED_PROTOCOL_VERSIONS } from '@modelcontextprotocol/sdk/types.js';
import type { JSONRPCMessage } from '@modelcontextprotocol/sdk/types.js';
import type { ClientContext } from './client-session.js';
import { ClientSession } from './client-session.js';
import { HttpChannel } from './http-channel.js';
import { HttpRefusal } from './http-refusal.js';
import type { ClientLimits } from './limits.js';
import type { PostBody } from './post-body.js';
import { assertAccepts, readMessages } from './post-body.js';
import { principalOf } from './principal.js';
import { RPC } from './rpc-error.js';

interface HttpSession {
  readonly session: ClientSession;
  readonly channel: HttpChannel;
  /** Whose it is: nobody else can use or end it, even with its id. */
  readonly principal: string | undefined;
  lastUsedAt: number;
}

const MAX_SWEEP_INTERVAL_MS = 60_000;

/** The client sessions over Streamable HTTP: opened by `initialize`, found by their id, ended when idle. */
export class ClientSessions {
  readonly #sessions = new Map<string, HttpSession>();
  readonly #sweep: NodeJS.Timeout;

  constructor(
    private readonly context: ClientContext,
    private readonly limits: ClientLimits,
  ) {
    const interval = Math.min(limits.clientSessionIdleMs / 2, MAX_SWEEP_INTERVAL_MS);
    this.#sweep = setInterval(() => this.#endIdle(), interval);
    this.#sweep.unref();
  }

  get size(): number {
    return this.#sessions.size;
  }

  all(): readonly ClientSession[] {
    return [...this.#sessions.values()].map(({ session }) => session);
  }

  /** One HTTP exchange; resolves when it has been handed over, not when it is answered. */
  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      if (request.method === 'POST') await this.#post(request, response);
      else if (request.method === 'GET') this.#get(request, response);
      else if (request.method === 'DELETE') await this.#delete(request, response);
      else {
        const Allow = 'GET, POST, DELETE';
        throw new HttpRefusal(405, RPC.badRequest, `this address takes ${Allow}`, { Allow });
      }
    } catch (error) {
      if (!(error instanceof HttpRefusal)) throw error;
      error.answer(response);
    }
  }

  async close(): Promise<void> {
    clearInterval(this.#sweep);
    await Promise.all(this.all().map((session) => session.close()));
  }

  async #post(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readMessages(request, this.limits.maxBodyBytes, this.limits.maxClientBatch);
    if (!body) return;
    const channel = body.messages.some(isInitializeRequest)
      ? await this.#open(body, principalOf(request))
      : this.#find(request).channel;
    assertFreshIds(body.messages, channel);
    channel.receive(body.messages, { batch: body.batch, isResumable: isResumable(request) }, response);
  }

  #get(request: IncomingMessage, response: ServerResponse): void {
    assertAccepts(request, ['text/event-stream']);
    const { channel } = this.#find(request);
    const lastEventId = request.headers['last-event-id'];
    if (typeof lastEventId !== 'string') channel.listen(response);
    else if (!channel.resume(lastEventId, response)) {
      throw new HttpRefusal(
        400,
        RPC.badRequest,
        'there is no stream with this event, or not all that followed it',
      );
    }
  }

  async #delete(request: IncomingMessage, response: ServerResponse): Promise<void> {
    await this.#find(request).session.close();
    response.writeHead(200).end();
  }

  async #open({ messages }: PostBody, principal: string | undefined): Promise<HttpChannel> {
    if (messages.length > 1) {
      throw new HttpRefusal(400, RPC.invalidRequest, 'initialize must not be part of a batch');
    }
    await this.#makeRoom();
    const channel = new HttpChannel(randomUUID());
    const session = new ClientSession(this.context, channel, () => {
      this.#sessions.delete(channel.sessionId);
    });
    this.#sessions.set(channel.sessionId, { session, channel, principal, lastUsedAt: performance.now() });
    await session.connect();
    return channel;
  }

  #find(request: IncomingMessage): HttpSession {
    const { headers } = request;
    const id = headers['mcp-session-id'];
    if (typeof id !== 'string') {
      throw new HttpRefusal(400, RPC.badRequest, 'the Mcp-Session-Id header is missing: initialize first');
    }
    const found = this.#sessions.get(id);
    // Another's is answered as one that is not there, or ids could be tried out.
    if (!found || found.principal !== principalOf(request)) {
      throw new HttpRefusal(404, RPC.sessionNotFound, 'no such session: initialize again');
    }
    const version = headers['mcp-protocol-version'];
    if (typeof version === 'string' && !SUPPORTED_PROTOCOL_VERSIONS.includes(version)) {
      const known = SUPPORTED_PROTOCOL_VERSIONS.join(', ');
      throw new HttpRefusal(400, RPC.badRequest, `unsupported MCP-Protocol-Version; known are ${known}`);
    }
    found.lastUsedAt = performance.now();
    return found;
  }

  /** Where the limit is reached, the session that has been idle longest makes room. */
  async #makeRoom(): Promise<void> {
    if (this.#sessions.size < this.limits.maxClientSessions) return;
    const [oldest] = this.#idle().sort((one, other) => one.lastUsedAt - other.lastUsedAt);
    if (!oldest) {
      throw new HttpRefusal(503, RPC.badRequest, 'too many client sessions are open', {
        'Retry-After': '10',
      });
    }
    await oldest.session.close();
  }

  #endIdle(): void {
    const now = performance.now();
    for (const { session, lastUsedAt } of this.#idle()) {
      if (lastUsedAt < now - this.limits.clientSessionIdleMs) void session.close();
    }
    for (const held of this.#sessions.values()) if (held.channel.busy) held.lastUsedAt = now;
  }

  #idle(): HttpSession[] {
    return [...this.#sessions.values()].filter(({ channel }) => !channel.busy);
  }
}

/** Clients of older revisions do not expect the event without data with which a stream begins that can be resumed. */
function isResumable({ headers }: IncomingMessage): boolean {
  const version = headers['mcp-protocol-version'];
  return typeof version === 'string' && version >= FIRST_RESUMABLE;
}

const FIRST_RESUMABLE = '2025-11-25';

/** An id names one request: two with the same could get each other's answers. */
function assertFreshIds(messages: readonly JSONRPCMessage[], channel: HttpChannel): void {
  const seen = new Set<string | number>();
  for (const message of messages) {
    if (!('method' in message) || !('id' in message)) continue;
    if (seen.has(message.id) || channel.answers(message.id)) {
      const id = JSON.stringify(message.id);
      throw new HttpRefusal(400, RPC.invalidRequest, `request id ${id} is in use already`);
    }
    seen.add(message.id);
  }
}
