import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import { SESSION_MODES } from './config.js';
import type {
  BackendEntry,
  Connection,
  HttpConnection,
  RetryPolicy,
  StdioConnection,
  Timeouts,
} from './config.js';
import {
  credentialsOf,
  expand,
  soundsSecret,
  type Environment,
  type ResolvedCredentials,
} from './credentials.js';
import type { Locate } from './decode.js';
import { BACKEND_DEFAULTS } from './defaults.js';
import { durationMs, formatDuration } from './duration.js';
import { effectiveValues, type EffectiveValue } from './effective.js';
import { BackendConfig, FAILURE_THRESHOLD } from './engine-config.js';
import { failureHandlingPath } from './extension-rules.js';
import { settle, tooLong, type Settings } from './failure-handling.js';
import type { BackendSection, ConfigFile } from './file-shape.js';
import { OPERATIONAL_PATH } from './layers.js';
import { circuitPoliciesOf, countsSlowCalls } from './policies.js';
import { policyWarnings } from './policy-warnings.js';
import type { Notice } from './problems.js';
import { isSupportedStrategy } from './unsupported.js';
import type { Path } from './yaml-tree.js';

/** What the backends of one file are made from. */
export interface Surroundings {
  readonly file: ConfigFile;
  readonly locate: Locate;
  readonly credentials: ResolvedCredentials;
  readonly environment: Environment;
  /** Folder of the configuration file. */
  readonly folder: string;
  readonly timeouts: Timeouts;
}

export interface BackendEntries {
  readonly backends: BackendEntry[];
  /** Failure handling of a backend that says nothing of its own. */
  readonly effective: readonly EffectiveValue[];
  readonly notices: Notice[];
}

/** Makes the backends of a file that has passed every rule; of those with one name, the first. */
export function backendEntries(around: Surroundings): BackendEntries {
  const backends = new Map<string, BackendEntry>();
  const notices: Notice[] = [];
  for (const [index, section] of (around.file.backends ?? []).entries()) {
    const name = section.name ?? '';
    if (backends.has(name)) continue;
    const { connection, authType, hasAuth } = connect(section, around);
    const timeoutMs = around.timeouts.perWorkload[name] ?? around.timeouts.defaultMs;
    const { settings, notes } = derive(section, index, timeoutMs, around, notices);
    const identity = identityOf(connection);
    backends.set(name, {
      name,
      connection,
      authType,
      hasAuth,
      identity,
      policy: { ...policyOf(settings), identity },
      timeoutMs,
      sessions: SESSION_MODES.find((mode) => mode === section.sessions) ?? 'auto',
      retry: retryOf(settings),
      effective: effectiveValues(settings, notes),
    });
  }
  // Where they are discovered, a file has no backend and still says how to handle their failures.
  const { defaultMs } = around.timeouts;
  const common = derive({}, 0, defaultMs, around, backends.size === 0 ? notices : []);
  const effective = effectiveValues(common.settings, common.notes);
  return { backends: [...backends.values()], effective, notices: unique(notices) };
}

function connect(
  section: BackendSection,
  { credentials, environment, folder }: Surroundings,
): Pick<BackendEntry, 'connection' | 'authType' | 'hasAuth'> {
  const { name = '', transport, url = '', command = '', args = [], env = {}, cwd = '' } = section;
  if (transport === 'stdio') {
    const variables = Object.entries(env).map(([key, text = '']) => ({ key, ...expand(text, environment) }));
    const resolved = Object.fromEntries(variables.map(({ key, value }) => [key, value]));
    const secrets = variables.flatMap(({ key, value, taken }) =>
      taken.length > 0 || soundsSecret(key) ? [value, ...taken] : [],
    );
    const connection = { transport, command, args, env: resolved, cwd: resolve(folder, cwd) } as const;
    return { connection: discreet(connection, secrets), authType: 'unauthenticated', hasAuth: false };
  }
  const { type, headers } = credentialsOf(credentials, name);
  const connection = {
    transport: transport === 'sse' ? transport : 'streamable-http',
    url,
    headers,
  } as const;
  const hasAuth = type !== 'unauthenticated' && isSupportedStrategy(type);
  // `Bearer abc`: the part after the scheme is as secret as the whole.
  const secrets = Object.values(headers).flatMap((value) => [value, ...value.split(/\s+/).slice(1)]);
  return { connection: discreet(connection, secrets), authType: type, hasAuth };
}

/** Keeps secrets out of JSON and of the console, should a connection ever get there. */
function discreet(connection: StdioConnection | HttpConnection, secrets: readonly string[]): Connection {
  const masked = (values: Readonly<Record<string, string>>) =>
    Object.fromEntries(Object.keys(values).map((key) => [key, '[hidden]']));
  const shown =
    connection.transport === 'stdio'
      ? { ...connection, env: masked(connection.env) }
      : { ...connection, headers: masked(connection.headers) };
  const show = { value: () => shown, enumerable: false };
  const hidden = { value: Object.freeze(secrets.filter((secret) => secret !== '')), enumerable: false };
  return Object.defineProperties(connection, {
    toJSON: show,
    [Symbol.for('nodejs.util.inspect.custom')]: show,
    secrets: hidden,
  }) as Connection;
}

function identityOf(connection: Connection): string {
  const sorted = (values: Readonly<Record<string, string>>) =>
    Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1));
  const parts =
    connection.transport === 'stdio'
      ? ['stdio', connection.command, connection.args, sorted(connection.env), connection.cwd]
      : [connection.transport, connection.url, sorted(connection.headers)];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32);
}

