import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { GATEWAY_LIMITS } from '../../src/gateway/limits.js';
import { FakeBackend, tools } from './fake-backend.js';
import { gatewayOver, RawClient, readEvents, sdkClient, until } from './wire.js';

const offer = { ...tools('x'), capabilities: { logging: {} } };
const call = (id: number, meta?: object) => ({
  jsonrpc: '2.0',
  id,
  method: 'tools/call',
  params: { name: 'a_x', ...(meta && { _meta: meta }) },
});
const open = async () => {
  const backend = new FakeBackend('a', offer);
  const { gateway, url } = await gatewayOver([backend]);
  return { backend, gateway, url, client: await RawClient.open(url) };
};
const typeOf = (response: Response) => response.headers.get('content-type');

describe('the answer to a call', () => {
  it('is plain JSON where nothing comes before it [R26]', async () => {
    const { client } = await open();
    const response = await client.post(call(1));
    expect(typeOf(response)).toBe('application/json');
    expect(await response.json()).toMatchObject({ id: 1, result: { from: 'a' } });
  });

  it('is a stream of events where progress comes first, with the token of the client [R26]', async () => {
    const { backend, client } = await open();
    backend.script = (_, { onProgress }) => {
      onProgress?.({ progress: 1, total: 2, message: 'half', later: true });
      onProgress?.({ progress: 2 });
      return { kind: 'result', result: { done: true } };
    };
    const response = await client.post(call(1, { progressToken: 'mine' }));
    expect(typeOf(response)).toBe('text/event-stream');
    expect(await readEvents(response)).toMatchObject([
      {
        method: 'notifications/progress',
        params: { progressToken: 'mine', progress: 1, total: 2, message: 'half', later: true },
      },
      { method: 'notifications/progress', params: { progressToken: 'mine', progress: 2 } },
      { id: 1, result: { done: true } },
    ]);
  });

  it('is plain JSON where the client did not ask for progress [R26]', async () => {
    const { backend, client } = await open();
    backend.script = (_, { onProgress }) => {
      onProgress?.({ progress: 1 });
      return { kind: 'result', result: {} };
    };
    expect(typeOf(await client.post(call(1)))).toBe('application/json');
  });

  it('to a batch becomes events with the first progress, and holds every answer [R26]', async () => {
    const { backend, client } = await open();
    backend.script = ({ params }, { onProgress }) => {
      if (onProgress) onProgress({ progress: 1 });
      return { kind: 'result', result: { params } };
    };
    const response = await client.post([call(1), call(2, { progressToken: 0 }), call(3)]);
    const events = await readEvents(response);
    expect(events.filter(({ method }) => method).map(({ params }) => params)).toEqual([
      { progressToken: 0, progress: 1 },
    ]);
    expect(events.flatMap(({ id }) => (id === undefined ? [] : [id])).sort()).toEqual([1, 2, 3]);
  });

  it('becomes a stream when it takes long, and is kept alive [R26]', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] });
    onTestFinished(() => void vi.useRealTimers());
    const { backend, client } = await open();
    backend.hang();
    const answer = client.post(call(1));
    await until(() => expect(backend.calls).toHaveLength(1));
    vi.advanceTimersByTime(GATEWAY_LIMITS.streamAfterMs);
    const response = await answer;
    expect(typeOf(response)).toBe('text/event-stream');
    vi.advanceTimersByTime(2 * GATEWAY_LIMITS.keepAliveMs);
    backend.letGo({ kind: 'result', result: { done: true } });
    const text = await response.text();
    expect(text.match(/: keep-alive\n\n/g)).toHaveLength(2);
    expect(text).toContain('{"done":true}');
  });

  it('progress reaches the caller only, though tokens are the same [R26]', async () => {
    const { backend, url } = await open();
    backend.script = ({ params }, { onProgress }) => {
      onProgress?.({ progress: (params['arguments'] as { n: number }).n });
      return { kind: 'result', result: { content: [] } };
    };
    const clients = await Promise.all(Array.from({ length: 5 }, () => sdkClient(url)));
    const seen = await Promise.all(
      clients.map(async (client, n) => {
        const progress: number[] = [];
        const onprogress = (update: { progress: number }) => void progress.push(update.progress);
        await client.callTool({ name: 'a_x', arguments: { n } }, undefined, { onprogress });
        return progress;
      }),
    );
    expect(seen).toEqual([[0], [1], [2], [3], [4]]);
  });
});

