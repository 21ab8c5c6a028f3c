import { expect, it } from 'vitest';
import { until } from '../gateway/wire.js';
import { running, SECRET } from './running.js';

const REQUESTS = 'breakwater_gateway_request_duration_seconds';

it('an outage is counted exactly: calls, refusals, transitions, checks and what clients were told [R31] [R32]', async () => {
  const { ask, server, vmcp, scrape } = await running(['a', 'b']);
  const call = (name = 'a_echo') => ask('tools/call', { name, arguments: {} });
  const before = await scrape();
  expect(before.counted('breakwater_calls_total')).toEqual({});
  await call();
  await call('b_echo');
  server('a').on('tools/call', (post) => post.json(post.answer({ error: { code: -32602, message: 'no' } })));
  await call();
  server('a').on('tools/call', (post) => post.raw('', 503));
  server('a').on('initialize', (post) => post.raw('', 503));
  await call();
  await call();
  expect(vmcp.status().backends[0]?.circuit).toBe('open');
  await call();
  await call();
  await call('a_unknown');
  const during = await scrape();
  const of = ({ backend }: Readonly<Record<string, string>>) => backend === 'a';
  expect(during.counted('breakwater_calls_total', of)).toEqual({
    'succeeded none': 2,
    'failed backend_unavailable': 2,
  });
  expect(during.counted('breakwater_refusals_total')).toEqual({ CIRCUIT_OPEN: 2 });
  expect(during.counted('breakwater_circuit_transitions_total')).toEqual({ 'closed open call.failed': 1 });
  expect(during.counted(`${REQUESTS}_count`)).toEqual({
    'initialize ok': 1,
    'tools/call ok': 2,
    'tools/call error': 2,
    'tools/call unavailable': 4,
  });
  server('a').on('initialize', (post) => server('a').behave(post));
  server('a').on('tools/call', (post) => server('a').behave(post));
  await until(() => expect(vmcp.status().backends[0]?.circuit).toBe('closed'));
  await call();
  const after = await scrape();
  expect(after.counted('breakwater_circuit_transitions_total')).toEqual({
    'closed open call.failed': 1,
    'open half-open openFor': 1,
    'half-open closed check.succeeded': 1,
  });
  expect(after.counted('breakwater_calls_total', of)).toMatchObject({ 'succeeded none': 3 });
  expect(after.counted('breakwater_health_checks_total', of)).toEqual({ 'succeeded none': 2 });
  expect(after.count('breakwater_call_duration_seconds', { backend: 'a', outcome: 'failed' })).toBe(2);
  expect(after.counted('breakwater_backend_sessions')).toEqual({ '': 1 });
  expect(after.counted('breakwater_client_sessions')).toEqual({ http: 1 });
});

it('a method that is not known is counted as other, and each request once [R31] [R36]', async () => {
  const { ask, server, scrape, vmcp } = await running(['a']);
  server('a').on('tools/call', (post) => post.result({ content: [], isError: true }));
  for (const method of ['ping', 'made/up', 'made/up/too', '__proto__', 'tools/list']) await ask(method);
  await ask('logging/setLevel', { level: 'nonsense' });
  await ask('tools/call', { name: 'a_echo' });
  const expected = {
    'initialize ok': 1,
    'ping ok': 1,
    'other error': 3,
    'tools/list ok': 1,
    'logging/setLevel error': 1,
    'tools/call ok': 1,
  };
  expect((await scrape()).counted(`${REQUESTS}_count`)).toEqual(expected);
  await vmcp.stop(100);
  expect((await scrape()).counted(`${REQUESTS}_count`)).toEqual(expected);
});

it('a call that its client gives up is released, and its request cancelled [R08] [R31]', async () => {
  const { client, server, scrape } = await running(['a']);
  server('a').on('tools/call', () => undefined);
  const controller = new AbortController();
  const params = { name: 'a_echo', arguments: {} };
  const body = { jsonrpc: '2.0', id: 'gone', method: 'tools/call', params };
  const gone = client.post(body, {}, controller.signal).catch(() => undefined);
  await until(() => expect(server('a').count('tools/call')).toBe(1));
  expect((await scrape()).value('breakwater_permits_out', { backend: 'a' })).toBe(1);
  controller.abort();
  await gone;
  await until(async () => {
    const seen = await scrape();
    expect(seen.counted('breakwater_calls_total')).toEqual({ 'released none': 1 });
    expect(seen.counted(`${REQUESTS}_count`)).toMatchObject({ 'tools/call cancelled': 1 });
    expect(seen.value('breakwater_permits_out', { backend: 'a' })).toBe(0);
  });
});

it('a health check that hangs is counted as timed out, with the time that it was given [R13] [R31]', async () => {
  const { server, vmcp, scrape } = await running(['a'], { healthCheckTimeout: '200ms' });
  server('a').on('ping', () => undefined);
  vmcp.check('a');
  await until(async () => {
    const seen = await scrape();
    expect(seen.counted('breakwater_health_checks_total')).toEqual({
      'succeeded none': 1,
      'failed timeout': 1,
    });
    const labels = { backend: 'a', outcome: 'failed' };
    const seconds = seen.value('breakwater_health_check_duration_seconds_sum', labels) ?? 0;
    expect(seconds).toBeGreaterThanOrEqual(0.195);
    expect(seconds).toBeLessThan(5);
  });
});

it('neither address nor credentials of a backend are in it, whatever fails [R30]', async () => {
  const { ask, server, scrape } = await running(['a']);
  server('a').on('tools/call', (post) => post.raw(SECRET, 500));
  for (let times = 0; times < 3; times += 1) await ask('tools/call', { name: 'a_echo', arguments: {} });
  const { text } = await scrape();
  expect(text).not.toContain(SECRET);
  expect(text).not.toContain('127.0.0.1');
  expect(text).not.toContain('http:');
});

it('it is not there where the configuration says so [R27] [R31]', async () => {
  const { base } = await running([], {}, { telemetry: { enablePrometheusMetricsPath: false } });
  expect((await fetch(`${base}/metrics`)).status).toBe(404);
});

it('it is served as plain text, to allowed hosts, with GET and HEAD [R31] [R38]', async () => {
  const { base } = await running(['a']);
  const [got, head, post] = await Promise.all(
    ['GET', 'HEAD', 'POST'].map((method) => fetch(`${base}/metrics`, { method })),
  );
  expect(got!.status).toBe(200);
  expect(got!.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
  expect(got!.headers.get('content-length')).toBe(String(Buffer.byteLength(await got!.text())));
  expect([head!.status, await head!.text()]).toEqual([200, '']);
  expect([post!.status, post!.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
});
