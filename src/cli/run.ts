import type { Readable, Writable } from 'node:stream';
import type { IncomingAuth } from '../config/config.js';
import { newAdminToken } from '../http/admin-token.js';
import { isLoopback } from '../http/access.js';
import { createHttpServer } from '../http/server.js';
import type { HttpServer } from '../http/server.js';
import { ListenError } from '../http/listen-error.js';
import { livePage } from '../http/live/page.js';
import { createRedaction } from '../logging/redaction.js';
import type { Log } from '../logging/log.js';
import { createJsonLog, droppedJsonLine } from '../logging/json-log.js';
import type { LogLevel } from '../logging/json-log.js';
import { createLogSink } from '../logging/sink.js';
import type { LogSink } from '../logging/sink.js';
import type { Vmcp } from '../vmcp.js';
import { clientHints } from './clients.js';
import { eventLine, logEvent } from './event-report.js';
import { EXIT, ExitError } from './exit-code.js';
import { openRelay } from './inspect.js';
import type { OpenRelay } from './inspect.js';
import { killChildren, shutDown, watchForStop } from './lifecycle.js';
import type { ProcessEvents, StopReason } from './lifecycle.js';
import { packageRoot } from './package-root.js';
import { createPaint, createTerminalLog, shown } from './terminal.js';
import type { Paint } from './terminal.js';

/** An address that other machines can reach is open to them. */
const OPEN_TO_ALL =
  'whoever can reach this address can call every tool: incomingAuth is anonymous; see bearer and oidc, or listen on 127.0.0.1';
/** How long the last log lines may take to be written, in milliseconds. */
const FLUSH_MS = 500;

export interface RunOptions {
  readonly name: string;
  readonly groupRef: string;
  readonly version: string;
  readonly createVmcp: (log: Log) => Vmcp;
  /** Absent: no port is opened. */
  readonly http?: {
    readonly host: string;
    /** 0 takes a free one. */
    readonly port: number;
    readonly allowedHosts: readonly string[];
    readonly allowedOrigins: readonly string[];
    readonly incomingAuth: IncomingAuth;
  };
  /** Serves one client on stdin and stdout, and ends when it is gone. */
  readonly stdio: boolean;
  /** Where Stately's inspector is offered the statecharts, 0 for a free one; absent: nowhere. */
  readonly inspectPort?: number;
  /** Milliseconds from the first signal to the end. */
  readonly drainMs: number;
  /** Default: `info` for JSON lines, `warn` on a terminal, where state changes are shown anyhow. */
  readonly logLevel?: LogLevel;
  /** Values that must never be written to the log. */
  readonly secrets: readonly string[];
  /** Instead of saying on a terminal where to point a client. */
  readonly onListening?: (vmcp: Vmcp, addresses: Addresses) => void;
}

/** Where the server is found. */
export interface Addresses {
  /** E.g. `http://127.0.0.1:4483`. */
  readonly base: string;
  /** Of the live page, with the admin token behind a #: browsers keep that to themselves. */
  readonly page: string;
  /** Of the page with Stately's inspector, likewise. */
  readonly inspector?: string;
}

/** The parts of the process that a server uses. */
export interface Host {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdin: Readable;
  readonly stdout: Writable & { readonly isTTY?: boolean };
  readonly stderr: Writable & { readonly isTTY?: boolean };
  readonly events: ProcessEvents;
  /** Ends the process at once. */
  exit(code: number): void;
}

/**
 * Serves until a signal, or until the stdio client is gone; then ends everything within the drain time.
 *
 * @returns the exit code.
 * @throws {ExitError} the server cannot listen; nothing was started.
 */
export async function run(options: RunOptions, host: Host): Promise<number> {
  const isTerminal = host.stderr.isTTY === true;
  const paint = createPaint(isTerminal, host.env);
  const sink = createLogSink(host.stderr, isTerminal ? droppedTerminalLine : droppedJsonLine);
  const { logLevel } = options;
  const adminToken = adminTokenOf(options, host.env, isTerminal);
  const secrets = adminToken === undefined ? options.secrets : [...options.secrets, adminToken];
  const log = isTerminal
    ? createTerminalLog(sink, logLevel ?? 'warn', paint, secrets)
    : createJsonLog(sink, logLevel ?? 'info', secrets);
  const vmcp = options.createVmcp(log);
  const { text: redact } = createRedaction(secrets);
  const unsubscribe = vmcp.subscribe((event) =>
    isTerminal ? sink.write(eventLine(event, paint, redact)) : logEvent(log, event),
  );
  const watch = watchForStop(host.events, log, (exitCode) => {
    killChildren(vmcp);
    host.exit(exitCode);
  });
  host.stdout.on('error', () => {
    if (options.stdio) watch.stop({ why: 'stdout is closed', exitCode: EXIT.ok });
  });
  let relay: OpenRelay | undefined;
  try {
    if (options.inspectPort !== undefined) {
      const inspect: Vmcp['inspect'] = (inspector) => vmcp.inspect(inspector);
      relay = await openRelay(options.inspectPort, { token: adminToken, inspect, redact, log });
    }
    const http = await listen(options, vmcp, log, adminToken);
    vmcp.start();
    announce(options, addressesOf(http?.base, relay?.base, adminToken), {
      vmcp,
      log,
      sink,
      paint,
      isTerminal,
    });
    if (options.stdio) void serveClient(vmcp, host, log).then(watch.stop);
    const { why, exitCode } = await watch.stopped;
    log.info({ why, drainMs: options.drainMs }, 'stopping');
    await shutDown(vmcp, http?.server, options.drainMs, log);
    log.info({ exitCode }, 'stopped');
    return exitCode;
  } finally {
    await relay?.close();
    unsubscribe();
    watch.unwatch();
    await sink.flush(FLUSH_MS);
  }
}

