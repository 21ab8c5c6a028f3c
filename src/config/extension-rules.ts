import { expand, type Environment } from './credentials.js';
import { suggest, type Locate } from './decode.js';
import { failureHandlingFault, settle, tooLong } from './failure-handling.js';
import type { Fault } from './fault.js';
import type { BackendSection, ConfigFile } from './file-shape.js';
import { incomingFaults } from './incoming-auth.js';
import { OPERATIONAL_PATH } from './layers.js';
import { limitFaults } from './limits.js';
import type { Path } from './yaml-tree.js';

/**
 * What the reference does not check and finds out when it runs, and the rules for our own keys. Unlike the
 * reference's rules, all faults are told.
 */
export function extensionFaults(file: ConfigFile, locate: Locate, format: 'vmcp' | 'manifest'): Fault[] {
  const { unavailable = 'hide', conflictResolutionConfig } = file.aggregation ?? {};
  const faults: Fault[] = [];
  if (unavailable !== 'hide' && unavailable !== 'keep') {
    const path: Path = ['aggregation', 'unavailable'];
    const message = 'aggregation.unavailable must be one of: hide, keep';
    faults.push({ path, message, ...suggest(unavailable, ['hide', 'keep']) });
  }
  for (const [index, name] of (conflictResolutionConfig?.priorityOrder ?? []).entries()) {
    if (name !== '') continue;
    const path: Path = ['aggregation', 'conflictResolutionConfig', 'priorityOrder', index];
    faults.push({ path, message: `priorityOrder[${index}] must not be empty` });
  }
  for (const [index, backend] of (file.backends ?? []).entries()) {
    faults.push(...backendFaults(backend, index));
    const fault = failureHandlingOf(file, backend, index, locate);
    if (fault) faults.push(fault);
  }
  faults.push(...limitFaults(file.server?.limits));
  faults.push(...(format === 'manifest' ? crdFaults(file, locate) : incomingFaults(file)));
  return faults;
}

/** Where the `failureHandling` of a backend is. */
export function failureHandlingPath(index: number): Path {
  return ['backends', index, 'failureHandling'];
}

const TRANSPORTS = ['stdio', 'streamable-http', 'sse'];
const STDIO_KEYS = ['command', 'args', 'env', 'cwd'] as const;

function backendFaults(backend: BackendSection, index: number): Fault[] {
  const path: Path = ['backends', index];
  const faults: Fault[] = [];
  const fault = (key: string, message: string) =>
    faults.push({ path: [...path, key], message: `backends[${index}].${key} ${message}` });
  const { name = '', transport = '', url, command = '' } = backend;
  if (name === '') fault('name', 'is required');
  if (name === '__proto__') fault('name', 'cannot be "__proto__"');
  if (!TRANSPORTS.includes(transport)) {
    const message = `backends[${index}].transport must be one of: ${TRANSPORTS.join(', ')}`;
    // What desktop clients call it.
    const hint = transport === 'http' ? { suggestion: 'streamable-http' } : suggest(transport, TRANSPORTS);
    faults.push({ path: [...path, 'transport'], message, ...hint });
  } else if (transport === 'stdio') {
    if (command === '') fault('command', 'is required when transport is stdio');
    if (url !== undefined) fault('url', 'has no meaning when transport is stdio');
    const texts = [command, ...(backend.args ?? []), backend.cwd ?? '', ...Object.values(backend.env ?? {})];
    if (texts.some((text) => text?.includes('\0'))) fault('command', 'and its settings must not contain NUL');
    const unnamed = Object.keys(backend.env ?? {}).find((key) => !/^[^=\0]+$/.test(key));
    if (unnamed !== undefined) fault('env', `cannot have a variable named ${JSON.stringify(unnamed)}`);
  } else {
    const wrong = urlFault(url ?? '');
    if (wrong !== undefined) fault('url', wrong);
    for (const key of STDIO_KEYS) {
      if (backend[key] !== undefined) fault(key, 'is only valid when transport is stdio');
    }
  }
  return faults;
}

/** Says nothing of the address itself: it may hold a password. */
function urlFault(text: string): string | undefined {
  if (text === '') return 'is required when transport is streamable-http or sse';
  if (!/^https?:\/\//.test(text) || !URL.canParse(text)) return 'must be an http:// or https:// address';
  const { username, password } = new URL(text);
  return username === '' && password === ''
    ? undefined
    : 'must not hold a user or a password: use outgoingAuth, which keeps them out of sight';
}

function failureHandlingOf(
  file: ConfigFile,
  backend: BackendSection,
  index: number,
  locate: Locate,
): Fault | undefined {
  if (backend.failureHandling === undefined) return undefined;
  const path = failureHandlingPath(index);
  const layers = [
    { origin: 'operational', path: OPERATIONAL_PATH, section: file.operational?.failureHandling },
    { origin: 'backend', path, section: backend.failureHandling },
  ] as const;
  return failureHandlingFault(settle(layers, locate), path, undefined);
}

/** What an API server refuses before the reference's own rules see a manifest, and what they see after it. */
function crdFaults(file: ConfigFile, locate: Locate): Fault[] {
  const section = file.operational?.failureHandling;
  if (section === undefined) return [];
  const faults: Fault[] = [];
  const { failureThreshold = 1, timeout = 1_000_000_000n } = section.circuitBreaker ?? {};
  const breaker: Path = [...OPERATIONAL_PATH, 'circuitBreaker'];
  if (failureThreshold < 1) {
    const message = 'failureThreshold should be greater than or equal to 1';
    faults.push({ path: [...breaker, 'failureThreshold'], message });
  }
  if (timeout < 1_000_000_000n) {
    faults.push({ path: [...breaker, 'timeout'], message: 'timeout must be >= 1s' });
  }
  const settings = settle([{ origin: 'operational', path: OPERATIONAL_PATH, section }], locate);
  const { healthCheckInterval: interval, healthCheckTimeout: limit } = settings;
  // The CRD fills the timeout in before the rules run, so here the default counts as if it had been written.
  if (limit.origin === 'default' && section.healthCheckTimeout !== 0n && limit.value >= interval.value) {
    const message = `operational.failureHandling: ${tooLong(limit.value, interval.value)}`;
    faults.push({ path: [...OPERATIONAL_PATH, 'healthCheckTimeout'], message });
  }
  return faults;
}

/** Variables that `backends[].env` asks for and the environment does not have. */
export function environmentFaults(file: ConfigFile, environment: Environment): Fault[] {
  return (file.backends ?? []).flatMap((backend, index) =>
    Object.entries(backend.env ?? {}).flatMap(([key, text = '']) =>
      expand(text, environment).missing.map((variable) => ({
        path: ['backends', index, 'env', key],
        message: `backend ${backend.name ?? index}: ${
          variable === '' ? '${} names no variable' : `environment variable ${variable} not set`
        }`,
      })),
    ),
  );
}
