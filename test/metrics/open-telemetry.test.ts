import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { describe, expect, it } from 'vitest';
import { running, SECRET } from './running.js';
import { keyOf, TelemetrySdk } from './telemetry-sdk.js';

describe('spans', () => {
  it('of a backend call stand inside that of its request, and this inside the client’s own [R31]', async () => {
    const sdk = new TelemetrySdk();
    const { ask } = await running(['a']);
    const client = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16) };
    const _meta = { traceparent: `00-${client.traceId}-${client.spanId}-01` };
    await Promise.all([
      ask('tools/call', { name: 'a_echo', arguments: { secret: SECRET }, _meta }),
      ask('tools/list'),
    ]);
    expect(sdk.spans).toHaveLength(3);
    const named = (name: string) => sdk.spans.find((span) => span.name === name)!;
    const [request, call, list] = ['tools/call a_echo', 'tools/call echo', 'tools/list'].map(named);
    expect(request).toMatchObject({
      kind: SpanKind.SERVER,
      attributes: { 'mcp.method.name': 'tools/call', 'gen_ai.tool.name': 'a_echo' },
      parent: client,
    });
    expect(call).toMatchObject({
      kind: SpanKind.CLIENT,
      attributes: { 'mcp.method.name': 'tools/call', 'gen_ai.tool.name': 'echo', 'breakwater.backend': 'a' },
      parent: request!.context,
    });
    expect(list!.parent).toBeUndefined();
    expect(sdk.spans.map(({ ended, status }) => [ended, status])).toEqual(Array(3).fill([1, undefined]));
    const said = JSON.stringify(sdk.spans);
    expect(said).not.toContain(SECRET);
    expect(said).not.toContain('127.0.0.1');
  });

  it('say in a word what went wrong [R31]', async () => {
    const sdk = new TelemetrySdk();
    const { ask, server, vmcp } = await running(['a']);
    const errorsOf = async (name: string) => {
      const before = sdk.spans.length;
      await ask('tools/call', { name, arguments: {} });
      return sdk.spans.slice(before).map(({ attributes, status, ended }) => {
        expect([status?.code, ended]).toEqual([SpanStatusCode.ERROR, 1]);
        return attributes['error.type'];
      });
    };
    server('a').on('tools/call', (post) => post.result({ content: [], isError: true }));
    expect(await errorsOf('a_echo')).toEqual(['tool_error', 'tool_error']);
    server('a').on('tools/call', (post) =>
      post.json(post.answer({ error: { code: -32099, message: SECRET } })),
    );
    expect(await errorsOf('a_echo')).toEqual(['-32099', '-32099']);
    server('a').on('tools/call', (post) => post.raw('', 503));
    expect(await errorsOf('a_echo')).toEqual(['backend_unavailable', 'backend_unavailable']);
    vmcp.isolate('a');
    expect(await errorsOf('a_echo')).toEqual(['CIRCUIT_ISOLATED', 'CIRCUIT_ISOLATED']);
    expect(await errorsOf('x'.repeat(5000))).toEqual(['-32602']);
    expect(Math.max(...sdk.spans.map(({ name }) => name.length))).toBeLessThan(200);
    expect(JSON.stringify(sdk.spans)).not.toContain(SECRET);
  });
});

describe('metrics', () => {
  it('are those of /metrics, each with the same labels and value [R31] [R32]', async () => {
    const sdk = new TelemetrySdk();
    const { ask, server, scrape } = await running(['a', 'b']);
    const call = () => ask('tools/call', { name: 'a_echo', arguments: {} });
    await call();
    server('a').on('tools/call', (post) => post.raw('', 503));
    for (let times = 0; times < 4; times += 1) await call();
    const seen = await scrape();
    const observed = await sdk.collect();
    let compared = 0;
    for (const { name, labels, value } of seen.samples) {
      if (!name.startsWith('breakwater_') || /_(bucket|sum)$/.test(name)) continue;
      const bare = name.slice('breakwater_'.length).replace(/_total$|_count$/, '');
      const key = keyOf(`breakwater.${bare}`, labels);
      // What is counted shows first when it happens.
      expect(observed.get(key) ?? sdk.sums.get(key) ?? 0, `${name} ${key}`).toBe(value);
      compared += value > 0 ? 1 : 0;
    }
    expect(compared).toBeGreaterThan(25);
    expect(compared).toBe([...observed, ...sdk.sums].filter(([, value]) => value > 0).length);
  });

  it('end with the gateway: nothing of it is asked or kept [R19]', async () => {
    const sdk = new TelemetrySdk();
    const { vmcp, scrape } = await running(['a']);
    expect(sdk.callbacks.size).toBe(1);
    await vmcp.stop(100);
    expect(sdk.callbacks.size).toBe(0);
    expect((await scrape()).value('breakwater_client_sessions', { transport: 'http' })).toBe(0);
  });
});
