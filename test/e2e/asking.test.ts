import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { ClientCapabilities } from '@modelcontextprotocol/sdk/types.js';
import {
  CreateMessageRequestSchema,
  ElicitRequestSchema,
  ListRootsRequestSchema,
  LoggingMessageNotificationSchema,
  ResourceUpdatedNotificationSchema,
} from '@modelcontextprotocol/sdk/types.js';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { httpBackend, nodeBackend } from './backends.js';
import { freePort, isAlive, kill, launch, until } from './processes.js';
import { configuration, Served } from './served.js';

const SERVER = [join(import.meta.dirname, 'asking-server.mjs')];
const ALL = { sampling: {}, elicitation: {}, roots: { listChanged: true } } satisfies ClientCapabilities;
const CALL_TIMEOUT_MS = 2_000;

interface Who {
  readonly client: { readonly name: string };
  readonly capabilities: ClientCapabilities;
  readonly pid: number;
}

/** A client that answers what it is asked with its own name. */
class Asked {
  readonly questions: string[] = [];
  readonly updates: string[] = [];
  readonly logs: unknown[] = [];
  /** How an elicitation is answered; by default at once. */
  onElicit: (signal: AbortSignal) => Promise<unknown> = () => Promise.resolve();
  readonly client: Client;

  constructor(
    readonly name: string,
    capabilities: ClientCapabilities,
  ) {
    this.client = new Client({ name, version: '1.0.0' }, { capabilities });
    if (capabilities.sampling) {
      this.client.setRequestHandler(CreateMessageRequestSchema, ({ params }) => {
        this.questions.push(JSON.stringify(params.messages));
        return { role: 'assistant', model: name, content: { type: 'text', text: `sampled by ${name}` } };
      });
    }
    if (capabilities.elicitation) {
      this.client.setRequestHandler(ElicitRequestSchema, async ({ params }, { signal }) => {
        this.questions.push(params.message);
        await this.onElicit(signal);
        return { action: 'accept', content: { name } };
      });
    }
    if (capabilities.roots) {
      this.client.setRequestHandler(ListRootsRequestSchema, () => ({ roots: [{ uri: `file:///${name}` }] }));
    }
    this.client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) => {
      this.updates.push(params.uri);
    });
    this.client.setNotificationHandler(LoggingMessageNotificationSchema, ({ params }) => {
      this.logs.push(params.data);
    });
  }

  async connect(base: string): Promise<this> {
    await this.client.connect(new StreamableHTTPClientTransport(new URL(`${base}/mcp`)));
    return this;
  }

  async call(name: string, args: Record<string, unknown> = {}, signal?: AbortSignal): Promise<string> {
    const params = { name: `asking_${name}`, arguments: args };
    const result = await this.client.callTool(params, undefined, {
      timeout: 30_000,
      ...(signal && { signal }),
    });
    const [first] = result.content as { text: string }[];
    return first?.text ?? '';
  }

  async who(): Promise<Who> {
    return JSON.parse(await this.call('who')) as Who;
  }
}

