import { failureHandlingCrd } from '../config/crd.js';
import { configSchema } from '../config/schema.js';
import type { VmcpConfig } from '../config/config.js';
import type { Log } from '../logging/log.js';
import type { Vmcp } from '../vmcp.js';
import { configurationReport, readConfiguration, refuseOpenDoors, secretsOf } from './configuration.js';
import { EXIT, ExitError } from './exit-code.js';
import { packageVersion } from './package-root.js';
import { runProgram } from './program.js';
import type { Commands, ServeOptions } from './program.js';
import { run } from './run.js';
import type { Host, RunOptions } from './run.js';

/** Puts a virtual MCP server together; nothing of it is started. */
export type CreateVmcp = (
  config: VmcpConfig,
  options: { readonly log: Log; readonly version: string },
) => Vmcp;

/** What the commands need beside the process: handed in, so that tests need neither backends nor SDK. */
export interface CliOptions {
  readonly host: Host;
  /** Loaded only when serving: the other commands do without. */
  readonly loadCreateVmcp: () => Promise<CreateVmcp>;
  readonly onListening?: RunOptions['onListening'];
}

/**
 * Runs a command line to its end.
 *
 * @param argv without node and the script.
 * @returns the exit code. What went wrong has been written to stderr.
 */
export async function runCli(argv: readonly string[], options: CliOptions): Promise<number> {
  const { stdout, stderr } = options.host;
  const out = (text: string): void => void stdout.write(text);
  const err = (text: string): void => void stderr.write(text);
  const commands: Commands = {
    serve: (serveOptions) => serve(serveOptions, options),
    validate: (fileOptions) => {
      out(configurationReport(readConfiguration(fileOptions, options.host.env), fileOptions.server));
      return EXIT.ok;
    },
    simulate: async (simulateOptions) => {
      const { runSimulation } = await import('./simulate.js');
      return runSimulation(simulateOptions, options.host);
    },
    schema: ({ crd }) => {
      out(crd ? failureHandlingCrd() : `${JSON.stringify(configSchema(), null, 2)}\n`);
      return EXIT.ok;
    },
    version: `breakwater ${packageVersion()}`,
  };
  try {
    return await runProgram(argv, commands, { out, err });
  } catch (error) {
    if (!(error instanceof ExitError)) throw error;
    err(`breakwater: ${error.message}\n`);
    return error.exitCode;
  }
}

/** It could not be kept out: it has our standard input, and could start us without the configuration. */
const STDIO_IS_LET_IN =
  'the client on stdin needs no token: it started this process; incomingAuth holds for HTTP alone';

async function serve(
  options: ServeOptions,
  { host, loadCreateVmcp, onListening }: CliOptions,
): Promise<number> {
  const config = readConfiguration(options, host.env);
  refuseOpenDoors(config);
  const createVmcp = await loadCreateVmcp();
  const version = packageVersion();
  const logLevel = options.logLevel ?? (config.logLevel === 'debug' ? 'debug' : undefined);
  return run(
    {
      name: config.name,
      groupRef: config.groupRef,
      version,
      createVmcp: (log) => {
        for (const { key, line, message } of config.notices)
          log.warn({ file: config.file, line, key }, message);
        if (options.stdio && config.incomingAuth.type !== 'anonymous') {
          log.warn({ file: config.file, key: 'incomingAuth' }, STDIO_IS_LET_IN);
        }
        return createVmcp(config, { log, version });
      },
      ...((!options.stdio || options.isPortGiven) && {
        http: {
          host: options.host,
          port: options.port,
          allowedHosts: [...config.server.allowedHosts, ...options.allowedHosts],
          allowedOrigins: [...config.server.allowedOrigins, ...options.allowedOrigins],
          incomingAuth: config.incomingAuth,
        },
      }),
      stdio: options.stdio,
      ...(options.inspectPort !== undefined && { inspectPort: options.inspectPort }),
      drainMs: options.drainMs,
      ...(logLevel !== undefined && { logLevel }),
      secrets: secretsOf(config),
      ...(onListening !== undefined && { onListening }),
    },
    host,
  );
}
