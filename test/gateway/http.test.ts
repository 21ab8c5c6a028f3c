import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { GATEWAY_LIMITS } from '../../src/gateway/limits.js';
import { DEFAULT_LIMITS } from '../../src/limits.js';
import { FakeBackend, tools } from './fake-backend.js';
import { ACCEPT, gatewayOver, INITIALIZE, RawClient, rawPost, sdkClient, until } from './wire.js';
import type { Wired } from './wire.js';

const PING = { jsonrpc: '2.0', id: 1, method: 'ping' };
const open = async () => {
  const backend = new FakeBackend('a', tools('x'));
  const { gateway, url } = await gatewayOver([backend]);
  return { backend, gateway, url, client: await RawClient.open(url) };
};
const refusal = async (response: Response) => ({
  status: response.status,
  code: ((await response.json()) as Wired).error?.code,
});

describe('initialize', () => {
  it('opens a session and tells what the gateway is and can [R26]', async () => {
    const { gateway, url } = await gatewayOver([]);
    const response = await rawPost(url, INITIALIZE);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(response.headers.get('mcp-session-id')).toMatch(/^[\x21-\x7e]{30,}$/);
    expect(((await response.json()) as Wired).result).toMatchObject({
      protocolVersion: '2025-11-25',
      serverInfo: { name: 'gateway', version: '1.2.3' },
      capabilities: { tools: { listChanged: true }, completions: {}, logging: {} },
    });
    expect(gateway.clientSessions).toBe(1);
  });

  it('and the lists do not wait for a backend that hangs or was never heard from [R20]', async () => {
    const hung = new FakeBackend('a', tools('x'));
    const hanging = hung.hang();
    const { url } = await gatewayOver([hung, new FakeBackend('b'), new FakeBackend('c', tools('x'))]);
    const client = await sdkClient(url);
    const stuck = client.callTool({ name: 'a_x' });
    stuck.catch(() => undefined);
    await until(() => expect(hung.calls).toHaveLength(1));
    const listed = await (await sdkClient(url)).listTools();
    expect(listed.tools.map(({ name }) => name)).toEqual(['a_x', 'c_x']);
    expect(await client.callTool({ name: 'c_x' })).toMatchObject({ from: 'c' });
    await client.close();
    await until(() => expect(hanging.aborted).toBe(1));
  });

  it('succeeds with all backends down, and calls work after they recover [R24]', async () => {
    const backend = new FakeBackend('a', tools('x'));
    backend.fall();
    const { url } = await gatewayOver([backend]);
    const client = await sdkClient(url);
    expect((await client.listTools()).tools).toEqual([]);
    expect(await client.callTool({ name: 'a_x' })).toMatchObject({ isError: true });
    backend.rise();
    expect(await client.callTool({ name: 'a_x' })).toMatchObject({ from: 'a' });
  });

  it('passes the instructions of backends on, each under its name [R26]', async () => {
    const backends = [
      new FakeBackend('a', { ...tools(), instructions: 'Be kind.' }),
      new FakeBackend('b', tools()),
    ];
    const { url } = await gatewayOver(backends);
    expect((await sdkClient(url)).getInstructions()).toBe('# a\n\nBe kind.');
  });
});

