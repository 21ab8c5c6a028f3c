import { lookup } from 'node:dns/promises';
import { createServer as createTlsServer } from 'node:https';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Handler } from '../session/scripted-server.js';
import { beginStream, ScriptedServer } from '../session/scripted-server.js';
import { SessionProbe, summary, until } from '../session/session-probe.js';
import { SELF_SIGNED } from './certificate.js';
import { drip, late, nothing, twice, Wire } from './wire.js';
import { world } from './world.js';

const over = (url: string) => ({ transport: 'streamable-http', url });
const TIMEOUT_MS = 400;
const timedOut = { category: 'timeout', reason: `^the call timed out after ${TIMEOUT_MS / 1000} s$` };

describe('an answer that begins and does not end', () => {
  const json = { 'content-type': 'application/json' };
  const slowly =
    (begin: (post: Parameters<Handler>[0]) => void): Handler =>
    (post) => {
      begin(post);
      const timer = setInterval(() => post.response.write(' '), 20);
      post.response.once('close', () => clearInterval(timer));
    };

  it.each<[string, Handler]>([
    ['no head', () => undefined],
    ['a head without a body', (post) => post.response.writeHead(200, json).flushHeaders()],
    ['a body that comes byte by byte', slowly((post) => post.response.writeHead(200, json))],
    ['a stream without an event', (post) => beginStream(post.response)],
    ['a stream of nothing but comments', slowly((post) => beginStream(post.response, ':'))],
  ])(
    '%s: ends at its time limit, its socket is closed, and the next call is answered [R25] [R36]',
    async (_, handler) => {
      const server = await ScriptedServer.start();
      const gateway = await (await world(over(server.url), { timeout: `${TIMEOUT_MS}ms` })).healthy();
      const ends: number[] = [];
      server.on('tools/call', (post) => {
        post.response.once('close', () => ends.push(performance.now()));
        handler(post);
      });
      await gateway.meet(timedOut);
      await until(() => ends.length === 1, 'the socket of the call is closed');
      server.on('tools/call', (post) => server.behave(post));
      gateway.vmcp.reset('hostile');
      expect((await gateway.call()).answer.result).not.toHaveProperty('isError');
    },
  );
});

describe('a bad way to a backend', () => {
  const behind = async (timeout = `${TIMEOUT_MS}ms`, failureHandling = {}) => {
    const server = await ScriptedServer.start();
    const wire = await Wire.to(server.url);
    const gateway = await (await world(over(wire.url), { timeout, failureHandling })).healthy();
    const recovers = async () => {
      wire.heal();
      gateway.vmcp.reset('hostile');
      expect((await gateway.call()).answer.result).not.toHaveProperty('isError');
    };
    return { server, wire, gateway, recovers };
  };

  it('on which answers are lost: the call has arrived, ends at its time limit, and is not sent again [R25] [R39]', async () => {
    const { server, wire, gateway, recovers } = await behind();
    wire.back = nothing;
    await gateway.meet(timedOut);
    expect(server.count('tools/call')).toBe(1);
    await recovers();
  });

  it('on which requests are lost: the call never arrives, and ends at its time limit [R25]', async () => {
    const { server, wire, gateway, recovers } = await behind();
    wire.there = nothing;
    await gateway.meet(timedOut);
    expect(server.count('tools/call')).toBe(0);
    await recovers();
  });

  it('of a thousand bytes a second: a long answer ends at its time limit, though bytes keep coming [R25]', async () => {
    const { server, wire, gateway, recovers } = await behind();
    server.on('tools/call', (post) => post.result({ content: [{ type: 'text', text: 'x'.repeat(5_000) }] }));
    wire.back = drip(20, 20);
    await gateway.meet(timedOut);
    await recovers();
  });

  it('that carries everything twice: the caller has one answer, and the next call its own [R39]', async () => {
    const { server, wire, gateway } = await behind('5s');
    wire.there = twice;
    const unmoved = gateway.watch();
    const first = await gateway.call('hostile_echo', { n: 1 });
    expect(first.answer.result).toMatchObject({ content: [{ text: '{"n":1}' }] });
    await until(() => server.count('tools/call') === 2, 'it has arrived twice');
    wire.heal();
    for (let n = 2; n <= 5; n += 1) {
      const { answer } = await gateway.call('hostile_echo', { n });
      expect(answer.result).toMatchObject({ content: [{ text: JSON.stringify({ n }) }] });
    }
    await unmoved();
    expect(gateway.backend().calls).toMatchObject({ admitted: 5, succeeded: 5, inFlight: 0 });
    expect(gateway.circuit()).toEqual([]);
  });

  it('that is slow for most calls opens the circuit by their share, once, though each is answered [R09]', async () => {
    const rate = { of: 'slowCalls', threshold: 0.5, window: { calls: 10 }, minimumCalls: 6 };
    const circuitBreaker = { enabled: true, timeout: '60s', slowCallThreshold: '100ms', rates: [rate] };
    const { wire, gateway } = await behind('5s', { circuitBreaker });
    // One call in three is quick. Each answer comes in one piece.
    wire.back = late((piece) => (piece % 3 === 0 ? 0 : 150));
    const unmoved = gateway.watch();
    const answered: boolean[] = [];
    while (gateway.backend().circuit === 'closed' && answered.length < 30) {
      answered.push((await gateway.call()).answer.result?.['isError'] !== true);
    }
    expect(answered.every(Boolean)).toBe(true);
    expect(gateway.backend().trippedBy).toMatchObject({ of: 'slowCalls', threshold: 0.5 });
    expect(gateway.circuit()).toEqual(['closed → open']);
    await unmoved();
  });
});

