import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** Gateways from npm that start here and answer `tools/call`. Fetched into npm's cache, exactly these versions. */
export const RIVALS = {
  civic: { name: '@civic/passthrough-mcp-server', version: '0.12.1', bin: 'passthrough-mcp-server' },
  hub: { name: 'mcp-hub', version: '4.2.1', bin: 'mcp-hub' },
  mcpProxy: { name: 'mcp-proxy', version: '6.7.19', bin: 'mcp-proxy' },
  supergateway: { name: 'supergateway', version: '4.0.0', bin: 'supergateway' },
} as const;
export type Rival = keyof typeof RIVALS;

/** What was looked at and is not in the tables, and why. */
export const LEFT_OUT: readonly (readonly [name: string, why: string])[] = [
  ['`@karashiiro/my-cool-proxy` 1.6.2', 'offers no tool of its backends: a model writes Lua that calls them'],
  ['`mcp-remote` 0.15.1', 'its front is stdio: one client, no gateway'],
  ['`mcp-sdk` 1.0.0', 'legacy SSE on both sides'],
  ['`@samanhappy/mcphub`, `@1mcp/agent`, `metamcp`', 'not to be had from the registry that was used'],
];

const FETCH_MS = 120_000;
const run = promisify(execFile);

/** The real path of a package's program, where npx has put it. */
export async function fetchRival(rival: Rival, signal: AbortSignal): Promise<string> {
  const { name, version, bin } = RIVALS[rival];
  const where = `fs.realpathSync(process.env.PATH.split(path.delimiter).map((folder) => path.join(folder, '${bin}')).find(fs.existsSync))`;
  const { stdout } = await run('npx', ['--yes', `--package=${name}@${version}`, '--', 'node', '-p', where], {
    timeout: FETCH_MS,
    signal,
  });
  return stdout.trim();
}
