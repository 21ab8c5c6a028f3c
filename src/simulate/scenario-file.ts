import { existsSync } from 'node:fs';
import { byLine, decodeAs, located, locator, nearest, suggest } from '../config/decode.js';
import { durationMs, formatDuration, type Duration } from '../config/duration.js';
import type { Fault } from '../config/fault.js';
import { ConfigError, formatProblem, type Problem } from '../config/problems.js';
import { readSource } from '../config/source.js';
import { parseYaml } from '../config/yaml.js';
import { BUILT_IN } from './built-in.js';
import { MAX_ATTEMPTS, MAX_DURATION_MS, MAX_PHASES, SCENARIO_DEFAULTS } from './scenario.js';
import type { Phase, Scenario } from './scenario.js';
import { CONCERNED, ScenarioFile, TROUBLES } from './scenario-shape.js';
import type { PhaseSection } from './scenario-shape.js';

/** A scenario that was refused, with everything that is wrong with it. */
export class ScenarioError extends Error {
  override readonly name = 'ScenarioError';
  readonly code = 'INVALID_SCENARIO';

  constructor(
    readonly file: string,
    readonly problems: readonly Problem[],
  ) {
    super(problems.map(({ message }) => message).join('; '));
  }

  /** The problems, one line each: `file:line: key: message (did you mean "x"?)`. */
  lines(): string[] {
    return this.problems.map((problem) => formatProblem(this.file, problem));
  }
}

/**
 * The built-in scenario of this name, or else the one in this file.
 * @throws {ScenarioError} there is neither, or the file is refused
 */
export function findScenario(nameOrFile: string): Scenario {
  const known = BUILT_IN.find(({ name }) => name === nameOrFile);
  if (known) return known;
  if (!existsSync(nameOrFile)) {
    const names = BUILT_IN.map(({ name }) => name);
    const message = `neither a file nor a built-in scenario (${names.join(', ')})`;
    const suggestion = nearest(nameOrFile, names);
    throw new ScenarioError(nameOrFile, [{ key: '', message, ...(suggestion && { suggestion }) }]);
  }
  try {
    return parseScenario(readSource(nameOrFile), nameOrFile);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new ScenarioError(nameOrFile, error.problems);
  }
}

/**
 * Reads a scenario from YAML or JSON. `file` is the name for messages.
 * @throws {ScenarioError} with every problem of the first step that found any: parsing, shape, rules
 */
export function parseScenario(text: string, file: string): Scenario {
  const { documents, problems } = parseYaml(text);
  const [root, second] = documents;
  const refuse = (message: string) => new ScenarioError(file, [{ key: '', message }]);
  if (problems.length > 0) throw new ScenarioError(file, problems);
  if (root === undefined) throw refuse('the file is empty');
  if (second !== undefined) throw refuse('more than one document: a scenario is one');
  const decoded = decodeAs(ScenarioFile, root);
  if ('problems' in decoded) throw new ScenarioError(file, decoded.problems);
  const faults = [...faultsOf(decoded.file)];
  if (faults.length > 0) throw new ScenarioError(file, byLine(located(faults, locator(root))));
  return settled(decoded.file, file);
}

function* faultsOf({ duration, traffic, phases }: ScenarioFile): Generator<Fault> {
  const { callsPerSecond = SCENARIO_DEFAULTS.callsPerSecond, latency } = traffic ?? {};
  if (duration === undefined) yield { path: ['duration'], message: 'is required: how long the whole takes' };
  else if (duration <= 0n || durationMs(duration) > MAX_DURATION_MS) {
    yield { path: ['duration'], message: 'must be more than 0 and at most 24h' };
  }
  const path = ['traffic', 'callsPerSecond'];
  const calls = (durationMs(duration ?? 0n) / 1000) * callsPerSecond;
  if (callsPerSecond < 0) yield { path, message: 'must be at least 0' };
  else if (calls > MAX_ATTEMPTS) {
    const message = `makes ${Math.round(calls)} calls of it, at most ${MAX_ATTEMPTS} are simulated: shorten duration, or lower this`;
    yield { path, message };
  }
  if (latency !== undefined && isTooShort(latency)) {
    yield { path: ['traffic', 'latency'], message: 'must be at least 1ms' };
  }
  if (phases === undefined || phases.length === 0) {
    yield {
      path: ['phases'],
      message: 'is required: what the backend does, e.g. {from: 10s, to: 70s, is: down}',
    };
  } else if (phases.length > MAX_PHASES) {
    yield { path: ['phases'], message: `must be at most ${MAX_PHASES}` };
  } else {
    for (const [index, phase] of phases.entries()) {
      for (const { path: within, ...rest } of phaseFaults(phase, phases[index - 1]?.to, duration)) {
        yield { path: ['phases', index, ...within], ...rest };
      }
    }
  }
}

