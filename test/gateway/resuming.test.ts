import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { CallOptions } from '../../src/gateway/backend.js';
import { GATEWAY_LIMITS } from '../../src/gateway/limits.js';
import { FakeBackend, tools } from './fake-backend.js';
import { gatewayOver, RawClient, until } from './wire.js';

const CURRENT = { 'MCP-Protocol-Version': '2025-11-25' };
const call = (id: number) => ({
  jsonrpc: '2.0',
  id,
  method: 'tools/call',
  params: { name: 'a_x', _meta: { progressToken: 1 } },
});

/** A call in the hands of the test: its progress and its end. */
async function calling(headers: Record<string, string> = CURRENT) {
  const backend = new FakeBackend('a', tools('x'));
  const { gateway, url } = await gatewayOver([backend]);
  const client = await RawClient.open(url);
  const hanging = backend.hang();
  const hang = backend.script;
  let options: CallOptions | undefined;
  backend.script = (request, given) => {
    options = given;
    given.onProgress?.({ progress: 1 });
    return hang(request, given);
  };
  const connection = new AbortController();
  const response = await client.post(call(1), headers, connection.signal);
  const first = await firstEvents(response);
  return {
    backend,
    gateway,
    url,
    client,
    hanging,
    first,
    progress: (progress: number) => options?.onProgress?.({ progress }),
    finish: () => backend.letGo({ kind: 'result', result: { done: true } }),
    breakOff: () => connection.abort(),
    resume: (lastEventId: string) => client.send('GET', { ...CURRENT, 'Last-Event-ID': lastEventId }),
  };
}

/** What has come of a stream until its first message is whole; the stream goes on. */
async function firstEvents(response: Response): Promise<string> {
  const reader = response.body?.getReader();
  const decoder = new TextDecoder();
  let text = '';
  while (!text.includes('"progress":1')) {
    const { value, done } = (await reader?.read()) ?? { done: true };
    if (done) break;
    text += decoder.decode(value as Uint8Array, { stream: true });
  }
  void reader?.read().catch(() => undefined);
  return text;
}

const idsIn = (text: string) => [...text.matchAll(/^id: (\S+)$/gm)].map(([, id]) => id);
const progressIn = (text: string) => [...text.matchAll(/"progress":(\d+)/g)].map(([, n]) => Number(n));