describe('a client that gives up', () => {
  it('by cancelling: the backend is told, and no answer is sent [R26]', async () => {
    const { backend, client } = await open();
    const hanging = backend.hang();
    const answer = client.post(call(5));
    await until(() => expect(backend.calls).toHaveLength(1));
    const cancelled = { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 5 } };
    expect((await client.post(cancelled)).status).toBe(202);
    const response = await answer;
    expect([typeOf(response), await response.text()]).toEqual(['text/event-stream', '']);
    expect(hanging.aborted).toBe(1);
  });

  it.each([0, ''])('by cancelling the request %j like any other [R26]', async (id) => {
    const { backend, client } = await open();
    const hanging = backend.hang();
    const request = { ...call(1), id };
    const cancelled = { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: id } };
    const answer = client.post(request);
    await until(() => expect(backend.calls).toHaveLength(1));
    await client.post(cancelled);
    expect([await (await answer).text(), hanging.aborted]).toEqual(['', 1]);
    await client.post(cancelled);
    expect(await (await client.post(request)).text()).toBe('');
    expect(backend.calls).toHaveLength(1);
    backend.script = () => ({ kind: 'result', result: { fresh: true } });
    expect(await (await client.post(request)).json()).toMatchObject({ id, result: { fresh: true } });
  });

  it('by going away from request 0: the next of that id gets its own answer [R39]', async () => {
    const { backend, client } = await open();
    const hanging = backend.hang();
    const controller = new AbortController();
    const gone = client.post(call(0), {}, controller.signal).catch(() => 'gone');
    await until(() => expect(backend.calls).toHaveLength(1));
    controller.abort();
    await until(() => expect(hanging.aborted).toBe(1));
    backend.script = () => ({ kind: 'result', result: { fresh: true } });
    expect(await (await client.post(call(0))).json()).toMatchObject({ id: 0, result: { fresh: true } });
    expect(await gone).toBe('gone');
  });

  it('by going away with requests put behind one another: all are aborted, the ids are free [R39]', async () => {
    const { backend, url, client } = await open();
    const hanging = backend.hang();
    const socket = connect(Number(url.port), url.hostname).on('error', () => undefined);
    const head = `Host: x\r\nAccept: */*\r\nMcp-Session-Id: ${client.sessionId}\r\n`;
    for (let id = 1; id <= 20; id += 1) {
      const body = JSON.stringify(call(id));
      const length = `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n`;
      socket.write(`POST /mcp HTTP/1.1\r\n${head}${length}\r\n${body}`);
    }
    await until(() => expect(backend.calls).toHaveLength(20));
    socket.destroy();
    await until(() => expect(hanging.aborted).toBe(20));
    expect(await client.ask('ping', {}, 20)).toMatchObject({ id: 20, result: {} });
  });

  it('by cancelling one of a batch: the others are answered [R26]', async () => {
    const { backend, client } = await open();
    backend.hang();
    const answer = client.post([call(5), call(6)]);
    await until(() => expect(backend.calls).toHaveLength(2));
    await client.post({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 5 } });
    backend.letGo({ kind: 'result', result: { done: true } });
    expect(await (await answer).json()).toMatchObject([{ id: 6, result: { done: true } }]);
  });

  it('by cancelling what is unknown or answered: nothing happens [R36]', async () => {
    const { client } = await open();
    await client.ask('ping', {}, 3);
    for (const requestId of [3, 99, 'x', null, {}]) {
      await client.post({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId } });
    }
    expect(await client.ask('ping', {}, 4)).toMatchObject({ id: 4, result: {} });
  });

  it('by a cancellation that overtakes its request: the request is neither sent nor answered [R26]', async () => {
    const { backend, client } = await open();
    backend.hang();
    await client.post({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 5 } });
    const response = await client.post(call(5));
    expect([typeOf(response), await response.text()]).toEqual(['text/event-stream', '']);
    expect(backend.calls).toEqual([]);
  });

  it('by cancelling without end: nothing is kept of it but the last few [R36]', async () => {
    const { client } = await open();
    const cancelled = (requestId: number) => ({
      jsonrpc: '2.0',
      method: 'notifications/cancelled',
      params: { requestId },
    });
    for (const requestId of Array(GATEWAY_LIMITS.maxEarlyCancellations + 1).keys())
      await client.post(cancelled(requestId + 1));
    expect(await client.ask('ping', {}, 1)).toMatchObject({ id: 1, result: {} });
    expect(await (await client.post({ jsonrpc: '2.0', id: 2, method: 'ping' })).text()).toBe('');
  });

  it('through the SDK: the call rejects here and is aborted there [R26]', async () => {
    const { backend, url } = await open();
    const hanging = backend.hang();
    const client = await sdkClient(url);
    const controller = new AbortController();
    const answer = client.callTool({ name: 'a_x' }, undefined, { signal: controller.signal });
    await until(() => expect(backend.calls).toHaveLength(1));
    controller.abort(new Error('enough'));
    await expect(answer).rejects.toThrow('enough');
    await until(() => expect(hanging.aborted).toBe(1));
  });

  it('by going away: twenty of twenty calls are aborted, the session lives [R39]', async () => {
    const { backend, gateway, client } = await open();
    const hanging = backend.hang();
    const controller = new AbortController();
    const gone = Array.from({ length: 20 }, (_, index) =>
      client.post(call(index + 1), {}, controller.signal).catch(() => 'gone'),
    );
    await until(() => expect(backend.calls).toHaveLength(20));
    controller.abort();
    expect(await Promise.all(gone)).toEqual(Array(20).fill('gone'));
    await until(() => expect(hanging.aborted).toBe(20));
    expect(gateway.clientSessions).toBe(1);
    expect(await client.ask('ping')).toMatchObject({ result: {} });
  });

  it('by going away in the middle of a stream: the call is aborted [R39]', async () => {
    const { backend, client } = await open();
    const hanging = backend.hang();
    const hang = backend.script;
    backend.script = (request, options) => {
      options.onProgress?.({ progress: 1 });
      return hang(request, options);
    };
    const controller = new AbortController();
    const response = await client.post(call(1, { progressToken: 1 }), {}, controller.signal);
    expect(typeOf(response)).toBe('text/event-stream');
    controller.abort();
    await until(() => expect(hanging.aborted).toBe(1));
  });
});

