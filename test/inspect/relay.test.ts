import { request } from 'node:http';
import { createWebSocketReceiver } from '@statelyai/inspect';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import type { RawData } from 'ws';
import { ListenError } from '../../src/http/listen-error.js';
import { INSPECT_LIMITS } from '../../src/inspect/limits.js';
import { inspectorPage } from '../../src/inspect/page.js';
import { createRelay } from '../../src/inspect/relay.js';
import type { Relay } from '../../src/inspect/relay.js';
import type { Log } from '../../src/logging/log.js';
import { ROOT } from '../e2e/processes.js';
import { harness, policy } from '../engine/harness.js';

const TOKEN = 'a-token-of-an-operator';

interface Message {
  readonly type: string;
  readonly name?: string;
  readonly sessionId: string;
  readonly parentId?: string;
  readonly definition?: string;
  readonly snapshot?: { readonly value?: { readonly circuit?: unknown } };
  readonly event?: { readonly type: string };
}

let running: ReturnType<typeof harness>;
let relay: Relay;
let base: string;
let watchers: number;
let logged: unknown[];

beforeEach(async () => {
  running = harness({ backends: { one: policy, two: policy } }, { checked: false });
  watchers = 0;
  logged = [];
  const note = (fields: object, message: string) => logged.push({ ...fields, message });
  relay = createRelay({
    token: TOKEN,
    page: inspectorPage(ROOT),
    log: { info: note, warn: note, error: note } as unknown as Log,
    redact: (text) => text,
    inspect: (inspector) => {
      watchers += 1;
      const leave = running.engine.inspect(inspector);
      return () => {
        watchers -= 1;
        leave();
      };
    },
  });
  base = await relay.listen(0);
});
afterEach(() => relay.close());

const wsUrl = (token = TOKEN) => `${base.replace('http', 'ws')}/?token=${token}`;

/** How a web socket that should not open is answered. */
function refused(url: string, headers: Record<string, string> = {}): Promise<[number, string]> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, { headers });
    socket.once('open', () => reject(new Error('it was let in')));
    socket.once('error', () => undefined);
    socket.once('unexpected-response', (_, response) => {
      let body = '';
      response.on('data', (chunk: Buffer) => (body += chunk.toString()));
      response.once('end', () => {
        const { error } = JSON.parse(body) as { error: { code: string } };
        resolve([response.statusCode ?? 0, error.code]);
      });
    });
  });
}

async function opened(): Promise<{ socket: WebSocket; messages: Message[] }> {
  const socket = new WebSocket(wsUrl());
  const messages: Message[] = [];
  socket.on('message', (data: RawData) => messages.push(JSON.parse((data as Buffer).toString()) as Message));
  await new Promise((resolve) => socket.once('open', resolve));
  return { socket, messages };
}

