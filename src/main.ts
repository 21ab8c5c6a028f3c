#!/usr/bin/env node
import { runCli } from './cli/commands.js';
import { processHost } from './cli/process-host.js';

const host = processHost();
const exitCode = await runCli(process.argv.slice(2), {
  host,
  loadCreateVmcp: async () => (await import('./vmcp.js')).createVmcp,
});
await host.end(exitCode);