describe('a client whose stream broke off', () => {
  it('has an id for each event, and one before the first [R26]', async () => {
    const { first } = await calling();
    expect(first).toMatch(/^id: 1-0\ndata: \n\nid: 1-1\nevent: message\ndata: \{/);
  });

  it('goes on where it was: the call was not aborted, and nothing is lost or told twice [R26] [R39]', async () => {
    const { hanging, breakOff, progress, finish, resume } = await calling();
    breakOff();
    await new Promise((resolve) => setTimeout(resolve, 50));
    progress(2);
    const response = await resume('1-1');
    expect(response.status).toBe(200);
    progress(3);
    finish();
    const text = await response.text();
    expect(progressIn(text)).toEqual([2, 3]);
    expect(idsIn(text)).toEqual(['1-1', '1-2', '1-3', '1-4']);
    expect(text).toContain('"done":true');
    expect(hanging.aborted).toBe(0);
  });

  it('finds the answer that came while it was away, from the beginning if it likes [R26] [R39]', async () => {
    const { breakOff, finish, resume } = await calling();
    breakOff();
    await new Promise((resolve) => setTimeout(resolve, 50));
    finish();
    await new Promise((resolve) => setTimeout(resolve, 20));
    const text = await (await resume('1-0')).text();
    expect(progressIn(text)).toEqual([1]);
    expect(text.match(/"done":true/g)).toHaveLength(1);
    // It has been told all of it: there is nothing to go on with.
    await until(async () => expect((await resume('1-0')).status).toBe(400));
  });

  it('may come back before the break was noticed [R26]', async () => {
    const { finish, resume, hanging } = await calling();
    const response = await resume('1-1');
    finish();
    expect(await response.text()).toContain('"done":true');
    expect(hanging.aborted).toBe(0);
  });

  it('may come back again and again [R26]', async () => {
    const { progress, finish, resume } = await calling();
    for (let round = 2; round < 6; round += 1) {
      progress(round);
      expect((await resume(`1-${round - 1}`)).status).toBe(200);
    }
    const response = await resume('1-0');
    finish();
    expect(progressIn(await response.text())).toEqual([1, 2, 3, 4, 5]);
  });

  it('that does not come back in time is given up: its call is aborted, its id is free [R36] [R39]', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const { hanging, breakOff, resume, client, backend } = await calling();
    breakOff();
    await new Promise((resolve) => setImmediate(resolve));
    const inUse = await client.post(call(1), CURRENT);
    expect(inUse.status).toBe(400);
    vi.advanceTimersByTime(GATEWAY_LIMITS.resumeMs - 1);
    expect(hanging.aborted).toBe(0);
    await vi.waitFor(() => {
      vi.advanceTimersByTime(1);
      expect(hanging.aborted).toBe(1);
    });
    expect((await resume('1-1')).status).toBe(400);
    backend.script = () => ({ kind: 'result', result: { again: true } });
    expect(await (await client.post(call(1), CURRENT)).text()).toContain('again');
  });

  it.each(['1-2', '2-0', '0-0', '1-', 'x', '1-99999999999999999999'])(
    'that names an event which never was, %s, is refused, and the stream goes on [R36]',
    async (lastEventId) => {
      const { resume, finish } = await calling();
      expect((await resume(lastEventId)).status).toBe(400);
      const response = await resume('1-1');
      finish();
      expect(await response.text()).toContain('"done":true');
    },
  );

  it('of another session cannot have it [R38]', async () => {
    const { url, finish, resume } = await calling();
    const other = await RawClient.open(url);
    expect((await other.send('GET', { ...CURRENT, 'Last-Event-ID': '1-0' })).status).toBe(400);
    const response = await resume('1-1');
    finish();
    expect(await response.text()).toContain('"done":true');
  });

  it('of an older revision has no ids, and its call is aborted at once [R39]', async () => {
    const { first, breakOff, hanging } = await calling({ 'MCP-Protocol-Version': '2025-06-18' });
    expect(idsIn(first)).toEqual([]);
    breakOff();
    await until(() => expect(hanging.aborted).toBe(1));
  });

  it('is told what is held, and refused where that is not all [R36]', async () => {
    const { backend, client, resume, finish } = await calling();
    const large = 'x'.repeat(GATEWAY_LIMITS.maxBufferedBytes / 2);
    const [first] = backend.calls;
    for (let piece = 0; piece < 3; piece += 1)
      first?.options.onProgress?.({ progress: piece, message: large });
    expect((await resume('1-0')).status).toBe(400);
    const response = await resume('1-3');
    finish();
    expect(await response.text()).toContain('"done":true');
    expect(await client.ask('ping', {}, 2)).toMatchObject({ result: {} });
  });

  it('of the SDK comes back by itself, and its call is answered [R26]', async () => {
    const backend = new FakeBackend('a', tools('x'));
    const { url } = await gatewayOver([backend]);
    let options: CallOptions | undefined;
    backend.script = (_, given) =>
      new Promise((resolve) => {
        options = given;
        given.onProgress?.({ progress: 1 });
        setTimeout(() => given.onProgress?.({ progress: 2 }), 300);
        setTimeout(
          () => resolve({ kind: 'result', result: { content: [{ type: 'text', text: 'done' }] } }),
          400,
        );
      });
    let broken = 0;
    const fragile: typeof fetch = async (input, init) => {
      const response = await fetch(input, init);
      const isStream = response.headers.get('content-type') === 'text/event-stream';
      if (init?.method !== 'POST' || !isStream || broken > 0) return response;
      broken += 1;
      const pieces = response.body?.getReader();
      const body = new ReadableStream<Uint8Array>({
        pull: async (controller) => {
          const { value = new Uint8Array() } = ((await pieces?.read()) ?? {}) as { value?: Uint8Array };
          if (value.length > 0) controller.enqueue(value);
          if (Buffer.from(value).includes('"progress":1')) {
            await pieces?.cancel();
            controller.error(new Error('broken off'));
          }
        },
      });
      return new Response(body, { status: response.status, headers: response.headers });
    };
    const client = new Client({ name: 'sdk', version: '1' });
    await client.connect(
      new StreamableHTTPClientTransport(url, {
        fetch: fragile,
        reconnectionOptions: {
          initialReconnectionDelay: 10,
          maxReconnectionDelay: 10,
          reconnectionDelayGrowFactor: 1,
          maxRetries: 3,
        },
      }),
    );
    onTestFinished(() => client.close());
    const progress: number[] = [];
    const result = await client.callTool({ name: 'a_x', arguments: {} }, undefined, {
      onprogress: (update) => void progress.push(update.progress),
    });
    expect(result.content).toEqual([{ type: 'text', text: 'done' }]);
    expect([broken, progress]).toEqual([1, [1, 2]]);
    expect(options?.signal.aborted).toBe(false);
  });
});