describe('a session', () => {
  it('that is unknown is answered with 404, a missing id with 400 [R38]', async () => {
    const { url } = await open();
    const unknown = { 'Mcp-Session-Id': 'b7e1' };
    expect(await refusal(await rawPost(url, PING, unknown))).toEqual({ status: 404, code: -32001 });
    expect(await refusal(await rawPost(url, PING))).toEqual({ status: 400, code: -32000 });
    for (const method of ['GET', 'DELETE']) {
      const response = await fetch(url, { method, headers: { Accept: ACCEPT, ...unknown } });
      expect((await refusal(response)).status).toBe(404);
    }
  });

  it('ends with DELETE: its calls are aborted, its id is unknown [R26]', async () => {
    const { backend, gateway, client } = await open();
    const hanging = backend.hang();
    const call = client.post({ jsonrpc: '2.0', id: 2, method: 'tools/call', params: { name: 'a_x' } });
    await until(() => expect(backend.calls).toHaveLength(1));
    expect((await client.send('DELETE')).status).toBe(200);
    expect(await (await call).text()).toBe('');
    expect([hanging.aborted, gateway.clientSessions]).toEqual([1, 0]);
    expect((await client.post(PING)).status).toBe(404);
  });

  it('ends with the gateway, but not before what is being answered is answered [R19]', async () => {
    const { backend, gateway, client } = await open();
    backend.hang();
    const call = client.post({ jsonrpc: '2.0', id: 2, method: 'tools/call', params: { name: 'a_x' } });
    await until(() => expect(backend.calls).toHaveLength(1));
    const closed = gateway.close();
    backend.letGo({ kind: 'result', result: { last: true } });
    await closed;
    expect(await (await call).json()).toMatchObject({ id: 2, result: { last: true } });
    expect((await client.post(PING)).status).toBe(404);
  });

  it('ends with the gateway within a bound, though an answer never comes [R19]', async () => {
    const { backend, gateway, client } = await open();
    backend.script = () => new Promise(() => undefined);
    const call = client.post({ jsonrpc: '2.0', id: 2, method: 'tools/call', params: { name: 'a_x' } });
    await until(() => expect(backend.calls).toHaveLength(1));
    const startedAt = performance.now();
    await gateway.close();
    expect(performance.now() - startedAt).toBeLessThan(GATEWAY_LIMITS.maxLastAnswersMs + 500);
    expect(await (await call).text()).toBe('');
    expect(gateway.clientSessions).toBe(0);
  });

  it('answers ping, takes notifications with 202, and says what it does not know [R26]', async () => {
    const { client } = await open();
    expect(await client.ask('ping')).toMatchObject({ id: 1, result: {} });
    const notified = await client.post({ jsonrpc: '2.0', method: 'notifications/initialized' });
    expect([notified.status, await notified.text()]).toEqual([202, '']);
    expect((await client.ask('tools/fly')).error).toEqual({
      code: -32601,
      message: 'unknown method "tools/fly"',
    });
  });

  it('takes the known protocol versions in the header and no other [R26]', async () => {
    const { client } = await open();
    for (const version of ['2025-03-26', '2025-06-18', '2025-11-25']) {
      expect((await client.post(PING, { 'MCP-Protocol-Version': version })).status).toBe(200);
    }
    const response = await client.post(PING, { 'MCP-Protocol-Version': '1999-01-01' });
    expect(await refusal(response)).toEqual({ status: 400, code: -32000 });
  });
});

