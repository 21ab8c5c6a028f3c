import type { Backend, Contender, Running } from './contenders.js';
import { Samples } from './figures.js';
import type { Figures, Way } from './figures.js';
import type { Load, Target } from './processes.js';

/** One short measurement of one way. */
interface Chunk {
  /** What its figures are called, e.g. `lean 16`. */
  readonly name: string;
  readonly backend: string;
  readonly client: 'lean' | 'sdk';
  readonly inFlight: number;
  readonly ms: number;
}

export interface SpeedPlan {
  readonly backends: readonly Backend[];
  readonly chunks: readonly Chunk[];
  /** How long all rounds together may take. */
  readonly wholeMs: number;
}

/** Rounds that only warm up. */
const COLD_ROUNDS = 3;
const LEAST_ROUNDS = 3;
/** Rounds that one way may miss. */
const MOST_MISSES = 2;
const START_MS = 20_000;

/** What the parts have at hand. */
export interface Bench {
  readonly load: Load;
  readonly say: (progress: string) => void;
  /** A way that does not go on, and why. */
  readonly drop: (way: Way, why: unknown) => void;
  /** A round of a way that did not come to its end, and why. */
  readonly miss: (way: Way, why: unknown) => void;
}

/** Starts ways to the same backends, and waits until each answers. What does not is dropped, unless it is needed. */
export async function startAll(
  contenders: ReadonlyMap<Way, Contender>,
  backends: readonly Backend[],
  { load, drop }: Bench,
): Promise<Map<Way, Running>> {
  const all = new Map<Way, Running>();
  for (const [way, contender] of contenders) {
    const running = await contender(backends);
    try {
      const sinceMs = performance.timeOrigin + performance.now();
      for (const { name } of backends)
        await load.do('first', { target: running.target(name), sinceMs, patienceMs: START_MS });
      all.set(way, running);
    } catch (error) {
      await running.end();
      if (way === 'direct' || way === 'breakwater') throw error;
      drop(way, error);
    }
  }
  return all;
}

/** Calls by all ways in turn, in many short rounds; of each figure the lower quartile of the rounds. */
export async function measureSpeed(
  contenders: ReadonlyMap<Way, Contender>,
  { backends, chunks, wholeMs }: SpeedPlan,
  bench: Bench,
): Promise<{ figures: Figures; rounds: number }> {
  const ways = await startAll(contenders, backends, bench);
  const samples = new Samples();
  const misses = new Map<Way, number>();
  const end = performance.now() + wholeMs;
  let rounds = -COLD_ROUNDS;
  for (; rounds < LEAST_ROUNDS || performance.now() < end; rounds += 1) {
    bench.say(`calls, round ${rounds + 1}`);
    for (const [way, running] of [...ways]) {
      try {
        for (const chunk of chunks) {
          const found = await measure(running, chunk, bench.load);
          if (rounds >= 0) samples.add(way, found);
        }
      } catch (error) {
        bench.miss(way, error);
        misses.set(way, (misses.get(way) ?? 0) + 1);
        if ((misses.get(way) ?? 0) <= MOST_MISSES) continue;
        if (way === 'direct' || way === 'breakwater') throw error;
        bench.drop(way, error);
        samples.remove(way);
        ways.delete(way);
        await running.end();
      }
    }
  }
  await Promise.all([...ways.values()].map((running) => running.end()));
  return { figures: samples.lowerQuartiles(), rounds };
}

async function measure(
  running: Running,
  { name, backend, client, inFlight, ms }: Chunk,
  load: Load,
): Promise<Record<string, number>> {
  const target: Target = { ...running.target(backend), client };
  const before = await cpuOf(running);
  const { p50, p99, msPerCall, made } = await load.do('calls', { target, inFlight, ms });
  const cpu = ((await cpuOf(running)) - before) / made;
  return {
    [`${name} p50`]: p50,
    [`${name} p99`]: p99,
    [`${name} ms`]: msPerCall,
    ...(running.processes.length > 0 && { [`${name} cpu`]: cpu }),
  };
}

async function cpuOf({ processes }: Running): Promise<number> {
  const each = await Promise.all(processes.map((process) => process.ask('cpu')));
  return each.reduce((sum, ms) => sum + ms, 0);
}
