import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { durationMs, parseDuration } from '../config/duration.js';
import { parseAuthority, parseOrigin } from '../http/access.js';
import { LOG_LEVELS } from '../logging/json-log.js';
import type { LogLevel } from '../logging/json-log.js';
import { EXIT } from './exit-code.js';
import { simulateHelp } from './simulate-help.js';

const DEFAULT_HOST = '127.0.0.1';
/** The reference's. */
const DEFAULT_PORT = 4483;
/** Beside it. */
const DEFAULT_INSPECT_PORT = 4484;
/** Drain time unless said otherwise, and the longest, in milliseconds. */
const DEFAULT_DRAIN_MS = 10_000;
const MAX_DRAIN_MS = 3_600_000;

export interface FileOptions {
  readonly config: string;
  /** Which `VirtualMCPServer` of a file with several. */
  readonly server?: string;
}

export interface ServeOptions extends FileOptions {
  readonly host: string;
  readonly port: number;
  /** Whether the port was asked for, and not the default one. */
  readonly isPortGiven: boolean;
  readonly stdio: boolean;
  /** Where Stately's inspector is offered the statecharts; absent: nowhere. */
  readonly inspectPort?: number;
  readonly logLevel?: LogLevel;
  readonly drainMs: number;
  readonly allowedHosts: readonly string[];
  readonly allowedOrigins: readonly string[];
}

export interface SimulateOptions extends FileOptions {
  /** A name or a file. `list` prints what there is by name. */
  readonly scenario: string;
  /** A second configuration. */
  readonly compare?: string;
  readonly backend?: string;
  /** Where to write a picture; `true` is stdout, in place of the text. */
  readonly svg?: string | true;
  readonly json: boolean;
}

/** What the commands do. Each returns, or resolves with, the exit code. */
export interface Commands {
  serve(options: ServeOptions): Promise<number>;
  validate(options: FileOptions): number;
  simulate(options: SimulateOptions): Promise<number>;
  schema(options: { readonly crd: boolean }): number;
  /** As `version` and `--version` print it. */
  readonly version: string;
}

/** Where help and errors of usage are written. */
export interface Output {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
}

/**
 * Runs one command line.
 *
 * @param argv without the program's own name.
 * @returns the exit code: the command's, 0 for help, 2 for wrong usage.
 */
export async function runProgram(
  argv: readonly string[],
  commands: Commands,
  output: Output,
): Promise<number> {
  let exitCode: number = EXIT.ok;
  const program = createProgram(commands, (code) => (exitCode = code), output);
  try {
    await program.parseAsync(argv, { from: 'user' });
    return exitCode;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  }
}

function createProgram(commands: Commands, done: (exitCode: number) => void, output: Output): Command {
  const program = new Command('breakwater')
    .description('One MCP server in front of many, which stays useful while they fail.')
    .exitOverride()
    .configureOutput({ writeOut: output.out, writeErr: output.err })
    .showHelpAfterError('(--help shows what there is)')
    .showSuggestionAfterError()
    .version(commands.version)
    .addHelpText('after', PROGRAM_HELP);
  // Subcommands take over the settings that are there when they are made.
  addServe(program, commands, done);
  addValidate(program, commands, done);
  addSimulate(program, commands, done);
  program
    .command('schema')
    .description('print the JSON Schema of the configuration, for editors')
    .option('--crd', 'print failureHandling as a fragment of a CRD instead')
    .addHelpText('after', SCHEMA_HELP)
    .action(({ crd = false }: { crd?: boolean }) => done(commands.schema({ crd })));
  program
    .command('version')
    .description('print the version')
    .addHelpText('after', '\nExample:\n  breakwater version\n')
    .action(() => output.out(`${commands.version}\n`));
  return program;
}

interface RawServeOptions extends FileOptions {
  readonly host: string;
  readonly port: number;
  readonly stdio?: boolean;
  /** `true` where no port was named. */
  readonly inspect?: number | true;
  readonly logLevel?: LogLevel;
  readonly drainTime: number;
  readonly allowedHost?: readonly string[];
  readonly allowedOrigin?: readonly string[];
}

function addServe(program: Command, commands: Commands, done: (exitCode: number) => void): void {
  withFile(program.command('serve'))
    .description('serve the backends of a configuration as one MCP server')
    .option('--host <address>', 'address to listen on', given, DEFAULT_HOST)
    .option('-p, --port <number>', 'port to listen on; 0 takes a free one', port, DEFAULT_PORT)
    .option('--stdio', 'serve one client on stdin and stdout; opens a port only if --port is given')
    .option('--inspect [port]', "offer the statecharts to Stately's inspector, on this machine only", port)
    .addOption(new Option('--log-level <level>', 'least level that is logged').choices([...LOG_LEVELS]))
    .addOption(
      new Option('--drain-time <duration>', 'time to end in after SIGTERM or SIGINT')
        .argParser(drainTime)
        .default(DEFAULT_DRAIN_MS, '10s'),
    )
    .option('--allowed-host <name[:port]>', 'further Host to accept; may be repeated', collectHosts)
    .option('--allowed-origin <origin>', 'further web Origin to accept; may be repeated', collectOrigins)
    .addHelpText('after', SERVE_HELP)
    .action(async (raw: RawServeOptions, command: Command) => {
      const {
        drainTime: drainMs,
        stdio = false,
        inspect,
        allowedHost = [],
        allowedOrigin = [],
        ...rest
      } = raw;
      const isPortGiven = command.getOptionValueSource('port') === 'cli';
      done(
        await commands.serve({
          ...rest,
          stdio,
          drainMs,
          isPortGiven,
          ...(inspect !== undefined && { inspectPort: inspect === true ? DEFAULT_INSPECT_PORT : inspect }),
          allowedHosts: allowedHost,
          allowedOrigins: allowedOrigin,
        }),
      );
    });
}

