import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { isAlive, launch, ROOT, until } from './processes.js';
import { Caller } from './served.js';

/** What `npm start` runs, on a free port of its own. */
describe('the demo', () => {
  let demo: ReturnType<typeof launch> | undefined;

  afterEach(async () => {
    // A demo that is killed outright cannot end the server that it has started.
    demo?.kill('SIGTERM');
    await until('the demo is gone', () => !demo || demo.exitCode !== null || demo.signalCode !== null);
  });

  it('is ready, says where to point a client and what to kill, and leaves nothing behind [R19] [R31]', async () => {
    const child = (demo = launch([join(ROOT, 'dist/src/demo.js'), '--port', '0'], {}, 'pipe'));
    let guide = '';
    child.stdout?.on('data', (chunk: Buffer) => (guide += chunk.toString()));
    child.stderr?.resume();
    await until('the guide is shown', () => guide.includes('Ctrl-C ends it all.'));

    const base = /Ready: 3 MCP servers as one at (\S+)\/mcp/.exec(guide)?.[1] ?? '';
    expect(guide).toContain(`claude mcp add --transport http breakwater ${base}/mcp`);
    expect(guide).toContain(`{"mcpServers":{"breakwater":{"url":"${base}/mcp"}}}`);
    const backends = [
      ...guide.matchAll(/^ {2}(\w+) +(?:stdio|streamable-http) +pid (\d+) {2}(\d+) tools$/gm),
    ];
    expect(backends.map(([, name]) => name)).toEqual(['everything', 'filesystem', 'memory']);
    expect(guide).toContain(`kill -9 ${backends[0]?.[2] ?? ''}`);

    const client = await Caller.connect(base);
    expect(await client.call('filesystem_read_text_file', { path: 'hello.txt' })).toMatchObject({
      isError: false,
    });
    await client.client.close();

    child.kill('SIGINT');
    const [code] = (await once(child, 'exit')) as [number | null];
    expect(code).toBe(0);
    for (const [, , pid] of backends) await until('its servers are gone', () => !isAlive(Number(pid)));
    expect(existsSync(join(ROOT, '.demo'))).toBe(false);
  });
});
