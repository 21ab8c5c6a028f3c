import { until } from '../../e2e/processes.js';
import type { Backend, Contender } from './contenders.js';
import { Samples } from './figures.js';
import type { Figures, Way } from './figures.js';
import type { Servers } from './processes.js';
import { startAll } from './speed.js';
import type { Bench } from './speed.js';

export const SIZES = [10, 1000, 10_000] as const;
/** A backend with more tools is several, where a gateway can have several. */
const MOST_PER_BACKEND = 1000;
/** Ways that lead to one backend only. */
const SINGLE: ReadonlySet<Way> = new Set<Way>(['direct', 'bytes', 'civic']);
const ROUNDS = 8;
const READY_MS = 30_000;

/** `tools/list` whole, all its pages, of few, many and very many tools. */
export async function measureLists(
  contenders: ReadonlyMap<Way, Contender>,
  servers: Servers,
  bench: Bench,
): Promise<Figures> {
  const samples = new Samples();
  for (const size of SIZES) {
    const ways = new Map(
      [...contenders].map(([way, contender]): [Way, Contender] => [
        way,
        () => contender(backendsOf(way, size, servers)),
      ]),
    );
    const first = backendsOf('direct', size, servers);
    const started = await startAll(ways, first, bench);
    for (const [way, running] of [...started]) {
      const target = running.target('b0');
      try {
        await until(
          `${way} lists ${size} tools`,
          async () => (await bench.load.do('list', { target, times: 1 })).tools === size,
          READY_MS,
        );
      } catch (error) {
        if (way === 'breakwater') throw error;
        bench.drop(way, error);
        started.delete(way);
        await running.end();
      }
    }
    for (let round = 0; round < ROUNDS; round += 1) {
      bench.say(`list of ${size} tools, round ${round + 1} of ${ROUNDS}`);
      for (const [way, running] of started) {
        const times = size > MOST_PER_BACKEND ? 2 : 5;
        const { ms, bytes, pages } = await bench.load.do('list', { target: running.target('b0'), times });
        samples.add(way, { [`${size} ms`]: ms, [`${size} bytes`]: bytes, [`${size} pages`]: pages });
      }
    }
    await Promise.all([...started.values()].map((running) => running.end()));
  }
  return samples.lowerQuartiles();
}

function backendsOf(way: Way, size: number, servers: Servers): Backend[] {
  const each = SINGLE.has(way) ? size : Math.min(size, MOST_PER_BACKEND);
  return Array.from({ length: size / each }, (_, index) => ({
    name: `b${index}`,
    url: servers.url(String(each)),
  }));
}
