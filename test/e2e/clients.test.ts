import type { ChildProcess } from 'node:child_process';
import { createMCPClient } from '@ai-sdk/mcp';
import {
  Client as NextClient,
  StreamableHTTPClientTransport as NextTransport,
} from '@modelcontextprotocol/client';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { threeServers } from './backends.js';
import { everything, freePort, kill } from './processes.js';
import { configuration, Served, temporaryFolder } from './served.js';

/** What a client can do, whoever wrote it. */
interface AnyClient {
  tools(): Promise<readonly string[]>;
  /** The text of a result, with whether it is an error. */
  call(name: string, args: Record<string, unknown>): Promise<string>;
  close(): Promise<void>;
}

interface TextResult {
  readonly isError?: boolean | undefined;
  readonly content?: unknown;
}

function textOf({ isError, content }: TextResult): string {
  const [first] = content as { text?: string }[];
  return `${isError === true ? 'error: ' : ''}${first?.text ?? ''}`;
}

const IMPLEMENTATIONS: Readonly<Record<string, (url: URL) => Promise<AnyClient>>> = {
  'the SDK': async (url) => {
    const client = new Client({ name: 'sdk', version: '1.0.0' });
    await client.connect(new StreamableHTTPClientTransport(url));
    return {
      tools: async () => (await client.listTools()).tools.map(({ name }) => name),
      call: async (name, args) => textOf((await client.callTool({ name, arguments: args })) as TextResult),
      close: () => client.close(),
    };
  },
  "the SDK's next line": async (url) => {
    const client = new NextClient({ name: 'next', version: '1.0.0' });
    await client.connect(new NextTransport(url));
    return {
      tools: async () => (await client.listTools()).tools.map(({ name }) => name),
      call: async (name, args) => textOf(await client.callTool({ name, arguments: args })),
      close: () => client.close(),
    };
  },
  'the AI SDK': async (url) => {
    const client = await createMCPClient({ transport: { type: 'http', url: url.href } });
    const tools = await client.tools();
    return {
      tools: async () => (await client.listTools()).tools.map(({ name }) => name),
      call: async (name, args) => {
        const tool = tools[name];
        if (!tool) throw new Error(`there is no ${name}`);
        return textOf((await tool.execute(args, { messages: [], toolCallId: 'one' })) as TextResult);
      },
      close: () => client.close(),
    };
  },
};

describe.each(Object.entries(IMPLEMENTATIONS))('a client made with %s', (_, connect) => {
  let port: number;
  let server: ChildProcess;
  let gateway: Served;
  let client: AnyClient;

  beforeAll(async () => {
    port = await freePort();
    server = await everything(port);
    gateway = await Served.start(
      configuration(threeServers(port, temporaryFolder()), {
        healthCheckInterval: '2s',
        healthCheckTimeout: '1s',
        unhealthyThreshold: 2,
        circuitBreaker: { enabled: true, failureThreshold: 3, timeout: '1s' },
      }),
    );
    await gateway.serving();
    client = await connect(new URL(`${gateway.base}/mcp`));
  }, 30_000);

  afterAll(async () => {
    await client.close();
    await gateway.destroy();
    await kill(server);
  });

  it('lists the tools of all backends as one, and calls them [R26]', async () => {
    const tools = await client.tools();
    for (const backend of ['everything', 'filesystem', 'memory'])
      expect(tools.some((name) => name.startsWith(`${backend}_`))).toBe(true);
    expect(await client.call('everything_echo', { message: 'hello' })).toBe('Echo: hello');
  });

  it('is told why a backend cannot be used, and uses it again without connecting anew [R21] [R22]', async () => {
    await kill(server);
    const said: string[] = [];
    for (let call = 0; call < 4; call += 1) said.push(await client.call('everything_echo', { message: 'x' }));
    expect(said[0]).toMatch(/^error: Backend "everything" is unavailable/);
    expect(said.at(-1)).toMatch(/^error: Backend "everything" is unavailable: .*circuit is open/);
    expect(await client.call('filesystem_list_allowed_directories', {})).not.toMatch(/^error/);
    server = await everything(port);
    await gateway.circuit('everything', 'closed');
    expect(await client.call('everything_echo', { message: 'again' })).toBe('Echo: again');
  }, 20_000);
});
