import { until } from '../../e2e/processes.js';
import type { Backend, Contender, Running } from './contenders.js';
import { Samples } from './figures.js';
import type { Figures, Way } from './figures.js';
import type { Servers } from './processes.js';
import type { Bench } from './speed.js';

const STARTS = 4;
const PATIENCE_MS = 30_000;
/** Sessions that are open before any is counted: what is made once is made. */
const FIRST_SESSIONS = 20;
export const SESSIONS = 500;
export const BACKENDS = 100;
const TOOLS_EACH = 10;

/** How long each way takes to start, what each client session costs it and, where it has many backends, each backend. */
export async function measureFootprint(
  contenders: ReadonlyMap<Way, Contender>,
  many: ReadonlySet<Way>,
  servers: Servers,
  bench: Bench,
): Promise<Figures> {
  const samples = new Samples();
  const one: readonly Backend[] = [{ name: 'b0', url: servers.url() }];
  const attempt = async (way: Way, what: () => Promise<Record<string, number>>): Promise<void> => {
    bench.say(`footprint of ${way}`);
    try {
      samples.add(way, await what());
    } catch (error) {
      if (way === 'breakwater') throw error;
      bench.drop(way, error);
    }
  };
  for (let start = 0; start < STARTS; start += 1) {
    for (const [way, contender] of contenders) await attempt(way, () => starting(contender, one, bench));
  }
  for (const [way, contender] of contenders) await attempt(way, () => perSession(contender, one, bench));
  for (const [way, contender] of contenders) {
    if (many.has(way)) await attempt(way, () => perBackend(contender, servers, bench));
  }
  return samples.lowerQuartiles();
}

async function starting(contender: Contender, backends: readonly Backend[], { load }: Bench) {
  const sinceMs = performance.timeOrigin + performance.now();
  const running = await contender(backends);
  try {
    const { initialized, called } = await load.do('first', {
      target: running.target('b0'),
      sinceMs,
      patienceMs: PATIENCE_MS,
    });
    return { 'start initialize': initialized, 'start call': called };
  } finally {
    await running.end();
  }
}

async function perSession(contender: Contender, backends: readonly Backend[], { load }: Bench) {
  const running = await contender(backends);
  try {
    const target = running.target('b0');
    await load.do('first', {
      target,
      sinceMs: performance.timeOrigin + performance.now(),
      patienceMs: PATIENCE_MS,
    });
    await load.do('hold', { target, count: FIRST_SESSIONS });
    const before = await memoryOf(running);
    await load.do('hold', { target, count: SESSIONS });
    const after = await memoryOf(running);
    return {
      'session heap': (after.heap - before.heap) / SESSIONS,
      'session rss': (after.rss - before.rss) / SESSIONS,
    };
  } finally {
    await running.end();
    await load.do('drop', undefined);
  }
}

async function perBackend(contender: Contender, servers: Servers, bench: Bench) {
  const few = await memoryWith(1, contender, servers, bench);
  const many = await memoryWith(1 + BACKENDS, contender, servers, bench);
  return {
    'backend heap': (many.heap - few.heap) / BACKENDS,
    'backend rss': (many.rss - few.rss) / BACKENDS,
  };
}

/** When it has heard from each of them. */
async function memoryWith(count: number, contender: Contender, servers: Servers, { load }: Bench) {
  const url = servers.url(String(TOOLS_EACH));
  const running = await contender(Array.from({ length: count }, (_, index) => ({ name: `b${index}`, url })));
  try {
    const target = running.target('b0');
    await load.do('first', {
      target,
      sinceMs: performance.timeOrigin + performance.now(),
      patienceMs: PATIENCE_MS,
    });
    await until(
      'it lists the tools of all its backends',
      async () => (await load.do('list', { target, times: 1 })).tools === count * TOOLS_EACH,
      PATIENCE_MS,
    );
    return await memoryOf(running);
  } finally {
    await running.end();
  }
}

async function memoryOf({ processes }: Running): Promise<{ heap: number; rss: number }> {
  const each = await Promise.all(processes.map((process) => process.ask('memory')));
  return {
    heap: each.reduce((sum, { heap }) => sum + heap, 0),
    rss: each.reduce((sum, { rss }) => sum + rss, 0),
  };
}