async function listen(
  { http, name, groupRef, version }: RunOptions,
  vmcp: Vmcp,
  log: Log,
  adminToken: string | undefined,
): Promise<{ readonly server: HttpServer; readonly base: string } | undefined> {
  if (http === undefined) return undefined;
  const { allowedHosts, allowedOrigins, incomingAuth } = http;
  const server = createHttpServer({
    ...{ vmcp, name, groupRef, version, allowedHosts, allowedOrigins, incomingAuth, log },
    page: livePage(packageRoot()),
    ...(adminToken !== undefined && { adminToken }),
  });
  try {
    return { server, base: await server.listen(http.port, http.host) };
  } catch (error) {
    if (error instanceof ListenError) throw new ExitError(EXIT.refused, error.message);
    throw error;
  }
}

async function serveClient(vmcp: Vmcp, { stdin, stdout }: Host, log: Log): Promise<StopReason> {
  try {
    await vmcp.serveStdio(stdin, stdout);
    return { why: 'the client on stdin is gone', exitCode: EXIT.ok };
  } catch (error) {
    log.error({ error }, 'serving on stdio failed');
    return { why: 'serving on stdio failed', exitCode: EXIT.refused };
  }
}

interface Surroundings {
  readonly vmcp: Vmcp;
  readonly log: Log;
  readonly sink: LogSink;
  readonly paint: Paint;
  readonly isTerminal: boolean;
}

function addressesOf(
  base: string | undefined,
  relayBase: string | undefined,
  adminToken: string | undefined,
): Partial<Addresses> {
  const fragment = adminToken === undefined ? '' : `#token=${adminToken}`;
  return {
    ...(base !== undefined && { base, page: `${base}/${fragment}` }),
    ...(relayBase !== undefined && { inspector: `${relayBase}/${fragment}` }),
  };
}

function announce(
  { name, http, onListening }: RunOptions,
  addresses: Partial<Addresses>,
  { vmcp, log, sink, paint, isTerminal }: Surroundings,
): void {
  const { base, page, inspector } = addresses;
  const toInspector = inspector === undefined ? '' : `  Stately's inspector: ${inspector}\n`;
  const inspectorUrl = inspector?.replace(/#.*/, '');
  if (base === undefined || page === undefined) {
    if (inspector === undefined) return;
    if (isTerminal) sink.write(`${toInspector}\n`);
    log.info({ inspectorUrl }, 'listening');
    return;
  }
  const mcpUrl = `${base}/mcp`;
  const auth = http?.incomingAuth;
  if (onListening !== undefined) onListening(vmcp, { ...addresses, base, page });
  else if (isTerminal) {
    const hints = clientHints(mcpUrl, auth?.type === 'bearer' ? auth.tokenEnv : undefined).map(
      ({ client, text }) => `  ${client}:\n    ${text}\n`,
    );
    const title = `${shown(name)}: ${vmcp.backends().length} backends as one MCP server at ${mcpUrl}`;
    sink.write(
      `${paint('bold', title)}\n${hints.join('')}  Live page: ${page}\n${toInspector}  Status: ${base}/status\n\n`,
    );
  }
  if (http && auth?.type === 'anonymous' && !isLoopback(http.host))
    log.warn({ host: http.host }, OPEN_TO_ALL);
  const urls = { url: mcpUrl, pageUrl: `${base}/`, statusUrl: `${base}/status` };
  log.info(
    { ...urls, incomingAuth: auth?.type, ...(inspectorUrl !== undefined && { inspectorUrl }) },
    'listening',
  );
}

/** The operator's, or a new one where it can be shown to people and stays out of the log. */
function adminTokenOf(
  { onListening }: RunOptions,
  env: Host['env'],
  isTerminal: boolean,
): string | undefined {
  const given = env['BREAKWATER_ADMIN_TOKEN'];
  if (given !== undefined && given !== '') return given;
  return isTerminal || onListening !== undefined ? newAdminToken() : undefined;
}

function droppedTerminalLine(dropped: number): string {
  return `… ${dropped} lines were dropped: the terminal was not read\n`;
}
