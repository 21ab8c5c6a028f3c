import { shouldRoute } from '../../machines/policy.js';
import type { BackendEntry, VmcpConfig } from '../config/config.js';
import { createEngine } from '../create-engine.js';
import type { Backend } from '../engine/backend-handle.js';
import type { Permit } from '../engine/permit.js';
import { VirtualClock } from '../engine/virtual-clock.js';
import { bucketsOf, figuresOf, outagesOf } from './figures.js';
import { seededRandom } from './random.js';
import { Recorder } from './recorder.js';
import type { CallRecord, CheckRecord } from './recorder.js';
import { MAX_ATTEMPTS } from './scenario.js';
import type { Scenario } from './scenario.js';
import { ScriptedBackend } from './scripted-backend.js';
import type { Ending } from './scripted-backend.js';
import type { Run, Simulation } from './simulation.js';
import { timelineOf } from './timeline.js';

/** A configuration and a scenario that cannot be put together. */
export class SimulationError extends Error {
  override readonly name = 'SimulationError';
  readonly code = 'SIMULATION_REFUSED';
}

/** States of one lane that are kept. */
const MAX_STAYS = 2000;

/**
 * Runs a scenario against one backend of each configuration: the real engine and its machines, on a clock that
 * moves by itself. The same arguments give the same result.
 *
 * @param backend which backend; default: the scenario's, else the first of the first configuration. Another
 * configuration that has none of this name is asked for its first.
 * @throws {SimulationError} there is no such backend, or it would be checked too often
 */
export async function simulate(
  configs: readonly VmcpConfig[],
  scenario: Scenario,
  backend: string | undefined = scenario.backend,
): Promise<Simulation> {
  const [first] = configs;
  const asked = backend ?? first?.backends[0]?.name;
  const entries = configs.map((config) => entryOf(config, asked, backend !== undefined && config === first));
  const runs: Run[] = [];
  for (const [index, entry] of entries.entries()) {
    runs.push(await runOf(configs[index]?.file ?? '', entry, scenario));
  }
  return { scenario, runs };
}

function entryOf({ file, backends }: VmcpConfig, name: string | undefined, isStrict: boolean): BackendEntry {
  const [first] = backends;
  const entry = backends.find((candidate) => candidate.name === name);
  if (!first) throw new SimulationError(`${file} has no backend whose failures could be simulated`);
  if (!entry && isStrict) {
    const names = backends.slice(0, 10).map((candidate) => candidate.name);
    const more = backends.length > names.length ? ', …' : '';
    throw new SimulationError(`${file} has no backend "${name ?? ''}"; it has ${names.join(', ')}${more}`);
  }
  return entry ?? first;
}

async function runOf(config: string, entry: BackendEntry, scenario: Scenario): Promise<Run> {
  const { name, policy, timeoutMs } = entry;
  const { durationMs } = scenario;
  const checks = durationMs / (policy.health.checkIntervalMs * 0.9);
  if (checks > MAX_ATTEMPTS) {
    throw new SimulationError(
      `${config}: ${name} would be checked ${Math.round(checks)} times, at most ${MAX_ATTEMPTS} are simulated: shorten the scenario`,
    );
  }
  const play = new Play(entry, scenario);
  const counts = await play.run();
  const { recorder } = play;
  const outages = outagesOf(recorder, scenario);
  const timeline = timelineOf(recorder, scenario, outages);
  const { enabled, observeOnly = false } = policy.circuit;
  return {
    config,
    backend: name,
    breaker: !enabled ? 'disabled' : observeOnly ? 'observed' : 'enforced',
    failureHandling: Object.fromEntries(entry.effective.map(({ key, value }) => [key, value])),
    callTimeoutMs: timeoutMs,
    figures: figuresOf(recorder, counts, durationMs),
    outages: outages.map(({ figures }) => figures),
    timeline: timeline.entries,
    timelineLeftOut: timeline.leftOut,
    circuit: enabled ? recorder.stays('circuit', durationMs).slice(0, MAX_STAYS) : [],
    health: recorder.stays('health', durationMs).slice(0, MAX_STAYS),
    buckets: bucketsOf(recorder.calls, durationMs),
  };
}

/** One scenario in front of one backend's engine. */
class Play {
  readonly clock = new VirtualClock();
  readonly recorder: Recorder;
  readonly #scripted: ScriptedBackend;
  readonly #engine: ReturnType<typeof createEngine>;
  readonly #backend: Backend;
  readonly #out = new Map<Permit, CallRecord>();
  #asked = 0;

