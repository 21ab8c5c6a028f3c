import * as v8 from 'node:v8';
import * as vm from 'node:vm';
import { expect, onTestFinished, test } from 'vitest';
import { event, ScriptedServer } from './scripted-server.js';
import { SessionProbe, summary, until } from './session-probe.js';

const CALLS = 10_000;
const AT_ONCE = 8;

v8.setFlagsFromString('--expose-gc');
const collect = vm.runInNewContext('gc') as () => void;

test.each(['JSON', 'an event stream'])(
  'ten thousand calls answered in %s leave nothing behind [R36]',
  async (form) => {
    const warnings: string[] = [];
    const onWarning = (warning: Error): void => void warnings.push(warning.name);
    process.on('warning', onWarning);
    onTestFinished(() => void process.off('warning', onWarning));
    const server = await ScriptedServer.start();
    const result = { content: [{ type: 'text', text: 'x'.repeat(100) }] };
    server.on('tools/call', (post) => {
      // What the server notes is not to be taken for what the session keeps.
      server.seen.length = 0;
      server.requests.length = 0;
      if (form === 'JSON') post.result(result);
      else post.stream(post.answer({ result })).end();
    });
    const probe = await new SessionProbe(server.url).open();
    const { signal } = new AbortController();
    const caller = async (calls: number): Promise<void> => {
      for (let call = 0; call < calls; call += 1) {
        const said = summary(await probe.call({ call }, { signal, onProgress: () => undefined }));
        if (said !== 'succeeded: result') expect.fail(said);
      }
    };
    const round = (): Promise<unknown> =>
      Promise.all(Array.from({ length: AT_ONCE }, () => caller(CALLS / AT_ONCE / 2)));
    await round();
    const before = heapUsed();
    await round();
    await until(() => probe.session.held === 0, 'nothing is held');
    const after = heapUsed();
    expect(after - before).toBeLessThan(4 * 1024 * 1024);
    expect(warnings).toEqual([]);
    expect(server.accepted).toBeLessThan(100);
    expect(server.sockets.size).toBeLessThanOrEqual(AT_ONCE + 1);
    expect(probe.lines).toEqual([]);
  },
);

test('a flood of events before an answer is read to its end: the answer is not lost [R35] [R39]', async () => {
  const server = await ScriptedServer.start();
  const notice = event({ jsonrpc: '2.0', method: 'notifications/x' }).repeat(50_000);
  server.on('tools/call', (post) => {
    const stream = post.stream();
    stream.write(notice);
    stream.end(event(post.answer({ result: { last: true } })));
  });
  const probe = await new SessionProbe(server.url).open();
  const reply = await probe.call({}, { timeoutMs: 20_000 });
  expect(reply).toMatchObject({ kind: 'result', result: { last: true } });
});

/** Bytes of live objects. */
function heapUsed(): number {
  collect();
  return process.memoryUsage().heapUsed;
}