describe('TLS', () => {
  it('of a backend that vouches for itself is refused, and the request is not sent [R38]', async () => {
    let requests = 0;
    const server = createTlsServer(SELF_SIGNED, (_, response) => {
      requests += 1;
      response.end();
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const probe = new SessionProbe(`https://127.0.0.1:${port}/mcp`);
    const from = performance.now();
    expect(summary(await probe.call())).toBe(
      'connection_failed: the TLS handshake failed (DEPTH_ZERO_SELF_SIGNED_CERT)',
    );
    expect(performance.now() - from).toBeLessThan(1_500);
    expect(probe.lines).toMatchObject([{ fields: { mechanism: 'tls' } }]);
    expect(requests).toBe(0);
  });
});

describe('what is hardly HTTP', () => {
  const bare =
    (head: string): Handler =>
    (post) =>
      void post.request.socket.end(`HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n${head}`);

  it.each([
    ['two lengths', 'content-length: 2\r\ncontent-length: 3\r\n\r\n{}'],
    ['a length and chunks', 'content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n'],
    ['a megabyte of headers', `${`x-pad: ${'x'.repeat(1_000)}\r\n`.repeat(1_000)}\r\n{}`],
    ['a hundred thousand headers', `${'x: y\r\n'.repeat(100_000)}\r\n{}`],
  ])('%s: fails at once, and the next call is answered [R36]', async (_, head) => {
    const server = await ScriptedServer.start();
    const gateway = await (await world(over(server.url))).healthy();
    server.on('tools/call', bare(head));
    await gateway.meet({ category: 'protocol_error', reason: '^it did not answer in HTTP$' });
    server.on('tools/call', (post) => server.behave(post));
    gateway.vmcp.reset('hostile');
    expect((await gateway.call()).answer.result).not.toHaveProperty('isError');
  });
});

describe('a redirect', () => {
  it.each([
    ['to itself', (server: ScriptedServer) => server.url],
    ['to a file', () => 'file:///etc/passwd'],
    ['that says nowhere', () => ''],
  ])('%s is not followed: one request, and a fault at once [R38]', async (_, location) => {
    const server = await ScriptedServer.start();
    const gateway = await (await world(over(server.url))).healthy();
    server.on('tools/call', (post) => post.raw('', 307, { location: location(server) }));
    const before = server.requests.length;
    await gateway.meet({ category: 'protocol_error', reason: '^it answered HTTP 307$' });
    expect(server.requests.length - before).toBe(1);
  });
});

describe('a name with a dead IPv6 and a live IPv4 address', async () => {
  const families = (await lookup('localhost', { all: true })).map(({ family }) => family);

  it.skipIf(!families.includes(6) || !families.includes(4))('is reached at the live one [R08]', async () => {
    const server = await ScriptedServer.start();
    const probe = await new SessionProbe(server.url.replace('127.0.0.1', 'localhost')).open();
    expect(summary(await probe.call())).toBe('succeeded: result');
  });
});
