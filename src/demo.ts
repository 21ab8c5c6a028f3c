import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { clientHints } from './cli/clients.js';
import { runCli } from './cli/commands.js';
import { EXIT, ExitError } from './cli/exit-code.js';
import { packageRoot } from './cli/package-root.js';
import { processHost } from './cli/process-host.js';
import type { Addresses } from './cli/run.js';
import type { Vmcp } from './vmcp.js';

/** What `npm start` runs: the servers of vmcp.yaml that are nobody's child, the gateway, and a guide. */

const EVERYTHING_PORT = 4490;
const EVERYTHING = 'node_modules/@modelcontextprotocol/server-everything/dist/index.js';
/** Until a server of our own must have opened its port. */
const START_LIMIT_MS = 8000;
/** Until the guide is shown even if a backend is not there yet. */
const GUIDE_LIMIT_MS = 8000;
const POLL_MS = 50;
const EARLY_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

const root = packageRoot();
const folder = join(root, '.demo');
const host = processHost();

try {
  process.chdir(root);
  await host.end(await demo());
} catch (error) {
  if (!(error instanceof ExitError)) throw error;
  host.stderr.write(`breakwater: ${error.message}\n`);
  await host.end(error.exitCode);
}

async function demo(): Promise<number> {
  // Until the server watches for signals itself, one ends the process through its `exit` event, which cleans up.
  const leave = (): void => process.exit(EXIT.refused);
  for (const signal of EARLY_SIGNALS) process.on(signal, leave);
  makeFolder();
  const everything = await startEverything();
  return runCli(['serve', '--config', 'vmcp.yaml', ...process.argv.slice(2)], {
    host,
    loadCreateVmcp: async () => (await import('./vmcp.js')).createVmcp,
    onListening: (vmcp, addresses) => {
      for (const signal of EARLY_SIGNALS) process.off(signal, leave);
      void guide(addresses, vmcp, everything.pid);
    },
  });
}

/** Makes the folder that memory and filesystem work in, until the process ends. One that was there stays. */
function makeFolder(): void {
  if (existsSync(folder)) return;
  mkdirSync(folder);
  writeFileSync(join(folder, 'hello.txt'), 'A file for the filesystem server to read.\n');
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
}

async function startEverything(): Promise<ChildProcess> {
  if (!existsSync(EVERYTHING)) {
    throw new ExitError(EXIT.refused, `${EVERYTHING} is missing: run npm ci in a clone of the project`);
  }
  if (await answers(EVERYTHING_PORT)) {
    const message = `port ${EVERYTHING_PORT} is in use; the demo needs it for the server called everything`;
    throw new ExitError(EXIT.refused, message);
  }
  const child = spawn(process.execPath, [EVERYTHING, 'streamableHttp'], {
    env: { ...process.env, PORT: String(EVERYTHING_PORT) },
    stdio: 'ignore',
  });
  process.once('exit', () => child.kill('SIGKILL'));
  let isGone = false;
  child.once('error', () => (isGone = true)).once('exit', () => (isGone = true));
  const isUp = await holds(
    () => answers(EVERYTHING_PORT),
    START_LIMIT_MS,
    () => isGone,
  );
  if (isUp) return child;
  throw new ExitError(EXIT.refused, `the server called everything did not open port ${EVERYTHING_PORT}`);
}

/** Says where to point a client, what to kill, and where to look; when all backends serve, or after a while. */
async function guide(
  { base, page, inspector }: Addresses,
  vmcp: Vmcp,
  everythingPid: number | undefined,
): Promise<void> {
  const isServing = (): Promise<boolean> =>
    Promise.resolve(vmcp.status().backends.every(({ serving }) => serving));
  await holds(isServing, GUIDE_LIMIT_MS);
  const serving = new Map(vmcp.status().backends.map((backend) => [backend.name, backend.serving]));
  const lines = vmcp.backends().map(({ name, transport, pid = everythingPid, toolCount }) => {
    const state = serving.get(name) === true ? `${toolCount} tools` : 'not there yet';
    return `  ${name.padEnd(12)} ${transport.padEnd(16)} pid ${pid ?? 'unknown'}  ${state}`;
  });
  const hints = clientHints(`${base}/mcp`).flatMap(({ client, text }) => [`  ${client}:`, `    ${text}`]);
  host.stdout.write(
    `${[
      '',
      `Ready: ${lines.length} MCP servers as one at ${base}/mcp`,
      '',
      'Point a client at it:',
      ...hints,
      '',
      'Backends:',
      ...lines,
      '',
      'Kill one, and go on using the others:',
      `  kill -9 ${everythingPid ?? '<pid>'}`,
      'memory and filesystem are started again by themselves; everything by you:',
      `  PORT=${EVERYTHING_PORT} node ${EVERYTHING} streamableHttp`,
      '',
      'Look on in a browser, and isolate one:',
      `  ${page}`,
      ...(inspector === undefined ? [] : ["In Stately's inspector:", `  ${inspector}`]),
      'Or from a shell:',
      `  curl -s ${base}/status`,
      `  curl -s ${base}/api/backends/health`,
      '',
      'Ctrl-C ends it all.',
      '',
    ].join('\n')}\n`,
  );
}

/** Whether something accepts connections on a port of this machine. */
function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const done = (isThere: boolean): void => {
      socket.destroy();
      resolve(isThere);
    };
    socket.once('connect', () => done(true)).once('error', () => done(false));
  });
}

/** Asks again and again; gives up after `limitMs` or when `isVain` says so. */
async function holds(
  condition: () => Promise<boolean>,
  limitMs: number,
  isVain: () => boolean = () => false,
): Promise<boolean> {
  const end = performance.now() + limitMs;
  while (performance.now() < end && !isVain()) {
    if (await condition()) return true;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  return false;
}