  constructor(
    private readonly entry: BackendEntry,
    private readonly scenario: Scenario,
  ) {
    const { name, policy } = entry;
    // Each with its own numbers, so that more checks do not change which calls fail.
    this.#scripted = new ScriptedBackend(scenario, seededRandom(scenario.seed));
    this.#engine = createEngine(
      { backends: { [name]: policy } },
      {
        clock: this.clock,
        random: seededRandom(scenario.seed + 1),
        check: (_, { signal }) => this.#check(signal),
      },
    );
    this.#backend = this.#engine.backend(name);
    this.recorder = new Recorder(this.#backend);
  }

  /** What became of the calls; those that were still out at the end are released. */
  async run() {
    const unsubscribe = this.#engine.subscribe((event) => {
      this.recorder.event(event);
    });
    this.#engine.start();
    this.#askNext();
    await this.clock.run(this.scenario.durationMs);
    unsubscribe();
    for (const [permit, record] of this.#out) this.#settle(permit, record, 'released');
    const { calls } = this.#backend.status();
    const stopped = this.#engine.stop({ drainMs: 0 });
    await this.clock.run(0);
    await stopped;
    return calls;
  }

  /** By their number, so that no error adds up. */
  #askNext(): void {
    const { callsPerSecond, durationMs } = this.scenario;
    const atMs = ((this.#asked + 0.5) * 1000) / callsPerSecond;
    if (callsPerSecond === 0 || atMs >= durationMs) return;
    this.#asked += 1;
    this.clock.setTimeout(() => {
      this.#call();
      this.#askNext();
    }, atMs - this.clock.now());
  }

  /** As the gateway makes one. */
  #call(): void {
    const now = this.clock.now();
    const record: CallRecord = { fromMs: now, toMs: now, end: 'refused' };
    this.recorder.calls.push(record);
    const permit = this.#backend.permit();
    if (!permit.admitted) {
      record.code = permit.code;
      return;
    }
    if (!shouldRoute(this.#backend.standing)) {
      record.end = 'released';
      permit.release();
      return;
    }
    this.#out.set(permit, record);
    const { standing } = this.#backend;
    const isProbe = standing.circuit === 'halfOpen' && standing.observing !== true;
    const { atMs, category } = this.#limited(this.#scripted.attempt('call', now), now);
    if (category) record.category = category;
    this.clock.setTimeout(() => {
      record.toMs = this.clock.now();
      // One that ends when half-open is over has decided nothing.
      const isInTime = permit.generation === this.#backend.status().generation;
      if (isProbe && isInTime) this.recorder.attempt('call', record);
      this.#settle(permit, record, category ? 'failed' : 'succeeded');
    }, atMs - now);
  }

  /** One that would end exactly at its time limit has timed out. */
  #limited(ending: Ending, now: number): Ending {
    const limit = now + this.entry.timeoutMs;
    return ending.atMs < limit ? ending : { atMs: limit, category: 'timeout' };
  }

  #settle(permit: Permit, record: CallRecord, end: CallRecord['end']): void {
    this.#out.delete(permit);
    record.toMs = this.clock.now();
    record.end = end;
    if (end === 'succeeded') permit.succeed();
    else if (end === 'released') permit.release();
    else permit.fail({ category: record.category ?? 'backend_unavailable' });
  }

  #check(signal: AbortSignal): Promise<unknown> {
    const { clock, recorder } = this;
    const now = clock.now();
    const record: CheckRecord = { fromMs: now, toMs: now };
    recorder.checks.push(record);
    const isProbe = this.#backend.standing.circuit === 'halfOpen';
    const { atMs, category } = this.#scripted.attempt('check', now);
    const end = (found: CheckRecord['found'], why = category) => {
      if (record.found) return;
      record.toMs = clock.now();
      if (!found) return;
      record.found = found;
      if (why) record.category = why;
      if (isProbe) recorder.attempt('check', record);
    };
    return new Promise((resolve) => {
      const timer = clock.setTimeout(() => {
        end(category ? 'failed' : 'succeeded');
        resolve(category ? { kind: 'failed', failure: { category } } : undefined);
      }, atMs - now);
      signal.addEventListener('abort', () => {
        clock.clearTimeout(timer);
        // It has timed out, or was given up for another.
        const isOver = clock.now() - now >= this.entry.policy.health.checkTimeoutMs;
        if (isOver) end('failed', 'timeout');
        else end(undefined);
      });
    });
  }
}
