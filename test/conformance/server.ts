/**
 * The server that the official suite asks for, as a process: `server.ts stdio`, or `server.ts http <port>`, which
 * serves http://127.0.0.1:<port>/mcp until it is killed.
 */
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { createFixture } from './fixtures/fixture.js';
import { serveHttp } from './fixtures/http.js';

const [transport, port] = process.argv.slice(2);
if (transport === 'stdio') await createFixture().connect(new StdioServerTransport());
else if (transport === 'http' && /^\d+$/.test(port ?? '')) await serveHttp(Number(port));
else {
  process.stderr.write('usage: server.ts stdio | http <port>\n');
  process.exitCode = 2;
}
