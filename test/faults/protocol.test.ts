import { describe, expect, it } from 'vitest';
import type { Wired } from '../gateway/wire.js';
import { ScriptedServer } from '../session/scripted-server.js';
import { SessionProbe, summary, until } from '../session/session-probe.js';
import { world } from './world.js';

const over = (url: string) => ({ transport: 'streamable-http', url });

describe('a schema of a backend', () => {
  it('that leads elsewhere is not followed, before the call or after it [R35] [R38]', async () => {
    const server = await ScriptedServer.start();
    const elsewhere = await ScriptedServer.start();
    const schema = {
      type: 'object',
      $ref: `${elsewhere.origin}/schema.json`,
      $schema: `${elsewhere.origin}/meta`,
    };
    server.tools = [{ name: 'echo', inputSchema: schema, outputSchema: schema }];
    const gateway = await (await world(over(server.url))).healthy();
    const { result } = await gateway.ask('tools/list');
    expect(result).toMatchObject({ tools: [{ name: 'healthy_echo' }, { outputSchema: schema }] });
    expect((await gateway.call()).answer.result).not.toHaveProperty('isError');
    expect(elsewhere.requests).toEqual([]);
    expect(elsewhere.accepted).toBe(0);
  });
});

describe('a result', () => {
  it.each([
    ['without content', {}],
    ['whose content is null', { content: null }],
    ['that its output schema does not allow', { content: [], structuredContent: { n: 'not a number' } }],
  ])('%s passes as it is, and is a success [R26] [R35]', async (_, result) => {
    const server = await ScriptedServer.start();
    const outputSchema = { type: 'object', properties: { n: { type: 'number' } }, required: ['n'] };
    server.tools = [{ name: 'echo', inputSchema: { type: 'object' }, outputSchema }];
    const gateway = await (await world(over(server.url))).healthy();
    server.on('tools/call', (post) => post.result(result));
    expect((await gateway.call()).answer).toEqual({
      jsonrpc: '2.0',
      id: expect.any(Number) as number,
      result,
    });
    expect(gateway.backend().calls).toMatchObject({ succeeded: 1, failed: 0, inFlight: 0 });
    expect(gateway.circuit()).toEqual([]);
  });
});

describe('a request of a backend with the id of ours', () => {
  it('is answered apart from it, and the call gets its own answer [R39]', async () => {
    const server = await ScriptedServer.start();
    const probe = await new SessionProbe(server.url).open();
    server.on('tools/call', (post) => {
      const { id } = post.message;
      const ping = { jsonrpc: '2.0', id, method: 'ping' };
      post.stream(ping, post.answer({ result: { ours: true } })).end();
    });
    expect(await probe.call()).toMatchObject({ kind: 'result', result: { ours: true } });
    const answered = () => server.seen.filter((message) => 'result' in message);
    await until(() => answered().length === 1, 'the ping is answered');
    expect(answered()).toMatchObject([
      { id: server.seen.find((it) => it.method === 'tools/call')!.id!, result: {} },
    ]);
    expect(summary(await probe.call())).toBe('succeeded: result');
  });
});

/** Keys that other readers of JSON take for those of the protocol. Source: CVE-2026-27896, GO-2026-4770. */
describe('a key that is only almost the one of the protocol', () => {
  const call = '"params":{"name":"hostile_echo","arguments":{}}';

  it.each([
    ['Method', `{"jsonrpc":"2.0","id":1,"Method":"tools/call",${call}}`],
    ['METHOD', `{"jsonrpc":"2.0","id":1,"METHOD":"tools/call",${call}}`],
    ['method and NUL', `{"jsonrpc":"2.0","id":1,"method\\u0000":"tools/call",${call}}`],
    ['ｍethod', `{"jsonrpc":"2.0","id":1,"ｍethod":"tools/call",${call}}`],
  ])('%s, of a client: is none, and nothing reaches the backend [R38]', async (_, body) => {
    const server = await ScriptedServer.start();
    const gateway = await (await world(over(server.url))).healthy();
    const response = await gateway.client.post(body);
    expect(response.status).toBe(400);
    expect(((await response.json()) as Wired).error?.code).toBe(-32600);
    expect(server.count('tools/call')).toBe(0);
  });

  it('used twice: the last counts, for the gateway and for the backend alike [R38]', async () => {
    const server = await ScriptedServer.start();
    const gateway = await (await world(over(server.url))).healthy();
    const twice = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"hostile_echo","name":"healthy_echo","arguments":{"a":1,"a":2}}}`;
    const response = await gateway.client.post(twice);
    expect(((await response.json()) as Wired).result).toMatchObject({ content: [{ text: '{"a":2}' }] });
    expect(server.count('tools/call')).toBe(0);
    expect(gateway.neighbour.seen.find(({ method }) => method === 'tools/call')?.params).toEqual({
      name: 'echo',
      arguments: { a: 2 },
    });
  });

  it.each(['Result', 'result\\u0000'])('%s, of a backend: is no answer, at once [R36]', async (key) => {
    const server = await ScriptedServer.start();
    const gateway = await (await world(over(server.url))).healthy();
    server.on('tools/call', (post) => post.raw(`{"jsonrpc":"2.0","id":${post.message.id!},"${key}":{}}`));
    await gateway.meet({ category: 'protocol_error', reason: '^its answer is not a JSON-RPC answer$' });
  });
});
