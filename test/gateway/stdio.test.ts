import { expect, it } from 'vitest';
import { GATEWAY_LIMITS } from '../../src/gateway/limits.js';
import { FakeBackend, tools } from './fake-backend.js';
import { INITIALIZE, stdioOver, until } from './wire.js';
import type { Wired } from './wire.js';

const offer = { ...tools('x'), capabilities: { logging: {} } };
const open = () => {
  const backend = new FakeBackend('a', offer);
  return { backend, ...stdioOver([backend]) };
};
const CALL = { id: 2, method: 'tools/call', params: { name: 'a_x' } };
const answerTo = (messages: readonly Wired[], id: unknown) => messages.find((message) => message.id === id);

it('a client over a pair of streams initialises, lists and calls [R26]', async () => {
  const { gateway, messages, write } = open();
  write(INITIALIZE, { method: 'notifications/initialized' }, { id: 1, method: 'tools/list' }, CALL);
  await until(() => expect(messages).toHaveLength(3));
  expect(answerTo(messages, 'init')?.result).toMatchObject({ serverInfo: { name: 'gateway' } });
  expect(answerTo(messages, 1)?.result).toMatchObject({ tools: [{ name: 'a_x' }] });
  expect(answerTo(messages, 2)?.result).toMatchObject({ from: 'a' });
  expect(gateway.clientSessions).toBe(1);
});

it('it is told of progress, changes and log messages [R26]', async () => {
  const { backend, gateway, messages, write } = open();
  write(INITIALIZE, { id: 1, method: 'logging/setLevel', params: { level: 'info' } });
  await until(() => expect(messages).toHaveLength(2));
  backend.script = (_, { onProgress }) => {
    onProgress?.({ progress: 1 });
    return { kind: 'result', result: {} };
  };
  write({ ...CALL, params: { ...CALL.params, _meta: { progressToken: 'p' } } });
  await until(() => expect(answerTo(messages, 2)).toBeDefined());
  gateway.notification('a', 'notifications/message', { level: 'info', data: 'hello' });
  backend.fall();
  gateway.changed();
  await until(() =>
    expect(messages.flatMap(({ method }) => method ?? [])).toEqual([
      'notifications/progress',
      'notifications/message',
      'notifications/tools/list_changed',
    ]),
  );
});

it('a cancelled call is aborted and not answered [R26]', async () => {
  const { backend, messages, write } = open();
  const hanging = backend.hang();
  write(INITIALIZE, CALL);
  await until(() => expect(backend.calls).toHaveLength(1));
  write({ method: 'notifications/cancelled', params: { requestId: 2 } }, { id: 3, method: 'ping' });
  await until(() => expect(answerTo(messages, 3)).toBeDefined());
  expect(hanging.aborted).toBe(1);
  expect(answerTo(messages, 2)).toBeUndefined();
});

it.each([0, ''])('a cancelled call %j is aborted and not answered [R26]', async (id) => {
  const { backend, messages, write } = open();
  const hanging = backend.hang();
  const cancelled = { method: 'notifications/cancelled', params: { requestId: id } };
  write(INITIALIZE, { ...CALL, id });
  await until(() => expect(backend.calls).toHaveLength(1));
  write(cancelled, { id: 3, method: 'ping' });
  await until(() => expect(answerTo(messages, 3)).toBeDefined());
  expect(hanging.aborted).toBe(1);
  // One that is over before it began.
  write({ ...CALL, id }, cancelled, { id: 4, method: 'ping' });
  await until(() => expect(answerTo(messages, 4)).toBeDefined());
  expect([answerTo(messages, id), backend.calls.length]).toEqual([undefined, 1]);
});

it('a client that does not read is not read from, and costs no more memory [R36]', async () => {
  const { backend, gateway, input, messages, output, write } = open();
  write(INITIALIZE, { id: 1, method: 'logging/setLevel', params: { level: 'info' } });
  await until(() => expect(messages).toHaveLength(2));
  output.pause();
  const piece = 'x'.repeat(1_048_576);
  for (let count = 0; count < 50; count += 1)
    gateway.notification('a', 'notifications/message', { level: 'info', data: piece });
  backend.script = () => ({ kind: 'result', result: { piece } });
  for (let id = 10; id < 40; id += 1) {
    write({ ...CALL, id });
    await new Promise((next) => setImmediate(next));
  }
  expect(output.writableLength).toBeLessThan(2 * GATEWAY_LIMITS.maxBufferedBytes);
  expect(input.isPaused()).toBe(true);
  output.resume();
  await until(() => expect(messages.filter(({ id }) => Number(id) >= 10)).toHaveLength(30));
});

it('the end of the input ends the session: calls are aborted, serving resolves [R19]', async () => {
  const { backend, gateway, input, served, write } = open();
  const hanging = backend.hang();
  write(INITIALIZE, CALL);
  await until(() => expect(backend.calls).toHaveLength(1));
  input.end();
  await served;
  expect([hanging.aborted, gateway.clientSessions]).toEqual([1, 0]);
});

it('requests that came whole before the end of the input are answered [R39]', async () => {
  const { input, messages, served, write } = open();
  write(INITIALIZE, { method: 'notifications/initialized' }, { id: 1, method: 'tools/list' }, CALL);
  input.end();
  await served;
  await until(() => expect(messages.map(({ id }) => id)).toEqual(['init', 1, 2]));
});

it.each(['error', 'close'] as const)('a broken pipe (%s) ends the session [R19]', async (event) => {
  const { gateway, output, served } = open();
  if (event === 'error') output.destroy(new Error('EPIPE'));
  else output.destroy();
  await served;
  expect(gateway.clientSessions).toBe(0);
});

it('lines that are no messages are passed over [R36]', async () => {
  const { input, messages, write } = open();
  input.write('not json\n{"jsonrpc":"1.0"}\n\n[]\n');
  write(INITIALIZE);
  await until(() => expect(answerTo(messages, 'init')).toBeDefined());
});

it('an endless line ends the session instead of filling the memory [R36]', async () => {
  const { input, served } = open();
  const piece = Buffer.alloc(1_048_576, 'x');
  let sent = 0;
  const ended = served.then(() => true);
  while (!(await Promise.race([ended, new Promise<false>((next) => setImmediate(() => next(false)))]))) {
    expect((sent += piece.length)).toBeLessThan(100 * piece.length);
    input.write(piece);
  }
});

it('closing the gateway ends it too [R19]', async () => {
  const { gateway, served } = open();
  await gateway.close();
  await served;
  expect(gateway.clientSessions).toBe(0);
});
