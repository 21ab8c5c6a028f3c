import { createServer, get } from 'node:http';
import type { IncomingMessage, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { EngineEvent } from '../../../src/engine/events.js';
import { Feed } from '../../../src/http/live/feed.js';
import { LIVE_LIMITS } from '../../../src/http/live/limits.js';
import { eventOf } from './events.js';

interface Message {
  readonly id: string | undefined;
  readonly type: string;
  readonly data: Record<string, unknown>;
}

let cards: { name: string; calls: number }[] = [];
let listener: ((event: EngineEvent) => void) | undefined;
let feed: Feed;
let server: Server;
let looks = 0;
let writes = 0;

beforeEach(async () => {
  cards = [{ name: 'one', calls: 0 }];
  looks = writes = 0;
  feed = new Feed({
    subscribe: (own) => {
      listener = own;
      return () => (listener = undefined);
    },
    look: () => {
      looks += 1;
      return { summary: { phase: 'Ready' }, cards };
    },
  });
  server = createServer((request, response) => {
    const write = response.write.bind(response) as (text: string) => boolean;
    response.write = ((text: string) => {
      writes += 1;
      return write(text);
    }) as typeof response.write;
    const query = new URL(request.url ?? '', 'http://localhost').searchParams;
    if (!feed.open(request, response, query)) response.writeHead(503).end();
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
});

afterEach(async () => {
  feed.close();
  server.closeAllConnections();
  await new Promise((closed) => server.close(closed));
});

/** A viewer, and what it has been told. */
async function view(query = '', headers: Record<string, string> = {}) {
  const { port } = server.address() as AddressInfo;
  const response = await new Promise<IncomingMessage>((answered, failed) =>
    get(`http://127.0.0.1:${port}/?${query}`, { headers }, answered).on('error', failed),
  );
  const told: Message[] = [];
  let text = '';
  response.on('data', (chunk: Buffer) => {
    text += chunk.toString();
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const fields = new Map(
        text
          .slice(0, end)
          .split('\n')
          .map((line) => [line.split(': ', 1)[0], line.slice(line.indexOf(': ') + 2)] as const),
      );
      text = text.slice(end + 2);
      const type = fields.get('event');
      if (type === undefined) continue;
      told.push({
        id: fields.get('id'),
        type,
        data: JSON.parse(fields.get('data') ?? '{}') as Message['data'],
      });
    }
  });
  response.on('error', () => undefined);
  return { response, told, leave: () => response.destroy() };
}

const happen = (from: number, to = from) => {
  for (let sequence = from; sequence <= to; sequence += 1) listener?.(eventOf(sequence));
};
const sequences = (told: readonly Message[]) =>
  told.filter(({ type }) => type === 'health.changed').map(({ data }) => data['sequence']);

describe('the stream of events', () => {
  it('tells each event once and in order, from now on [R32]', async () => {
    happen(1, 3);
    const { told } = await view();
    happen(4, 6);
    await vi.waitFor(() => expect(sequences(told)).toEqual([4, 5, 6]));
    expect(told[0]?.data).toEqual(eventOf(4));
    happen(7);
    await vi.waitFor(() => expect(sequences(told)).toEqual([4, 5, 6, 7]));
  });

  it('goes on after the event that a viewer knows, whoever it was told by [R32]', async () => {
    happen(1, 2);
    const first = await view('since=0');
    await vi.waitFor(() => expect(sequences(first.told)).toEqual([1, 2]));
    first.leave();
    happen(3, 4);
    const id = first.told.at(-1)?.id ?? '';
    const second = await view('', { 'Last-Event-ID': id });
    await vi.waitFor(() => expect(sequences(second.told)).toEqual([3, 4]));
    const third = await view(`since=${id}`);
    await vi.waitFor(() => expect(sequences(third.told)).toEqual([3, 4]));
  });

  it('begins anew for a viewer of another process [R32]', async () => {
    happen(1, 2);
    const { told } = await view('', { 'Last-Event-ID': 'other-2' });
    await vi.waitFor(() => expect(sequences(told)).toEqual([1, 2]));
  });

  it('says what it does not hold any more [R32] [R36]', async () => {
    happen(1, LIVE_LIMITS.heldEvents + 5);
    const { told } = await view('since=0');
    await vi.waitFor(() => expect(told).toHaveLength(LIVE_LIMITS.heldEvents + 1));
    expect(told[0]).toMatchObject({ type: 'gap', data: { from: 1, to: 5 } });
  });

  it('tells a thousand in a few writes, made once for all viewers [R32] [R35]', async () => {
    const viewers = [await view(), await view(), await view()];
    await sleep(2 * LIVE_LIMITS.frameMs);
    writes = 0;
    happen(1, 1000);
    for (const { told } of viewers) await vi.waitFor(() => expect(sequences(told)).toHaveLength(1000));
    expect(writes).toBe(3);
  });

  it('leaves out who does not read, and tells it later what it missed and what is now [R32] [R36]', async () => {
    const slow = await view('status=true');
    const quick = await view();
    slow.response.pause();
    let last = 0;
    const padded = (sequence: number): EngineEvent => ({ ...eventOf(sequence), backend: 'x'.repeat(20_000) });
    for (let round = 0; round < 20; round += 1) {
      for (let event = 0; event < 50; event += 1) listener?.(padded((last += 1)));
      await sleep(LIVE_LIMITS.frameMs);
    }
    await vi.waitFor(() => expect(sequences(quick.told)).toHaveLength(last));
    slow.response.resume();
    await vi.waitFor(() => expect(sequences(slow.told).at(-1)).toBe(last), 5000);
    expect(sequences(slow.told)).toEqual(Array.from({ length: last }, (_, index) => index + 1));
    expect(slow.told.at(-1)).toMatchObject({ type: 'status', data: { whole: true } });
  }, 15_000);

  it('has room for so many viewers, and costs nothing without any [R36]', async () => {
    const viewers = [];
    for (let count = 0; count < LIVE_LIMITS.maxViewers; count += 1) viewers.push(await view('status=true'));
    expect(feed.viewers).toBe(LIVE_LIMITS.maxViewers);
    expect((await view()).response.statusCode).toBe(503);
    for (const { leave } of viewers) leave();
    await vi.waitFor(() => expect(feed.viewers).toBe(0));
    looks = 0;
    happen(1, 10);
    await sleep(LIVE_LIMITS.statusMs + 2 * LIVE_LIMITS.frameMs);
    expect(looks).toBe(0);
  });
});

describe('the state of the backends', () => {
  it('is told whole at first, then what changed, with what happened or within a second [R31] [R32]', async () => {
    const { told } = await view('status=true');
    const status = () => told.filter(({ type }) => type === 'status').map(({ data }) => data);
    await vi.waitFor(() => expect(status()).toEqual([{ phase: 'Ready', whole: true, backends: cards }]));
    cards = [
      { name: 'one', calls: 0 },
      { name: 'two', calls: 1 },
    ];
    happen(1);
    await vi.waitFor(() => expect(status().at(-1)).toMatchObject({ whole: false }));
    await vi.waitFor(() => expect(status().at(-1)?.['backends']).toContainEqual({ name: 'two', calls: 1 }));
    await sleep(LIVE_LIMITS.statusMs + 2 * LIVE_LIMITS.frameMs);
    const before = status().length;
    cards = [{ name: 'two', calls: 2 }];
    await vi.waitFor(() => expect(status()).toHaveLength(before + 1), 3000);
    expect(status().at(-1)).toEqual({
      phase: 'Ready',
      whole: false,
      backends: [{ name: 'two', calls: 2 }],
      removed: ['one'],
    });
  });
});
