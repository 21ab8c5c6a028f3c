import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { RawClient } from '../gateway/wire.js';
import { ScriptedServer } from '../session/scripted-server.js';
import { until } from '../session/session-probe.js';
import { world } from './world.js';

const server = async () => {
  const scripted = await ScriptedServer.start();
  return { scripted, entry: { transport: 'streamable-http', url: scripted.url } };
};

describe('a client that sends its request byte by byte', () => {
  it('is turned away within its time, in the headers and in the body, and others are served [R36]', async () => {
    const { entry } = await server();
    const gateway = await (await world(entry)).healthy();
    const unmoved = gateway.watch();
    const { host, port } = new URL(gateway.base);
    const accept = 'Accept: application/json, text/event-stream';
    const head = `POST /mcp HTTP/1.1\r\nHost: ${host}\r\n${accept}\r\nContent-Type: application/json\r\n`;
    const ends = new Map<Socket, string>();
    for (const begun of [head, `${head}Content-Length: 1000000\r\n\r\n{`]) {
      const socket = connect(Number(port), '127.0.0.1');
      let text = '';
      socket.write(begun);
      const drip = setInterval(() => socket.write('x'), 100);
      socket.on('data', (piece: Buffer) => (text += piece.toString())).on('error', () => undefined);
      socket.once('close', () => {
        clearInterval(drip);
        ends.set(socket, text);
      });
      onTestFinished(() => void socket.destroy());
    }
    await until(() => ends.size === 2, 'both are turned away', 45_000);
    for (const text of ends.values()) expect(text).toMatch(/^HTTP\/1\.1 408 /);
    await unmoved();
  }, 60_000);
});

describe('ten thousand calls to a backend whose circuit is open', () => {
  it('are refused at once, reach nobody, and fill no log [R02] [R36]', async () => {
    const { scripted, entry } = await server();
    const gateway = await (await world(entry)).healthy();
    gateway.vmcp.isolate('hostile');
    const { requests } = scripted;
    const before = { requests: requests.length, lines: gateway.lines.length };
    const unmoved = gateway.watch();
    const times: number[] = [];
    const lane = async () => {
      for (let call = 0; call < 1_000; call += 1) {
        const { answer, tookMs } = await gateway.call();
        if (answer.result?.['isError'] !== true) expect.fail(JSON.stringify(answer));
        times.push(tookMs);
      }
    };
    await Promise.all(Array.from({ length: 10 }, lane));
    await unmoved();
    expect(gateway.backend().calls).toMatchObject({ refused: 10_000, admitted: 0, inFlight: 0 });
    expect(requests.length).toBe(before.requests);
    expect(gateway.lines.length - before.lines).toBeLessThan(10);
    times.sort((one, other) => one - other);
    expect(times[5_000]).toBeLessThan(250);
  }, 60_000);
});

describe('a hundred clients that use the same ids', () => {
  it('each get their own answers, of two backends, in any order [R39]', async () => {
    const { scripted, entry } = await server();
    const gateway = await (await world(entry)).healthy();
    // Answers of one backend are out of order.
    scripted.on('tools/call', (post) => setTimeout(() => scripted.behave(post), Math.random() * 5));
    let answered = 0;
    const client = async (name: number) => {
      const raw = await RawClient.open(new URL(`${gateway.base}/mcp`));
      const ask = async (id: number) => {
        const canary = `client ${name}, call ${id}`;
        const tool = (name + id) % 2 === 0 ? 'hostile_echo' : 'healthy_echo';
        const answer = await raw.ask('tools/call', { name: tool, arguments: { canary } }, id);
        expect(answer).toMatchObject({ id, result: { content: [{ text: JSON.stringify({ canary }) }] } });
        answered += 1;
      };
      for (let id = 1; id <= 100; id += 5) await Promise.all([0, 1, 2, 3, 4].map((more) => ask(id + more)));
    };
    await Promise.all(Array.from({ length: 100 }, (_, name) => client(name)));
    expect(answered).toBe(10_000);
    expect(gateway.backend().calls).toMatchObject({ failed: 0, inFlight: 0 });
  }, 120_000);
});