function* phaseFaults(
  phase: PhaseSection,
  before: Duration = 0n,
  end: Duration | undefined,
): Generator<Fault> {
  const { from, to, is, only } = phase;
  if (from === undefined) yield { path: ['from'], message: 'is required' };
  else if (from < before) {
    yield {
      path: ['from'],
      message: `must not be before ${formatDuration(before)}, when the phase before it is over`,
    };
  }
  if (to === undefined) yield { path: ['to'], message: 'is required' };
  else if (to <= (from ?? 0n)) yield { path: ['to'], message: 'must be after from' };
  else if (end !== undefined && to > end) {
    yield { path: ['to'], message: `must not be after ${formatDuration(end)}, when the scenario ends` };
  }
  if (only !== undefined) yield* oneOf('only', only, CONCERNED);
  if (is === undefined) yield { path: ['is'], message: `is required: ${TROUBLES.join(', ')}` };
  else if (!isTrouble(is)) yield* oneOf('is', is, TROUBLES);
  else yield* ownKeys(phase, is);
}

type Own = 'latency' | 'rate' | 'downFor' | 'upFor';
/** The keys that one trouble needs and no other may have. */
const OWN: Readonly<Record<(typeof TROUBLES)[number], readonly Own[]>> = {
  down: [],
  hanging: [],
  slow: ['latency'],
  flapping: ['downFor', 'upFor'],
  failing: ['rate'],
};

function* ownKeys(phase: PhaseSection, is: (typeof TROUBLES)[number]): Generator<Fault> {
  for (const key of ['latency', 'rate', 'downFor', 'upFor'] as const) {
    const value = phase[key];
    const belongs = OWN[is].includes(key);
    if (value === undefined) {
      if (belongs) yield { path: [key], message: `is required where the backend is ${is}` };
    } else if (!belongs) yield { path: [key], message: `means nothing where the backend is ${is}` };
    else if (typeof value === 'number') {
      if (value <= 0 || value > 1) yield { path: [key], message: 'must be more than 0 and at most 1' };
    } else if (isTooShort(value)) yield { path: [key], message: 'must be at least 1ms' };
  }
}

function isTooShort(duration: Duration): boolean {
  return duration < 1_000_000n;
}

function isTrouble(is: string): is is (typeof TROUBLES)[number] {
  return TROUBLES.some((trouble) => trouble === is);
}

function* oneOf(key: string, value: string, known: readonly string[]): Generator<Fault> {
  if (known.includes(value)) return;
  yield { path: [key], message: `must be one of ${known.join(', ')}`, ...suggest(value, known) };
}

/** The rules have seen that everything is there. */
function settled(
  { name, description, duration = 0n, traffic, phases = [], backend, seed }: ScenarioFile,
  file: string,
): Scenario {
  const { latency, callsPerSecond = SCENARIO_DEFAULTS.callsPerSecond } = traffic ?? {};
  return {
    name: name ?? file,
    description: description ?? '',
    durationMs: wholeMs(duration),
    callsPerSecond,
    latencyMs: latency === undefined ? SCENARIO_DEFAULTS.latencyMs : wholeMs(latency),
    phases: phases.map(phaseOf),
    ...(backend !== undefined && { backend }),
    seed: seed ?? SCENARIO_DEFAULTS.seed,
  };
}

function phaseOf({ from = 0n, to = 0n, is, only, ...own }: PhaseSection): Phase {
  const { latency = 0n, rate = 0, downFor = 0n, upFor = 0n } = own;
  const time: Pick<Phase, 'fromMs' | 'toMs' | 'only'> = {
    fromMs: wholeMs(from),
    toMs: wholeMs(to),
    ...(only !== undefined && { only: only === 'calls' ? 'calls' : 'checks' }),
  };
  switch (is) {
    case 'hanging':
      return { ...time, is };
    case 'slow':
      return { ...time, is, latencyMs: wholeMs(latency) };
    case 'flapping':
      return { ...time, is, downMs: wholeMs(downFor), upMs: wholeMs(upFor) };
    case 'failing':
      return { ...time, is, rate };
    case undefined:
    default:
      return { ...time, is: 'down' };
  }
}

/** Times that add up exactly, whatever they are added to. */
function wholeMs(duration: Duration): number {
  return Math.round(durationMs(duration));
}