describe('the stream of a session', () => {
  it('there is one: a second ends the first [R36]', async () => {
    const { client } = await open();
    const first = await client.send('GET');
    const messages = await client.listen();
    expect(await first.text()).toBe('');
    expect(messages).toEqual([]);
  });

  /** A client that asks for a stream and never reads it. */
  async function deafListener(url: URL, client: RawClient): Promise<Socket> {
    const socket = connect(Number(url.port), url.hostname);
    onTestFinished(() => void socket.destroy());
    socket.pause().on('error', () => undefined);
    const head = `GET /mcp HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\nMcp-Session-Id: ${client.sessionId}\r\n\r\n`;
    await new Promise<void>((written) => socket.write(head, () => written()));
    return socket;
  }

  it('is not cut for what is said while a message over the limit is sent [R36]', async () => {
    const { gateway, client } = await open();
    await client.ask('logging/setLevel', { level: 'info' });
    const messages = await client.listen();
    const data = ['x'.repeat(2 * GATEWAY_LIMITS.maxBufferedBytes), 'y', 'z'];
    for (const each of data)
      gateway.notification('a', 'notifications/message', { level: 'info', data: each });
    await until(() => expect(messages.map(({ params }) => params?.['data'])).toEqual(data));
  });

  it('is cut when the client does not read; nobody else notices [R36]', async () => {
    const { gateway, url, client: deaf } = await open();
    const reading = await RawClient.open(url);
    const messages = await reading.listen();
    for (const client of [deaf, reading]) await client.ask('logging/setLevel', { level: 'info' });
    const socket = await deafListener(url, deaf);
    const data = 'x'.repeat(262_144);
    let told = 0;
    // More than the kernel and the gateway keep for it together.
    for (; told < (8 * GATEWAY_LIMITS.maxBufferedBytes) / data.length; told += 1) {
      gateway.notification('a', 'notifications/message', { level: 'info', data });
      await until(() => expect(messages).toHaveLength(told + 1));
    }
    let received = 0;
    socket.on('data', (chunk: Buffer) => (received += chunk.length)).resume();
    await until(() => expect(socket.closed).toBe(true));
    expect(received).toBeLessThan(told * data.length);
    expect(await deaf.ask('ping')).toMatchObject({ result: {} });
  });
});
