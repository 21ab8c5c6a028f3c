import Table from 'cli-table3';
import type { IncomingAuth, VmcpConfig } from '../config/config.js';
import { effectiveFailureHandling } from '../config/effective.js';
import type { EffectiveValue } from '../config/effective.js';
import { loadConfig } from '../config/load.js';
import { ConfigError, formatNotice } from '../config/problems.js';
import { EXIT, ExitError } from './exit-code.js';
import type { FileOptions } from './program.js';
import { shown } from './terminal.js';

/** Lines about one file, and characters of one line, that are shown; what is more is counted, or cut. */
const MAX_LINES = 100;
const MAX_LINE = 2000;

/**
 * Reads a configuration.
 *
 * @throws {ExitError} with every problem on a line of its own: file, line, key, what is wrong, nearest key.
 */
export function readConfiguration(
  { config, server }: FileOptions,
  env: Readonly<Record<string, string | undefined>>,
): VmcpConfig {
  try {
    return loadConfig(config, { env, ...(server !== undefined && { server }) });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const step = error.code === 'CONFIG_INVALID' ? 'validation failed' : 'configuration loading failed';
    const [what = ''] = error.message.split(':', 1);
    throw new ExitError(EXIT.refused, [`${step}: ${what}`, ...listed(error.lines())].join('\n'));
  }
}

/**
 * @throws {ExitError} naming every part of the configuration that is not supported and that would let someone
 * in if it were left out.
 */
export function refuseOpenDoors({ notices, file }: VmcpConfig): void {
  const doors = notices.filter(({ severity }) => severity === 'refuses');
  if (doors.length === 0) return;
  const lines = listed(doors.map((notice) => formatNotice(file, notice)));
  const why =
    'refusing to start: without what is not supported here, the server would let in whom it should not';
  throw new ExitError(EXIT.refused, [why, ...lines].join('\n'));
}

/** Values of a configuration that must not be written anywhere. */
export function secretsOf({ backends, incomingAuth }: VmcpConfig): readonly string[] {
  const own = incomingAuth.type === 'bearer' ? [incomingAuth.token] : [];
  return [...new Set([...own, ...backends.flatMap(({ connection }) => connection.secrets)])];
}

/** What `validate` says of a valid configuration: a summary, notices, and the failure handling in effect. */
export function configurationReport(config: VmcpConfig, server?: string): string {
  const { notices, file } = config;
  const doors = notices.filter(({ severity }) => severity === 'refuses').length;
  const isWarned = notices.some(({ severity }) => severity === 'warning');
  return [
    `Validating configuration: ${shown(file, MAX_LINE)}`,
    '✓ Configuration is valid',
    ...summary(config).map((line) => `  ${shown(line, MAX_LINE)}`),
    ...(notices.length > 0 ? ['', 'Notices:'] : []),
    ...listed(notices.map((notice) => formatNotice(file, notice))),
    ...(isWarned ? ['', trial(file, server)] : []),
    ...(doors > 0 ? ['', '`breakwater serve` refuses to start with this configuration.'] : []),
    ...failureHandlingTables(config),
    ...limitsTable(config),
    '',
  ].join('\n');
}

/** How to see what a warning comes to. */
function trial(file: string, server: string | undefined): string {
  const chosen = server === undefined ? '' : ` --server ${quoted(server)}`;
  const command = `breakwater simulate --config ${quoted(file)}${chosen} --scenario crash`;
  return `See what it comes to in an outage: ${shown(command, MAX_LINE)}`;
}

/** As a shell takes it for one word. */
function quoted(word: string): string {
  return /^[\w./@:+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

function summary(config: VmcpConfig): string[] {
  const { outgoingAuth, aggregation, backends } = config;
  const own = outgoingAuth.backends.length;
  const outgoing = own === 0 ? 'default only' : `${own} backend${own === 1 ? '' : 's'} configured`;
  const byTransport = backends.map(({ name, connection }) => `${name} (${connection.transport})`);
  return [
    `Name: ${config.name}`,
    `Group: ${config.groupRef}`,
    `Incoming Auth: ${incoming(config.incomingAuth)}`,
    `Outgoing Auth: ${outgoing} (source: ${outgoingAuth.source})`,
    `Conflict Resolution: ${aggregation.strategy}`,
    `Partial Failure Mode: ${config.partialFailureMode}`,
    `Backends: ${byTransport.length === 0 ? 'none' : byTransport.join(', ')}`,
    ...(config.compositeToolCount > 0 ? [`Composite Tools: ${config.compositeToolCount} defined`] : []),
  ];
}

function incoming(auth: IncomingAuth): string {
  if (auth.type === 'bearer') return `bearer (token from ${auth.tokenEnv})`;
  if (auth.type !== 'oidc') return auth.type;
  const { issuer, audience, scopes } = auth;
  const needed = scopes.length === 0 ? '' : `, scopes ${scopes.join(' ')}`;
  return `oidc (issuer ${issuer}, audience ${audience}${needed})`;
}

/** One table for all backends whose values are the same, down to where they come from. */
function failureHandlingTables(config: VmcpConfig): string[] {
  const groups = new Map<string, { readonly names: string[]; readonly values: readonly EffectiveValue[] }>();
  for (const { backend, values } of effectiveFailureHandling(config)) {
    const key = JSON.stringify(values);
    const group = groups.get(key) ?? { names: [], values };
    group.names.push(backend);
    groups.set(key, group);
  }
  const owners = [...groups.values()].map(({ names, values }) => ({ title: names.join(', '), values }));
  if (owners.length === 0) owners.push({ title: 'every backend', values: config.effective });
  return owners.flatMap(({ title, values }) => {
    const table = new Table({
      head: ['failureHandling', 'value', 'from'],
      style: { head: [], border: [], compact: true },
    });
    table.push(...values.map(({ key, value, ...from }) => [key, value, originOf(from)]));
    return ['', `Failure handling in effect for ${shown(title, MAX_LINE)}:`, table.toString()];
  });
}

function limitsTable({ effectiveLimits }: VmcpConfig): string[] {
  const table = new Table({
    head: ['server.limits', 'value', 'from'],
    style: { head: [], border: [], compact: true },
  });
  const origin = (line: number | undefined) => (line === undefined ? 'default' : `server, line ${line}`);
  table.push(...effectiveLimits.map(({ key, value, line }) => [key, value, origin(line)]));
  return ['', 'Limits in effect; the value itself passes, one more does not:', table.toString()];
}

function originOf({ origin, line, note }: Pick<EffectiveValue, 'origin' | 'line' | 'note'>): string {
  const place = line === undefined ? origin : `${origin}, line ${line}`;
  return note === undefined ? place : `${place}: ${note}`;
}

/** Indented, each on a line of its own: what a file holds may be anything, and a lot of it. */
function listed(lines: readonly string[]): string[] {
  const rest = lines.length - MAX_LINES;
  const all = lines.slice(0, MAX_LINES).map((line) => `  ${shown(line, MAX_LINE)}`);
  return rest > 0 ? [...all, `  … and ${rest} more`] : all;
}
