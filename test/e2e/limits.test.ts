import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { nodeBackend } from './backends.js';
import { configuration, Served } from './served.js';

const SERVER = join(import.meta.dirname, 'asking-server.mjs');

it('limits of the configuration hold for clients and for backends [R36] [R28]', async () => {
  const gateway = await Served.start(
    configuration(
      [nodeBackend('asking', [SERVER])],
      {},
      {
        server: { limits: { maxBodyBytes: 1_000, maxItems: 2 } },
      },
    ),
  );
  onTestFinished(() => gateway.destroy());
  await gateway.serving();
  const caller = await gateway.client();
  expect(await caller.tools()).toHaveLength(2);
  const post = (length: number) =>
    fetch(`${gateway.base}/mcp`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Accept: 'application/json, text/event-stream' },
      body: JSON.stringify({ jsonrpc: '2.0', method: 'x' }).padEnd(length),
    });
  expect((await post(1_000)).status).not.toBe(413);
  expect((await post(1_001)).status).toBe(413);
  await caller.client.close();
}, 20_000);
