import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { RawClient } from '../gateway/wire.js';
import { ScriptedServer } from '../session/scripted-server.js';
import { hostile } from './hostile.js';
import { outside, watch } from './outside.js';

/** A backend whose answer is a list of so many empty objects, of three bytes each. */
async function answeringObjects(count: number): Promise<object> {
  const server = await ScriptedServer.start();
  const objects = `${'{},'.repeat(count - 1)}{}`;
  server.on('tools/call', (post) =>
    post.raw(`{"jsonrpc":"2.0","id":${post.message.id!},"result":{"content":[${objects}]}}`),
  );
  return { name: 'objects', transport: 'streamable-http', url: server.url };
}

describe('a heap of 128 MB', () => {
  const env = { NODE_OPTIONS: '--max-old-space-size=128' };
  const answering = async (bytes: number) => {
    const server = await ScriptedServer.start();
    const text = Buffer.alloc(bytes, 'x');
    server.on('tools/call', (post) => {
      const { id } = post.message;
      post.raw(
        Buffer.concat([
          Buffer.from(`{"jsonrpc":"2.0","id":${id!},"result":{"content":[{"type":"text","text":"`),
          text,
          Buffer.from('"}]}}'),
        ]),
      );
    });
    return { name: 'huge', transport: 'streamable-http', url: server.url };
  };

  it.fails(
    'outlives one answer within the limit whose objects take many times its bytes [R36] [R40]',
    async () => {
      const { served, client } = await outside([await answeringObjects(4_000_000)], { env });
      // What V8 writes as it dies is not JSON.
      served.process.stderr?.removeAllListeners('data').resume();
      await Promise.race([client.call('objects_echo').catch(() => undefined), once(served.process, 'exit')]);
      const isUp = await fetch(`${served.base}/health`).then(
        ({ ok }) => ok,
        () => false,
      );
      expect(isUp).toBe(true);
    },
    60_000,
  );

  it('outlives answers over the limit, twenty at once, and the other backend serves on [R36] [R40]', async () => {
    const { entry } = hostile();
    const { served, client } = await outside([await answering(60_000_000), { name: 'steady', ...entry }], {
      env,
    });
    const unmoved = watch(served, client, 'steady');
    const calls = Array.from({ length: 20 }, () => client.call('huge_echo'));
    for (const call of await Promise.all(calls)) {
      expect(call).toMatchObject({ isError: true, unavailable: { backend: 'huge' } });
    }
    await unmoved();
    expect(served.process.exitCode).toBeNull();
  }, 60_000);
});

describe('an answer of 8 MB that is made of very many objects', () => {
  /** The longest that a call to the neighbour took while the answer was on its way. */
  async function longestMeanwhile(): Promise<number> {
    const { entry } = hostile();
    const { served, client } = await outside([
      await answeringObjects(2_700_000),
      { name: 'steady', ...entry },
    ]);
    // Its answer is not parsed here, which would hold up this process too.
    const raw = await RawClient.open(new URL(`${served.base}/mcp`));
    const message = {
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/call',
      params: { name: 'objects_echo', arguments: {} },
    };
    await client.call('steady_echo');
    const there = new AbortController();
    const answer = raw.post(message).then(async (response) => {
      const { byteLength } = await response.arrayBuffer();
      there.abort();
      return byteLength;
    });
    let longest = 0;
    while (!there.signal.aborted) longest = Math.max(longest, (await client.call('steady_echo')).tookMs);
    expect(await answer).toBeGreaterThan(8_000_000);
    expect(served.changes('steady')).toEqual([]);
    return longest;
  }

  it('passes, and the neighbour is called all the while [R36]', async () => {
    expect(await longestMeanwhile()).toBeGreaterThan(0);
  }, 60_000);

  it.fails(
    'holds no neighbour up for longer than a tenth of a second [R35]',
    async () => {
      expect(await longestMeanwhile()).toBeLessThan(100);
    },
    60_000,
  );
});