/** The settings of one backend, with what has to give way, and a word on each of it. */
function derive(
  section: BackendSection,
  index: number,
  timeoutMs: number,
  { file, locate }: Surroundings,
  notices: Notice[],
): { settings: Settings; notes: Map<string, string> } {
  const own = failureHandlingPath(index);
  const layers = [
    { origin: 'operational', path: OPERATIONAL_PATH, section: file.operational?.failureHandling },
    { origin: 'backend', path: own, section: section.failureHandling },
  ] as const;
  const settings = { ...settle(layers, locate) };
  const notes = new Map<string, string>();
  const warnAt = (path: Path, key: keyof Settings, message: string) => {
    const place = locate([...path, ...key.split('.')]);
    notices.push({ severity: 'warning', key: place.key, line: place.line, message });
  };
  const warn: Warn = (key, message) => {
    warnAt(section.failureHandling === undefined ? OPERATIONAL_PATH : own, key, message);
  };
  shortenTimeout(settings, notes, warn);
  replaceUnused(settings, notes, warn);
  compare(settings, warn);
  policyWarnings(settings, timeoutMs, (key, message) => {
    warnAt(settings[key].origin === 'backend' ? own : OPERATIONAL_PATH, key, message);
  });
  if (!countsSlowCalls(settings)) {
    notes.set('circuitBreaker.slowCallThreshold', 'no rate here is of slowCalls');
  }
  if (settings['circuitBreaker.failureThreshold'].value === undefined) {
    notes.set('circuitBreaker.failureThreshold', 'there are rates');
  }
  return { settings, notes };
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };
type Warn = (key: keyof Settings, message: string) => void;

/** The reference would run checks that take longer than the time between them. */
function shortenTimeout(settings: Mutable<Settings>, notes: Map<string, string>, warn: Warn): void {
  const { healthCheckInterval: interval, healthCheckTimeout: timeout } = settings;
  if (timeout.value < interval.value) return;
  const half = interval.value / 2n > 0n ? interval.value / 2n : 1n;
  const shown = formatDuration(half);
  warn('healthCheckTimeout', `by default, ${tooLong(timeout.value, interval.value)}: ${shown} is used`);
  notes.set('healthCheckTimeout', 'half of healthCheckInterval');
  settings.healthCheckTimeout = { value: half, origin: timeout.origin };
}

/** While the breaker is off the reference does not look at its numbers. */
function replaceUnused(settings: Mutable<Settings>, notes: Map<string, string>, warn: Warn): void {
  const { circuit } = BACKEND_DEFAULTS;
  if (settings['circuitBreaker.enabled'].value) return;
  const replace = (key: keyof Settings) => {
    warn(key, 'out of range: not used while the circuit breaker is off');
    notes.set(key, 'the value in the file is out of range');
  };
  if ((settings['circuitBreaker.failureThreshold'].value ?? 1) < 1) {
    replace('circuitBreaker.failureThreshold');
    const value = FAILURE_THRESHOLD;
    settings['circuitBreaker.failureThreshold'] = { value, origin: 'default' };
  }
  if (settings['circuitBreaker.timeout'].value < 1_000_000_000n) {
    replace('circuitBreaker.timeout');
    const value = BigInt(circuit.openMs) * 1_000_000n;
    settings['circuitBreaker.timeout'] = { value, origin: 'default' };
  }
}

/** Combinations that are allowed and seldom meant. */
function compare(settings: Settings, warn: Warn): void {
  const failures = settings['circuitBreaker.failureThreshold'].value;
  const unhealthy = settings.unhealthyThreshold.value;
  if (settings['circuitBreaker.enabled'].value && failures !== undefined && failures < unhealthy) {
    const message =
      `failureThreshold (${failures}) is less than unhealthyThreshold (${unhealthy}): ` +
      'the circuit opens, and the backend is out of service, before its health says so';
    warn('circuitBreaker.failureThreshold', message);
  }
  const degraded = settings.degradedThreshold;
  const timeout = settings.healthCheckTimeout.value;
  if (degraded.origin !== 'default' && degraded.value >= timeout) {
    const [slow, limit] = [formatDuration(degraded.value), formatDuration(timeout)];
    const message = `degradedThreshold (${slow}) is not less than healthCheckTimeout (${limit}): no check is slow`;
    warn('degradedThreshold', message);
  }
}

function retryOf(settings: Settings): RetryPolicy | undefined {
  const maxRetries = settings['retry.maxRetries'].value;
  return maxRetries > 0 ? { maxRetries, budget: settings['retry.budget'].value } : undefined;
}

function policyOf(settings: Settings): BackendConfig {
  const enabled = settings['circuitBreaker.enabled'].value;
  const maxInFlight = settings.maxInFlight.value;
  return BackendConfig.parse({
    ...(maxInFlight !== undefined && { maxInFlight }),
    circuit: {
      enabled,
      // While the breaker is off they are not held against its other numbers, some of which were replaced.
      ...(enabled && circuitPoliciesOf(settings)),
      failureThreshold: settings['circuitBreaker.failureThreshold'].value,
      openMs: durationMs(settings['circuitBreaker.timeout'].value),
      successThreshold: settings['circuitBreaker.successThreshold'].value,
      maxProbes: settings['circuitBreaker.maxProbes'].value,
      probeLimitMs: durationMs(settings['circuitBreaker.probeLimit'].value),
    },
    health: {
      checkIntervalMs: durationMs(settings.healthCheckInterval.value),
      checkTimeoutMs: durationMs(settings.healthCheckTimeout.value),
      unhealthyThreshold: settings.unhealthyThreshold.value,
      degradedThresholdMs: durationMs(settings.degradedThreshold.value),
    },
  });
}

/** Backends without settings of their own would all say the same of the same line. */
function unique(notices: readonly Notice[]): Notice[] {
  return [...new Map(notices.map((notice) => [JSON.stringify(notice), notice])).values()];
}
