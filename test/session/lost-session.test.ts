import { expect, test } from 'vitest';
import type { Handler } from './scripted-server.js';
import { ScriptedServer } from './scripted-server.js';
import { SessionProbe, summary, until } from './session-probe.js';

const rpcError = (code: number): object => ({
  jsonrpc: '2.0',
  id: null,
  error: { code, message: 'No valid session' },
});

/** Answers so the first time, and as it should from then on. */
function once(server: ScriptedServer, handler: Handler): Handler {
  let times = 0;
  return (post) => {
    times += 1;
    if (times === 1) handler(post);
    else server.behave(post);
  };
}

test.each([
  ['404', (post) => post.raw('', 404)],
  ['410', (post) => post.raw('', 410)],
  ['400 with code -32000', (post) => post.json(rpcError(-32_000), 400)],
  [
    '400 with code -32000 and nothing else of JSON-RPC',
    (post) => post.json({ error: { code: -32_000, message: 'No session' } }, 400),
  ],
] as const satisfies readonly (readonly [string, Handler])[])(
  '%s on a live session → a new session, and the request once more [R08]',
  async (_, refuse) => {
    const server = await ScriptedServer.start();
    const probe = await new SessionProbe(server.url).open();
    server.tools = [{ name: 'renamed' }];
    server.on('tools/call', once(server, refuse));
    expect(summary(await probe.call({ n: 1 }))).toBe('succeeded: result');
    expect(server.count('tools/call')).toBe(2);
    expect(server.count('initialize')).toBe(2);
    const calls = server.seen.filter(({ method }) => method === 'tools/call');
    expect(calls.map(({ headers }) => headers['mcp-session-id'])).toEqual(['session-1', 'session-2']);
    // A new session may offer something else.
    await until(() => probe.catalogs.length === 2, 'the catalog is read anew');
    expect(probe.session.catalog?.tools).toEqual([{ name: 'renamed' }]);
    expect(probe.lost).toEqual([]);
  },
);

test('a second refusal is not repeated [R08]', async () => {
  const server = await ScriptedServer.start();
  const probe = await new SessionProbe(server.url).open();
  server.on('tools/call', (post) => post.raw('', 404));
  expect(summary(await probe.call())).toBe('backend_unavailable: it answered HTTP 404');
  expect(server.count('tools/call')).toBe(2);
  expect(server.count('initialize')).toBe(2);
  expect(probe.session.live).toBe(false);
});

test('a request that every session refuses with 400 is answered with its own error [R08]', async () => {
  const server = await ScriptedServer.start();
  const probe = await new SessionProbe(server.url).open();
  server.on('tools/call', (post) => post.json(rpcError(-32_000), 400));
  expect(summary(await probe.call())).toBe('succeeded: error -32000 No valid session');
  expect(server.count('tools/call')).toBe(2);
  expect(probe.session.live).toBe(true);
});

test.each([
  ['400 with another code', (post) => post.json(rpcError(-32_602), 400)],
  ['400 without JSON-RPC', (post) => post.raw('no', 400)],
  ['405', (post) => post.raw('', 405)],
  ['503', (post) => post.raw('', 503)],
] as const satisfies readonly (readonly [string, Handler])[])(
  '%s is not repeated [R08]',
  async (_, refuse) => {
    const server = await ScriptedServer.start();
    const probe = await new SessionProbe(server.url).open();
    server.on('tools/call', refuse);
    await probe.call();
    expect(server.count('tools/call')).toBe(1);
    expect(server.count('initialize')).toBe(1);
    expect(probe.session.live).toBe(true);
  },
);

test('without a session id a 404 is an answer to the request, not the loss of a session [R08]', async () => {
  const server = await ScriptedServer.start();
  server.stateful = false;
  const probe = await new SessionProbe(server.url).open();
  server.on('tools/call', (post) => post.raw('', 404));
  expect(summary(await probe.call())).toBe('succeeded: error -32603 it answered HTTP 404');
  expect(server.count('tools/call')).toBe(1);
});

test('a health check opens a new session where the old one is unknown [R13]', async () => {
  const server = await ScriptedServer.start();
  const probe = await new SessionProbe(server.url).open();
  server.forget();
  expect(await probe.check()).toBe('succeeded');
  expect(server.count('initialize')).toBe(2);
  expect(probe.session.live).toBe(true);
});

test('many calls on a lost session share one new one, each sent once more, and nothing is left behind [R39]', async () => {
  const server = await ScriptedServer.start();
  const probe = await new SessionProbe(server.url).open();
  server.forget();
  const replies = await Promise.all(Array.from({ length: 40 }, (_, n) => probe.call({ n })));
  expect(replies.map(summary)).toEqual(replies.map(() => 'succeeded: result'));
  replies.forEach((reply, n) =>
    expect(reply).toMatchObject({ result: { content: [{ text: `{"n":${n}}` }] } }),
  );
  expect(server.count('initialize')).toBe(2);
  expect(server.count('tools/call')).toBe(80);
  await until(() => probe.session.held === 0, 'nothing is held');
  // The refusals came one by one: each of them retired the same session.
  await probe.session.close(1_000);
  await until(() => server.sockets.size === 0, 'every socket is gone');
});

test('calls that the old session took still end on it, whatever the new one does [R39]', async () => {
  const server = await ScriptedServer.start();
  const probe = await new SessionProbe(server.url).open();
  let finish = (): void => undefined;
  server.on('tools/call', (post) => {
    finish = () => server.behave(post);
  });
  const slow = probe.call({ slow: true });
  await until(() => server.count('tools/call') === 1, 'the slow call has arrived');
  server.on('tools/call', (post) => server.behave(post));
  server.forget();
  expect(summary(await probe.call({ quick: true }))).toBe('succeeded: result');
  expect(probe.session.held).toBeGreaterThan(0);
  finish();
  expect(await slow).toMatchObject({ kind: 'result', result: { content: [{ text: '{"slow":true}' }] } });
  await until(() => probe.session.held === 0, 'nothing is held');
});

test('a server that was down and came back is found again, without a reconnect of ours in between [R08]', async () => {
  const server = await ScriptedServer.start();
  const probe = await new SessionProbe(server.url).open();
  await server.stop();
  // Sockets that died with it show that one by one.
  await expect
    .poll(async () => summary(await probe.call()))
    .toBe('connection_failed: it refused the connection');
  server.forget();
  await server.listen();
  expect(summary(await probe.call())).toBe('succeeded: result');
  expect(server.count('initialize')).toBe(2);
});