describe('an exchange that is refused', () => {
  it.each(['PUT', 'PATCH', 'OPTIONS'])('%s: 405 with the methods that are taken [R38]', async (method) => {
    const { url } = await open();
    const response = await fetch(url, { method });
    expect(response.headers.get('allow')).toBe('GET, POST, DELETE');
    expect(await refusal(response)).toEqual({ status: 405, code: -32000 });
  });

  it.each<[string, Record<string, string>, number]>([
    ['a POST that takes no events', { Accept: 'application/json' }, 406],
    ['a POST that takes no JSON', { Accept: 'text/event-stream' }, 406],
    ['a body of another type', { 'Content-Type': 'text/plain' }, 415],
    ['a body of a type that only begins alike', { 'Content-Type': 'application/jsonp' }, 415],
  ])('%s %j: %i [R36]', async (_, headers, status) => {
    const { client } = await open();
    expect((await client.post(PING, headers)).status).toBe(status);
  });

  it('a GET that takes no events: 406; a charset or any type is taken [R36]', async () => {
    const { client } = await open();
    expect((await client.send('GET', { Accept: 'application/json' })).status).toBe(406);
    expect((await client.post(PING, { Accept: '*/*' })).status).toBe(200);
    expect((await client.post(PING, { 'Content-Type': 'application/json; charset=utf-8' })).status).toBe(200);
  });

  it.each<[string, string, number]>([
    ['nothing', '', -32700],
    ['half a message', '{"jsonrpc":"2.0","id":1', -32700],
    ['no object', '7', -32600],
    ['no JSON-RPC', '{"id":1,"method":"ping"}', -32600],
    ['a null id', '{"jsonrpc":"2.0","id":null,"method":"ping"}', -32600],
    ['an empty batch', '[]', -32600],
  ])('%s: 400 with its code, and the session lives [R36]', async (_, body, code) => {
    const { client } = await open();
    expect(await refusal(await client.post(body))).toEqual({ status: 400, code });
    expect(await client.ask('ping')).toMatchObject({ result: {} });
  });

  it('JSON of a depth that breaks stacks does not break the gateway [R36]', async () => {
    const { client } = await open();
    const deep = '['.repeat(100_000) + ']'.repeat(100_000);
    await client.post(`{"jsonrpc":"2.0","id":1,"method":"ping","params":{"deep":${deep}}}`);
    expect(await client.ask('ping')).toMatchObject({ result: {} });
  });

  it('a body of exactly the limit is taken, one byte more is 413 [R36]', async () => {
    const { client } = await open();
    const filled = (size: number) => {
      const empty = JSON.stringify({ ...PING, params: { fill: '' } });
      return empty.replace('""', `"${'x'.repeat(size - empty.length)}"`);
    };
    expect((await client.post(filled(DEFAULT_LIMITS.maxBodyBytes))).status).toBe(200);
    expect((await client.post(filled(DEFAULT_LIMITS.maxBodyBytes + 1))).status).toBe(413);
    expect(await client.ask('ping')).toMatchObject({ result: {} });
  });

  it('a body over the limit is refused where its sender can read it, however it is sent [R36]', async () => {
    const { url } = await open();
    const post = (): RequestInit[] => [
      { body: 'x'.repeat(4 * DEFAULT_LIMITS.maxBodyBytes) },
      {
        duplex: 'half',
        body: new ReadableStream({
          start: (controller) => {
            for (let count = 0; count < 16; count += 1) controller.enqueue(new Uint8Array(1_048_576));
            controller.close();
          },
        }),
      },
    ];
    const headers = { 'Content-Type': 'application/json', Accept: ACCEPT };
    for (let round = 0; round < 10; round += 1) {
      for (const init of post()) {
        const response = await fetch(url, { method: 'POST', headers, ...init });
        expect(await refusal(response)).toEqual({ status: 413, code: -32000 });
      }
    }
  });

  it('a body without a declared length is cut off at the limit: 413 [R36]', async () => {
    const { url } = await open();
    let sent = 0;
    const socket = connect(Number(url.port), url.hostname);
    const head = `POST /mcp HTTP/1.1\r\nHost: x\r\nAccept: */*\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`;
    socket.write(head);
    const piece = `10000\r\n${'x'.repeat(65_536)}\r\n`;
    const status = await new Promise<string>((resolve, reject) => {
      const more = (): void => {
        do sent += piece.length;
        while (!socket.destroyed && socket.write(piece) && sent < 100 * DEFAULT_LIMITS.maxBodyBytes);
        if (sent >= 100 * DEFAULT_LIMITS.maxBodyBytes) reject(new Error('all of it was taken'));
      };
      socket.on('drain', more).on('error', () => undefined);
      socket.once('data', (data) => resolve(data.toString().slice(0, 12)));
      more();
    });
    socket.destroy();
    expect(status).toBe('HTTP/1.1 413');
  });
});

describe('a batch', () => {
  const pings = (count: number) => Array.from({ length: count }, (_, id) => ({ ...PING, id }));

  it('is answered with a batch: 100 messages are taken, 101 are not [R36]', async () => {
    const { client } = await open();
    const answers = (await (await client.post(pings(100))).json()) as Wired[];
    expect(answers.map(({ id }) => id).sort()).toEqual(
      pings(100)
        .map(({ id }) => id)
        .sort(),
    );
    expect(await refusal(await client.post(pings(101)))).toEqual({ status: 400, code: -32600 });
    expect(await refusal(await client.post(pings(10_000)))).toEqual({ status: 400, code: -32600 });
  });

  it('of one is answered with a batch of one; notifications alone with 202 [R26]', async () => {
    const { client } = await open();
    expect(await (await client.post(pings(1))).json()).toHaveLength(1);
    expect((await client.post([{ jsonrpc: '2.0', method: 'notifications/initialized' }])).status).toBe(202);
  });

  it('holds no initialize, and no id twice [R36]', async () => {
    const { client, url } = await open();
    expect((await rawPost(url, [INITIALIZE, PING])).status).toBe(400);
    expect((await client.post([PING, PING])).status).toBe(400);
  });
});