function addValidate(program: Command, commands: Commands, done: (exitCode: number) => void): void {
  withFile(program.command('validate'))
    .description('check a configuration, and show what it means for every backend')
    .addHelpText('after', VALIDATE_HELP)
    .action((options: FileOptions) => done(commands.validate(options)));
}

const SCENARIO_FLAGS = '-s, --scenario <file|name>';

function addSimulate(program: Command, commands: Commands, done: (exitCode: number) => void): void {
  const command = program
    .command('simulate')
    .description('show what a configuration makes of an outage, in virtual time')
    .hook('preAction', (_, called) => {
      if (called.getOptionValue('scenario') === undefined) {
        called.error(`error: required option '${SCENARIO_FLAGS}' not specified`);
      }
    });
  withFile(command, (called) => called.getOptionValue('scenario') !== 'list')
    .option(SCENARIO_FLAGS, 'what happens to a backend; list shows those with a name; required', given)
    .option('--compare <file>', 'another configuration, beside the first', given)
    .option('--backend <name>', 'which backend; by default the first', given)
    .option('--svg [file]', 'draw it, to a file or to stdout')
    .option('--json', 'print everything as JSON')
    .addHelpText('after', simulateHelp)
    .action(async ({ json = false, ...rest }: Omit<SimulateOptions, 'json'> & { json?: boolean }) =>
      done(await commands.simulate({ ...rest, json })),
    );
}

const FILE_FLAGS = '-c, --config <file>';

/** The file is required, but said to be missing only after a misspelt option had its say. */
function withFile(command: Command, isNeeded: (called: Command) => boolean = () => true): Command {
  return command
    .option(FILE_FLAGS, 'vMCP YAML, or a VirtualMCPServer manifest; required', given)
    .option('--server <name>', 'which VirtualMCPServer of a file with several', given)
    .hook('preAction', (_, called) => {
      if (isNeeded(called) && called.getOptionValue('config') === undefined) {
        called.error(`error: required option '${FILE_FLAGS}' not specified`);
      }
    });
}

/** An empty value is a variable of the shell that was not set; an empty host would listen on every address. */
function given(text: string): string {
  if (text.trim() === '') throw new InvalidArgumentError('It is empty.');
  return text;
}

function port(text: string): number {
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535) {
    throw new InvalidArgumentError('It is not a port, a number from 0 to 65535.');
  }
  return Number(text);
}

function drainTime(text: string): number {
  let ms: number;
  try {
    ms = durationMs(parseDuration(text));
  } catch {
    throw new InvalidArgumentError('It is not a duration like 10s or 1m30s.');
  }
  if (ms < 0 || ms > MAX_DRAIN_MS) throw new InvalidArgumentError('It must be from 0 to 1h.');
  return ms;
}

function collectHosts(text: string, before: readonly string[] = []): readonly string[] {
  if (parseAuthority(text) === undefined)
    throw new InvalidArgumentError('It is not a host name, with or without port.');
  return [...before, text];
}

function collectOrigins(text: string, before: readonly string[] = []): readonly string[] {
  if (parseOrigin(text) === undefined)
    throw new InvalidArgumentError('It is not an origin like https://example.com.');
  return [...before, text];
}

const PROGRAM_HELP = `
Examples:
  breakwater validate --config vmcp.yaml
  breakwater simulate --config vmcp.yaml --scenario crash
  breakwater serve --config vmcp.yaml

Exit codes: 0 done; 1 the configuration is refused or the server cannot start;
2 wrong usage.
`;

const SERVE_HELP = `
Examples:
  breakwater serve --config vmcp.yaml
  breakwater serve --config vmcp.yaml --port 8080 --log-level debug
  breakwater serve --config vmcp.yaml --stdio
  breakwater serve --config vmcp.yaml --inspect
  breakwater serve --config vmcp.yaml --host 0.0.0.0 --allowed-host gateway.lan:4483

MCP is at /mcp, the live page at /; /health, /readyz, /status, /metrics and
/api/backends/health are on the same port. Where incomingAuth asks for a token, all
but /, /health, /ping and /readyz need one; what only shows something takes the
admin token too. With --stdio the client needs none: it started the server.

--inspect serves a page with Stately's inspector, which is loaded from stately.ai,
at port 4484 of the loopback address; it needs the admin token, from
BREAKWATER_ADMIN_TOKEN or as a terminal shows it. The log goes to stderr: JSON
lines, or a compact line per change of state where it is a terminal. SIGTERM or
SIGINT ends in order within the drain time; a second one ends at once.
`;

const VALIDATE_HELP = `
Example:
  breakwater validate --config vmcp.yaml

Exit code 0 if the configuration is valid, warnings included; 1 if it is
refused.
`;

const SCHEMA_HELP = `
Examples:
  breakwater schema > vmcp.schema.json
  breakwater schema --crd
`;