describe('the relay for Stately', () => {
  it("tells Stately's own receiver, coming late, what is there and how it stands, then each step [R33]", async () => {
    const { clock, fail } = running;
    fail(3);
    const seen: Message[] = [];
    const receiver = createWebSocketReceiver({ server: wsUrl() });
    receiver.subscribe((message) => seen.push(message as unknown as Message));
    await expect.poll(() => seen.length).toBe(6);

    const actors = seen.filter(({ type }) => type === '@xstate.actor');
    expect(actors.map(({ name }) => name?.replace(/^x:\d+$/, 'supervisor'))).toEqual([
      'supervisor',
      'backend:one',
      'backend:two',
    ]);
    const [supervisor, one] = actors;
    expect(one?.parentId).toBe(supervisor?.sessionId);
    expect(Object.keys((JSON.parse(one?.definition ?? '') as { states: object }).states)).toEqual([
      'circuit',
      'health',
      'checks',
    ]);
    const circuits = () =>
      seen.flatMap(({ type, sessionId, snapshot }) =>
        type === '@xstate.snapshot' && sessionId === one?.sessionId ? [snapshot?.value?.circuit] : [],
      );
    expect(circuits()).toEqual(['open']);

    await clock.run(20_000);
    running.permit().succeed();
    await expect.poll(() => circuits().at(-1)).toEqual({ closed: 'steady' });
    expect(circuits()).toContainEqual({ halfOpen: 'ready' });
    const calls = seen.filter(
      ({ type, event }) => type === '@xstate.event' && event?.type.startsWith('call'),
    );
    expect(calls.map(({ event }) => event?.type)).toEqual(['call.succeeded']);
  });

  it('attaches to the actors only while somebody watches, and says so in the log [R33]', async () => {
    expect(watchers).toBe(0);
    const { socket, messages } = await opened();
    await expect.poll(() => messages.length).toBe(6);
    expect(watchers).toBe(1);
    socket.close();
    await expect.poll(() => watchers).toBe(0);
    expect(logged).toMatchObject([{ viewers: 1 }, { viewers: 0, message: expect.stringMatching('left') }]);
  });

  it('lets nobody watch without the token, or from a page of elsewhere, or under another name [R33] [R38]', async () => {
    expect(await refused(wsUrl(''))).toEqual([403, 'ADMIN_TOKEN_REQUIRED']);
    expect(await refused(`${base.replace('http', 'ws')}/`)).toEqual([403, 'ADMIN_TOKEN_REQUIRED']);
    expect(await refused(wsUrl('another'))).toEqual([403, 'ADMIN_TOKEN_REQUIRED']);
    expect(await refused(wsUrl(), { Origin: 'https://stately.ai' })).toEqual([403, 'ORIGIN_NOT_ALLOWED']);
    expect(await refused(wsUrl(), { Origin: 'null' })).toEqual([403, 'ORIGIN_NOT_ALLOWED']);
    expect(await refused(wsUrl(), { Host: 'rebound.example' })).toEqual([403, 'HOST_NOT_ALLOWED']);
    expect(await refused(`${base.replace('http', 'ws')}/other?token=${TOKEN}`)).toEqual([404, 'NOT_FOUND']);
    expect(watchers).toBe(0);
    expect(JSON.stringify(logged)).not.toContain(TOKEN);
  });

  it('lets so many watch and no more, and one more when one has left [R33] [R36]', async () => {
    const sockets = [];
    for (let viewer = 0; viewer < INSPECT_LIMITS.maxViewers; viewer += 1)
      sockets.push((await opened()).socket);
    expect(await refused(wsUrl())).toEqual([503, 'TOO_MANY_VIEWERS']);
    sockets[0]?.close();
    await expect
      .poll(() => JSON.stringify(logged.at(-1)))
      .toContain(`"viewers":${INSPECT_LIMITS.maxViewers - 1}`);
    expect((await opened()).socket.readyState).toBe(WebSocket.OPEN);
  });

  it('hears nothing that a viewer says, and ends one that says too much [R33] [R36]', async () => {
    const { socket, messages } = await opened();
    socket.send('{"type":"circuit.isolate"}');
    await expect.poll(() => messages.length).toBe(6);
    const code = new Promise((resolve) => socket.once('close', resolve));
    socket.send('x'.repeat(INSPECT_LIMITS.maxSaidBytes + 1));
    expect(await code).toBe(1009);
    expect(running.circuit()).toBe('closed');
    expect((await opened()).socket.readyState).toBe(WebSocket.OPEN);
  });

  it('serves the page whose policy lets it show Stately and ask this relay, and nothing else [R33] [R38]', async () => {
    const answer = await fetch(`${base}/`);
    expect(answer.status).toBe(200);
    const policy = answer.headers.get('content-security-policy');
    expect(policy).toMatch(
      /^default-src 'none'; script-src 'sha256-[^']+'; style-src 'sha256-[^']+'; connect-src 'self';/,
    );
    expect(policy).toMatch(/frame-src https:\/\/stately\.ai$/);
    expect(await answer.text()).not.toContain(TOKEN);
    expect((await fetch(`${base}/`, { method: 'POST' })).status).toBe(404);
    expect((await fetch(`${base}/elsewhere`)).status).toBe(404);
    const statusAs = (headers: Record<string, string>) =>
      new Promise((resolve) => {
        request(base, { headers }, (response) => resolve(response.resume().statusCode)).end();
      });
    expect(await statusAs({ Host: 'rebound.example' })).toBe(403);
  });

  it('lets its viewers go when it closes, and leaves nothing behind [R19] [R33]', async () => {
    const { socket } = await opened();
    const gone = new Promise((resolve) => socket.once('close', resolve));
    await relay.close();
    await gone;
    await expect.poll(() => watchers).toBe(0);
    await expect(fetch(base)).rejects.toThrow();
  });

  it('says which option names another port where its own is in use [R40]', async () => {
    const port = Number(new URL(base).port);
    const second = createRelay({
      token: '',
      page: inspectorPage(ROOT),
      log: {} as Log,
      redact: String,
      inspect: () => () => undefined,
    });
    const refusal = await second.listen(port).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(ListenError);
    expect(String(refusal)).toMatch(/choose another with --inspect$/);
  });
});
