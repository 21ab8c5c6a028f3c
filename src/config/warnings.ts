import { soundsSecret } from './credentials.js';
import { nearest, type Locate } from './decode.js';
import { BACKEND_DEFAULTS, STATUS_REPORTING_INTERVAL_MS, TIMEOUT_MS } from './defaults.js';
import { durationFromMs, formatDuration } from './duration.js';
import { FAILURE_THRESHOLD } from './engine-config.js';
import type { ConfigFile } from './file-shape.js';
import { OPERATIONAL_PATH } from './layers.js';
import type { Notice } from './problems.js';
import type { Path } from './yaml-tree.js';

/** What the reference accepts in silence and its author probably did not mean; all but failure handling. */
export function warnings(file: ConfigFile, locate: Locate): Notice[] {
  const notices: Notice[] = [];
  const warn = (path: Path, message: string) => {
    const { key, line } = locate(path);
    notices.push({ severity: 'warning', key, line, message });
  };
  replacedZeros(file, warn);
  const mode = file.operational?.failureHandling?.partialFailureMode ?? '';
  if (mode === '') {
    const message = 'not set: it behaves as best_effort, although ToolHive documents fail as the default';
    warn([...OPERATIONAL_PATH, 'partialFailureMode'], message);
  }
  const logLevel = file.operational?.logLevel ?? '';
  if (logLevel !== '' && logLevel !== 'debug') {
    warn(['operational', 'logLevel'], 'the only value is debug; info is used');
  }
  backendNames(file, warn);
  commandLines(file, warn);
  unknownNames(file, warn);
  hiddenByFilter(file, warn);
  inlineSecrets(file, warn);
  return notices;
}

type Warn = (path: Path, message: string) => void;

/** The reference fills in zeros as if they had not been written. */
function replacedZeros({ operational }: ConfigFile, warn: Warn): void {
  const { circuit, health } = BACKEND_DEFAULTS;
  const section = operational?.failureHandling;
  const zeros: [Path, unknown, number | string][] = [
    [['operational', 'timeouts', 'default'], operational?.timeouts?.default, shown(TIMEOUT_MS)],
    [['healthCheckInterval'], section?.healthCheckInterval, shown(health.checkIntervalMs)],
    // Documented as "no timeout"; the reference takes its default instead.
    [['healthCheckTimeout'], section?.healthCheckTimeout, shown(health.checkTimeoutMs)],
    [['unhealthyThreshold'], section?.unhealthyThreshold, health.unhealthyThreshold],
    [['statusReportingInterval'], section?.statusReportingInterval, shown(STATUS_REPORTING_INTERVAL_MS)],
    [
      ['circuitBreaker', 'failureThreshold'],
      section?.circuitBreaker?.failureThreshold,
      section?.circuitBreaker?.rates?.length ? 'none' : FAILURE_THRESHOLD,
    ],
    [['circuitBreaker', 'timeout'], section?.circuitBreaker?.timeout, shown(circuit.openMs)],
  ];
  for (const [path, value, fallback] of zeros) {
    if (value !== 0 && value !== 0n) continue;
    const at = path[0] === 'operational' ? path : [...OPERATIONAL_PATH, ...path];
    warn(at, `zero counts as not set: ${fallback} is used`);
  }
}

function shown(ms: number): string {
  return formatDuration(durationFromMs(ms));
}

/** Two backends of one name cannot both be called: the first is used. */
function backendNames({ backends = [] }: ConfigFile, warn: Warn): void {
  const first = new Map<string, number>();
  const folded = new Map<string, string>();
  for (const [index, { name = '' }] of backends.entries()) {
    const earlier = first.get(name);
    if (earlier !== undefined) {
      const message = `duplicate backend name "${name}": backends[${earlier}] is used, this one is left out`;
      warn(['backends', index, 'name'], message);
      continue;
    }
    first.set(name, index);
    const fold = name.normalize('NFKC').toLowerCase();
    const alike = folded.get(fold);
    if (alike !== undefined) {
      warn(['backends', index, 'name'], `"${name}" and "${alike}" are two backends, and easily mistaken`);
    }
    folded.set(fold, name);
    if (!/^[\w.-]*$/.test(name)) {
      const message = `${JSON.stringify(name)} becomes part of tool names, in which many clients take only letters, digits, "_", "-" and "."`;
      warn(['backends', index, 'name'], message);
    }
  }
  if (backends.length === 0) warn(['backends'], 'no backends: nothing will be served');
}

/** No shell splits a command: a whole command line is the name of no program. */
function commandLines({ backends = [] }: ConfigFile, warn: Warn): void {
  for (const [index, { command = '' }] of backends.entries()) {
    // A path may well have spaces.
    if (!/^[^\s/\\]+\s/.test(command)) continue;
    const message = 'has a space, and no shell splits it: the program alone belongs here, the rest into args';
    warn(['backends', index, 'command'], message);
  }
}

/** Names that no backend has: the reference accepts them, and they do nothing. */
function unknownNames(file: ConfigFile, warn: Warn): void {
  const known = (file.backends ?? []).map(({ name = '' }) => name);
  if (known.length === 0) return;
  const check = (name: string, path: Path) => {
    if (known.includes(name)) return;
    const near = nearest(name, known);
    const hint = near === undefined ? '' : ` (did you mean "${near}"?)`;
    warn(path, `no backend is named "${name}"${hint}`);
  };
  const { aggregation, operational, outgoingAuth } = file;
  for (const name of Object.keys(operational?.timeouts?.perWorkload ?? {})) {
    check(name, ['operational', 'timeouts', 'perWorkload', name]);
  }
  for (const name of Object.keys(outgoingAuth?.backends ?? {})) {
    check(name, ['outgoingAuth', 'backends', name]);
  }
  for (const [index, { workload = '' }] of (aggregation?.tools ?? []).entries()) {
    check(workload, ['aggregation', 'tools', index, 'workload']);
  }
  for (const [index, name] of (aggregation?.conflictResolutionConfig?.priorityOrder ?? []).entries()) {
    check(name, ['aggregation', 'conflictResolutionConfig', 'priorityOrder', index]);
  }
}

/** A filter is compared with names after overrides: one with the original name hides the renamed tool. */
function hiddenByFilter({ aggregation }: ConfigFile, warn: Warn): void {
  for (const [index, { filter = [], overrides = {} }] of (aggregation?.tools ?? []).entries()) {
    for (const [position, tool] of filter.entries()) {
      const renamed = Object.hasOwn(overrides, tool) ? (overrides[tool]?.name ?? '') : '';
      if (renamed === '' || renamed === tool || filter.includes(renamed)) continue;
      const message = `"${tool}" is renamed to "${renamed}", and a filter takes the new name: it is not listed`;
      warn(['aggregation', 'tools', index, 'filter', position], message);
    }
  }
}

function inlineSecrets({ outgoingAuth }: ConfigFile, warn: Warn): void {
  const check = (path: Path, name = '', value = '') => {
    if (value === '' || !soundsSecret(name)) return;
    const message = 'looks like a secret in the file: use headerValueEnv';
    warn([...path, 'headerInjection', 'headerValue'], message);
  };
  const fallback = outgoingAuth?.default?.headerInjection;
  check(['outgoingAuth', 'default'], fallback?.headerName, fallback?.headerValue);
  for (const [name, strategy] of Object.entries(outgoingAuth?.backends ?? {})) {
    const injection = strategy?.headerInjection;
    check(['outgoingAuth', 'backends', name], injection?.headerName, injection?.headerValue);
  }
}
