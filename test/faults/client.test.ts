import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { ScriptedServer } from '../session/scripted-server.js';
import { world } from './world.js';

const server = async () => ({ transport: 'streamable-http', url: (await ScriptedServer.start()).url });

describe('a tool that every object has', () => {
  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'hostile___proto__'])(
    '%s is an unknown tool [R21] [R38]',
    async (name) => {
      const gateway = await (await world(await server())).healthy();
      const unmoved = gateway.watch();
      expect((await gateway.ask('tools/call', { name, arguments: {} })).error).toMatchObject({
        code: -32602,
        message: expect.stringContaining('unknown tool') as string,
      });
      expect(gateway.backend().calls.admitted).toBe(0);
      await unmoved();
    },
  );
});

describe('a request that two readers take for different ones', () => {
  const LENGTH = 'Content-Length: 4';
  const CHUNKED = 'Transfer-Encoding: chunked';

  it.each([
    ['a length and chunks', [LENGTH, CHUNKED]],
    ['two lengths', [LENGTH, 'Content-Length: 40']],
    ['chunks, spelt oddly', ['Transfer-Encoding : chunked', LENGTH]],
    ['a length with a sign', ['Content-Length: +4']],
    ['a header that a bare line feed ends', [`X: y\n${LENGTH}`, CHUNKED]],
  ])(
    '%s: is refused, and its connection is closed with nothing after it answered [R38]',
    async (_, headers) => {
      const gateway = await (await world(await server())).healthy();
      const unmoved = gateway.watch();
      const { host, port } = new URL(gateway.base);
      const socket = connect(Number(port), '127.0.0.1');
      let text = '';
      socket.on('data', (piece: Buffer) => (text += piece.toString()));
      socket.on('error', () => undefined);
      const smuggled = `GET /status HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
      const head = ['POST /mcp HTTP/1.1', `Host: ${host}`, 'Content-Type: application/json', ...headers];
      socket.write(`${head.join('\r\n')}\r\n\r\n0\r\n\r\n${smuggled}`);
      await once(socket, 'close');
      expect(text).toMatch(/^HTTP\/1\.1 400 /);
      expect(text.match(/HTTP\/1\.1/g)).toHaveLength(1);
      await unmoved();
    },
  );
});
