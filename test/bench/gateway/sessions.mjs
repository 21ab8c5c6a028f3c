/**
 * Clients of MCP that cost next to nothing, and the SDK's own. Each has `request(method, params)`, which ends with a
 * result, and `close()`.
 */
import { spawn } from 'node:child_process';
import { Agent, request as send } from 'node:http';
import { createInterface } from 'node:readline';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';

const CLIENT = { name: 'bench', version: '1.0.0' };
const REVISION = '2025-06-18';
const INITIALIZE = { protocolVersion: REVISION, capabilities: {}, clientInfo: CLIENT };
/** Nothing that is measured takes so long. */
const PATIENCE_MS = 10_000;

function exchange(url, agent, method, headers, body) {
  return new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { 'Content-Length': Buffer.byteLength(body) };
    const options = { method, agent, headers: { ...headers, ...length }, timeout: PATIENCE_MS };
    const request = send(url, options, (response) => {
      const chunks = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('end', () => resolve({ response, body: Buffer.concat(chunks) }));
      response.on('error', reject);
    });
    request.on('timeout', () => request.destroy(new Error('no answer in time')));
    request.on('error', reject);
    request.end(body);
  });
}

function resultIn(answer) {
  if (answer?.result) return answer.result;
  throw new Error(answer?.error?.message ?? 'no answer');
}

/** Streamable HTTP with `node:http` and keep-alive. */
class Streamable {
  /** Of all answers, as they came. */
  bytes = 0;
  #lastId = 0;
  #headers = { Accept: 'application/json, text/event-stream', 'Content-Type': 'application/json' };

  constructor(url) {
    this.url = new URL(url);
    this.agent = new Agent({ keepAlive: true });
  }

  async open() {
    const { response, body } = await this.#post({
      id: ++this.#lastId,
      method: 'initialize',
      params: INITIALIZE,
    });
    resultIn(this.#answerIn(response, body, this.#lastId));
    const id = response.headers['mcp-session-id'];
    this.#headers = {
      ...this.#headers,
      ...(id !== undefined && { 'Mcp-Session-Id': id }),
      'MCP-Protocol-Version': REVISION,
    };
    await this.#post({ method: 'notifications/initialized' });
    return this;
  }

  async request(method, params) {
    const id = ++this.#lastId;
    const { response, body } = await this.#post({ id, method, params });
    this.bytes += body.length;
    return resultIn(this.#answerIn(response, body, id));
  }

  async close() {
    if (this.#headers['Mcp-Session-Id'])
      await exchange(this.url, this.agent, 'DELETE', this.#headers).catch(() => {});
    this.agent.destroy();
  }

  #post(message) {
    const body = JSON.stringify({ jsonrpc: '2.0', ...message });
    return exchange(this.url, this.agent, 'POST', this.#headers, body);
  }

  #answerIn(response, body, id) {
    if (response.statusCode !== 200) throw new Error(`HTTP ${response.statusCode}`);
    if (!response.headers['content-type'].startsWith('text/event-stream')) return JSON.parse(body);
    const data = String(body)
      .split('\n')
      .flatMap((line) => (line.startsWith('data: {') ? [line.slice(6)] : []));
    return data.map((each) => JSON.parse(each)).find((message) => message.id === id);
  }
}

/** A client whose answers come on a stream of their own, by id. */
class Waiting {
  bytes = 0;
  #lastId = 0;
  #waiting = new Map();

  request(method, params) {
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.say({ id, method, params });
    });
  }

  take(text) {
    this.bytes += text.length;
    const message = JSON.parse(text);
    const waiting = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    try {
      waiting?.resolve(resultIn(message));
    } catch (error) {
      waiting.reject(error);
    }
  }

  async greet() {
    await this.request('initialize', INITIALIZE);
    this.say({ method: 'notifications/initialized' });
    return this;
  }
}

/** The transport before Streamable HTTP: one stream of events, and an address to POST to. */
class Legacy extends Waiting {
  #endpoint;

  constructor(url) {
    super();
    this.url = new URL(url);
    this.agent = new Agent({ keepAlive: true });
  }

  async open() {
    await new Promise((resolve, reject) => {
      this.stream = send(this.url, { headers: { Accept: 'text/event-stream' } }, (response) => {
        if (response.statusCode !== 200) reject(new Error(`HTTP ${response.statusCode}`));
        const lines = createInterface({ input: response });
        lines.on('line', (line) => {
          if (line.startsWith('data: {')) this.take(line.slice(6));
          else if (line.startsWith('data: ')) {
            this.#endpoint = new URL(line.slice(6), this.url);
            resolve();
          }
        });
        lines.on('error', () => {});
      });
      this.stream.on('error', reject);
      this.stream.end();
    });
    return this.greet();
  }

  say(message) {
    const body = JSON.stringify({ jsonrpc: '2.0', ...message });
    exchange(this.#endpoint, this.agent, 'POST', { 'Content-Type': 'application/json' }, body).catch(
      () => {},
    );
  }

  close() {
    this.stream.destroy();
    this.agent.destroy();
  }
}

/** A child process, a message on each line. */
class Child extends Waiting {
  constructor([command, ...args]) {
    super();
    this.child = spawn(command, args, { stdio: ['pipe', 'pipe', 'ignore'] });
    createInterface({ input: this.child.stdout }).on('line', (line) => this.take(line));
  }

  open() {
    return this.greet();
  }

  say(message) {
    this.child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
  }

  close() {
    this.child.stdin.end();
  }
}

/** The SDK's client, as most clients use it. */
class Sdk {
  bytes = 0;

  constructor(transport) {
    this.transport = transport;
    this.client = new Client(CLIENT);
  }

  async open() {
    await this.client.connect(this.transport);
    return this;
  }

  request(method, params) {
    return method === 'tools/call' ? this.client.callTool(params) : this.client.listTools(params);
  }

  async close() {
    await this.transport.terminateSession?.().catch(() => {});
    await this.client.close();
  }
}

/** Opens a session with what is at an address. */
export function open({ client, front, url, command }) {
  if (client === 'sdk') {
    const Transport = front === 'sse' ? SSEClientTransport : StreamableHTTPClientTransport;
    return new Sdk(new Transport(new URL(url))).open();
  }
  return (command ? new Child(command) : front === 'sse' ? new Legacy(url) : new Streamable(url)).open();
}
