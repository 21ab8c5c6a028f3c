import { fileURLToPath } from 'node:url';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import {
  CreateMessageRequestSchema,
  ElicitRequestSchema,
  LoggingMessageNotificationSchema,
  ProgressNotificationSchema,
} from '@modelcontextprotocol/sdk/types.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROOT } from '../e2e/processes.js';
import { serveHttp } from './fixtures/http.js';

const SERVER = fileURLToPath(new URL('./server.ts', import.meta.url));

/** A client that the fixture may ask. */
function talkative(): Client {
  const client = new Client(
    { name: 'test', version: '1.0.0' },
    { capabilities: { sampling: {}, elicitation: {} } },
  );
  client.setRequestHandler(CreateMessageRequestSchema, ({ params }) => ({
    role: 'assistant',
    model: 'none',
    content: { type: 'text', text: `${params.messages.length} heard` },
  }));
  client.setRequestHandler(ElicitRequestSchema, () => ({ action: 'decline' }));
  return client;
}

/** What holds over either transport. */
function answersAsTheSuiteAsks(connected: () => Client): void {
  const textOf = async (name: string, args: Record<string, unknown> = {}): Promise<unknown> => {
    const { content } = await connected().callTool({ name, arguments: args });
    return (content as { text?: string }[])[0]?.text;
  };

  it('answers with text, resources and prompts', async () => {
    expect(await textOf('test_simple_text')).toBe('This is a simple text response for testing.');
    expect(await connected().readResource({ uri: 'test://template/7/data' })).toMatchObject({
      contents: [{ text: '{"id":"7","templateTest":true,"data":"Data for ID: 7"}' }],
    });
    const args = { arg1: 'one', arg2: 'two' };
    expect(
      await connected().getPrompt({ name: 'test_prompt_with_arguments', arguments: args }),
    ).toMatchObject({
      messages: [{ content: { text: "Prompt with arguments: arg1='one', arg2='two'" } }],
    });
  });

  it('answers a tool that throws with isError', async () => {
    const { isError } = await connected().callTool({ name: 'test_error_handling' });
    expect(isError).toBe(true);
  });

  it('asks the client before it answers', async () => {
    expect(await textOf('test_sampling', { prompt: 'say' })).toBe('LLM response: 1 heard');
    expect(await textOf('test_elicitation_sep1330_enums')).toBe(
      'Elicitation completed: action=decline, content={}',
    );
  });

  it('tells of progress, and logs what is not too mild', async () => {
    const told: number[] = [];
    // The SDK's own handler drops the last of it, where it comes in one chunk with the answer.
    connected().setNotificationHandler(
      ProgressNotificationSchema,
      ({ params }) => void told.push(params.progress),
    );
    await connected().callTool({ name: 'test_tool_with_progress', _meta: { progressToken: 'p' } });
    expect(told).toEqual([0, 50, 100]);
    const logged: unknown[] = [];
    connected().setNotificationHandler(
      LoggingMessageNotificationSchema,
      ({ params }) => void logged.push(params.data),
    );
    await connected().setLoggingLevel('warning');
    await connected().callTool({ name: 'test_tool_with_logging' });
    expect(logged).toEqual([]);
    await connected().setLoggingLevel('info');
    await connected().callTool({ name: 'test_tool_with_logging' });
    expect(logged).toHaveLength(3);
  });
}

describe('the fixture over Streamable HTTP', () => {
  let server: Awaited<ReturnType<typeof serveHttp>>;
  let url: URL;
  const client = talkative();

  beforeAll(async () => {
    server = await serveHttp(0);
    url = new URL(`http://127.0.0.1:${server.port}/mcp`);
    await client.connect(new StreamableHTTPClientTransport(url));
  });

  afterAll(async () => {
    await client.close();
    await server.end();
  });

  answersAsTheSuiteAsks(() => client);

  it('answers a call whose stream it closed when the client comes back for it', async () => {
    expect(await client.callTool({ name: 'test_reconnection' })).toMatchObject({
      content: [{ text: 'Reconnection test completed successfully.' }],
    });
  });

  it('refuses pages of other sites, and sessions that it does not know', async () => {
    const statusFor = async (headers: Record<string, string>): Promise<number> =>
      (await fetch(url, { method: 'DELETE', headers })).status;
    expect(await statusFor({ origin: 'http://evil.example' })).toBe(403);
    expect(await statusFor({ 'mcp-session-id': 'none' })).toBe(404);
  });
});

describe('the fixture over stdio', () => {
  const client = talkative();

  beforeAll(async () => {
    const args = ['--import', 'tsx', SERVER, 'stdio'];
    await client.connect(new StdioClientTransport({ command: process.execPath, args, cwd: ROOT }));
  });

  afterAll(() => client.close());

  answersAsTheSuiteAsks(() => client);
});
