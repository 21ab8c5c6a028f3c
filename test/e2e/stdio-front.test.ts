import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { describe, expect, it } from 'vitest';
import { memory } from './backends.js';
import { isAlive, launch, ROOT, until } from './processes.js';
import { configuration, temporaryFolder } from './served.js';

describe('serve --stdio', () => {
  const command = (): string[] => {
    const folder = temporaryFolder();
    const file = join(folder, 'vmcp.yaml');
    writeFileSync(file, configuration([memory(folder)], {}));
    return [join(ROOT, 'dist/src/main.js'), 'serve', '--config', file, '--stdio'];
  };

  it('serves one client on stdin and stdout, and ends with it [R19] [R20]', async () => {
    const transport = new StdioClientTransport({
      command: process.execPath,
      args: command(),
      stderr: 'ignore',
    });
    const client = new Client({ name: 'e2e', version: '1.0.0' });
    await client.connect(transport);
    await until('its tools are listed', async () => (await client.listTools()).tools.length > 5);
    const { content } = await client.callTool({ name: 'memory_read_graph' });
    expect(content).toMatchObject([{ type: 'text' }]);
    const { pid } = transport;
    await client.close();
    await until('the gateway is gone', () => pid !== null && !isAlive(pid));
  });

  it('ends with exit code 0 when its client is gone, and writes only the protocol to stdout [R19]', async () => {
    const gateway = launch(command(), {}, 'pipe');
    const { stdin, stdout, stderr } = gateway;
    let written = '';
    stdout?.on('data', (chunk: Buffer) => (written += chunk.toString()));
    stderr?.resume();
    stdin?.write(`${JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'ping' })}\n`);
    await until('it has answered', () => written.endsWith('\n'));
    stdin?.end();
    const [code] = (await once(gateway, 'exit')) as [number | null];
    expect(code).toBe(0);
    for (const line of written.trim().split('\n')) {
      expect(JSON.parse(line)).toMatchObject({ jsonrpc: '2.0', id: 1, result: {} });
    }
  });
});