describe.each(['stdio', 'streamable-http'])('a server over %s that asks its client', (transport) => {
  let gateway: Served;
  let port: number;
  let server: ChildProcess | undefined;
  const connected: Asked[] = [];

  beforeAll(async () => {
    port = await freePort();
    if (transport !== 'stdio') server = launch([...SERVER, String(port)]);
    const backend = transport === 'stdio' ? nodeBackend('asking', SERVER) : httpBackend('asking', port);
    const handling = { healthCheckInterval: '2s', healthCheckTimeout: '1s', unhealthyThreshold: 2 };
    const operational = {
      timeouts: { default: `${CALL_TIMEOUT_MS}ms` },
      failureHandling: {
        ...handling,
        partialFailureMode: 'best_effort',
        circuitBreaker: { enabled: true, failureThreshold: 3, timeout: '1s' },
      },
    };
    gateway = await Served.start(configuration([backend], {}, { operational }));
    await gateway.serving();
  }, 30_000);

  afterEach(async () => {
    await Promise.all(connected.splice(0).map(({ client }) => client.close()));
  });

  afterAll(async () => {
    await gateway.destroy();
    if (server) await kill(server);
  });

  async function connect(name: string, capabilities: ClientCapabilities = ALL): Promise<Asked> {
    const asked = await new Asked(name, capabilities).connect(gateway.base);
    connected.push(asked);
    return asked;
  }

  it('reaches the client whose call it works on, many at once, and tells who that is [R26]', async () => {
    const names = ['ann', 'bob', 'cid', 'dee'];
    const clients = await Promise.all(names.map((name) => connect(name)));
    const sampled = await Promise.all(
      clients.flatMap((client) =>
        [1, 2, 3].map((n) => client.call('sample', { prompt: `${client.name} ${n}` })),
      ),
    );
    expect(sampled.map((text) => (JSON.parse(text) as { model: string }).model)).toEqual(
      names.flatMap((name) => [name, name, name]),
    );
    for (const { questions, name } of clients) {
      expect(questions).toHaveLength(3);
      expect(questions.every((question) => question.includes(name))).toBe(true);
    }
    const elicited = await Promise.all(clients.map((client) => client.call('elicit')));
    expect(elicited).toEqual(names.map((name) => JSON.stringify({ action: 'accept', content: { name } })));
    for (const tool of ['roots', 'roots-aside']) {
      const roots = await Promise.all(clients.map((client) => client.call(tool)));
      expect(roots).toEqual(names.map((name) => JSON.stringify({ roots: [{ uri: `file:///${name}` }] })));
    }
    const [ann] = clients;
    expect(await ann?.who()).toMatchObject({ client: { name: 'ann' }, capabilities: ALL });
  }, 30_000);

  it('is told of a client that cannot be asked, which shares a session with its like [R26]', async () => {
    const [one, two] = [await connect('plain', {}), await connect('another', {})];
    const who = await one.who();
    expect(who).toMatchObject({ client: { name: 'breakwater' }, capabilities: {} });
    expect((await two.who()).pid).toBe(who.pid);
    expect(await one.call('elicit')).toMatch(/not support|Method not found/);
  });

  it('may wait for a person for longer than a call may be silent, and its circuit stays closed [R08] [R26]', async () => {
    const client = await connect('slow');
    client.onElicit = () => new Promise((resolve) => setTimeout(resolve, 2 * CALL_TIMEOUT_MS));
    expect(await client.call('elicit')).toBe(JSON.stringify({ action: 'accept', content: { name: 'slow' } }));
    expect(await gateway.backend('asking')).toMatchObject({ circuit: 'closed', calls: { failed: 0 } });
  }, 20_000);

  it('its question ends when the call is cancelled, and the next call is answered [R26]', async () => {
    const client = await connect('cancelling');
    let isAborted = false;
    client.onElicit = (signal) =>
      new Promise((resolve) => {
        signal.addEventListener('abort', () => {
          isAborted = true;
          resolve(undefined);
        });
      });
    const abort = new AbortController();
    const call = client.call('elicit', {}, abort.signal).catch(() => 'cancelled');
    await until('the client is asked', () => client.questions.length > 0);
    abort.abort();
    expect(await call).toBe('cancelled');
    await until('the question is cancelled', () => isAborted);
    client.onElicit = () => Promise.resolve();
    expect(await client.call('elicit')).toContain('accept');
  });

  it('its log messages go to the client whose call they belong to, at its level [R26]', async () => {
    const [ann, bob] = [await connect('ann'), await connect('bob')];
    await ann.client.setLoggingLevel('info');
    await bob.client.setLoggingLevel('error');
    await Promise.all([ann.call('log', { data: 'for ann' }), bob.call('log', { data: 'for bob' })]);
    await until('ann is told', () => ann.logs.length > 0);
    expect([ann.logs, bob.logs]).toEqual([['for ann'], []]);
  });

  it.each([
    ['with a session of its own', ALL],
    ['on the shared session', {}],
  ])('tells a client %s of the updates it subscribed to, and no other [R26]', async (_, capabilities) => {
    const [subscriber, other] = [
      await connect('subscriber', capabilities),
      await connect('other', capabilities),
    ];
    await subscriber.client.subscribeResource({ uri: 'test://counter' });
    await subscriber.call('touch');
    await until('the update is told', () => subscriber.updates.length > 0);
    await subscriber.client.unsubscribeResource({ uri: 'test://counter' });
    expect(await subscriber.call('touch')).toBe('[]');
    expect([subscriber.updates, other.updates]).toEqual([['test://counter'], []]);
  });

  it('has nothing left of a client that is gone [R19] [R26]', async () => {
    const client = await connect('leaving');
    const { pid } = await client.who();
    const sessions = async (): Promise<number> =>
      Number(await (await fetch(`http://127.0.0.1:${port}/sessions`)).text());
    const before = server ? await sessions() : 0;
    await (client.client.transport as StreamableHTTPClientTransport).terminateSession();
    if (server) await until('its session is ended', async () => (await sessions()) === before - 1);
    else await until('its process is gone', () => !isAlive(pid));
  });

  it('is subscribed again when it was away [R22] [R26]', async () => {
    const [own, shared] = [await connect('own'), await connect('shared', {})];
    for (const { client } of [own, shared]) await client.subscribeResource({ uri: 'test://counter' });
    if (server) {
      await kill(server);
      await until('it is noticed', async () => !(await gateway.backend('asking')).serving);
      server = launch([...SERVER, String(port)]);
    } else {
      const pids = [(await own.who()).pid, (await shared.who()).pid];
      for (const pid of pids) process.kill(pid, 'SIGKILL');
      await until('both are gone', () => pids.every((pid) => !isAlive(pid)));
    }
    await until('it serves', async () => (await gateway.backend('asking')).serving);
    await until(
      'both are told of updates',
      async () => {
        for (const client of [own, shared]) await client.call('touch').catch(() => undefined);
        return own.updates.length > 0 && shared.updates.length > 0;
      },
      20_000,
    );
  }, 40_000);
});
