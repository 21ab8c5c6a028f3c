/**
 * What callers of the other backends feel while one backend is killed, stays away and comes back: the p99 of
 * `tools/list` and of calls to two healthy backends in that time, over their p99 before, in one run with real servers.
 *
 * Run it with `npm run bench:outage`; `--json` prints the figures for machines. It takes about a minute.
 */
import { threeServers } from '../e2e/backends.js';
import { everything, freePort, kill } from '../e2e/processes.js';
import { configuration, Served, temporaryFolder } from '../e2e/served.js';
import type { Caller } from '../e2e/served.js';

/** Time between two measurements of one kind. */
const PAUSE_MS = 10;
const BEFORE_MS = 20_000;
/** How long the killed backend stays away. Its circuit opens at once, and is half-open after 5 s each time. */
const AWAY_MS = 15_000;
const BACK_MS = 10_000;
/** Between two calls to the backend that is killed. */
const POKE_MS = 50;
const BUDGET = 2;

const KINDS = {
  'tools/list': (client: Caller) => client.tools(),
  'call to memory': (client: Caller) => client.call('memory_read_graph'),
  'call to filesystem': (client: Caller) => client.call('filesystem_list_allowed_directories'),
} as const;
type Kind = keyof typeof KINDS;
type Samples = Record<Kind, number[]>;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const none = (): Samples => ({ 'tools/list': [], 'call to memory': [], 'call to filesystem': [] });

const folder = temporaryFolder();
const port = await freePort();
let server = await everything(port);
const gateway = await Served.start(
  configuration(threeServers(port, folder), {
    healthCheckInterval: '5s',
    healthCheckTimeout: '2s',
    unhealthyThreshold: 2,
    circuitBreaker: { enabled: true, failureThreshold: 3, timeout: '5s' },
  }),
);
await gateway.serving();

let samples = none();
const refused: number[] = [];
const state = { running: true };
const kinds = Object.keys(KINDS) as Kind[];
const measuring = kinds.map(async (kind) => {
  const client = await gateway.client();
  while (state.running) {
    const from = performance.now();
    await KINDS[kind](client);
    samples[kind].push(performance.now() - from);
    await pause(PAUSE_MS);
  }
  await client.client.close();
});
const poking = (async () => {
  const client = await gateway.client();
  while (state.running) {
    const { unavailable, tookMs } = await client.call('everything_echo', { message: 'x' });
    if (unavailable?.['code'] === 'CIRCUIT_OPEN') refused.push(tookMs);
    await pause(POKE_MS);
  }
  await client.client.close();
})();

await pause(2000);
samples = none();
process.stderr.write(`measuring ${(BEFORE_MS + AWAY_MS + BACK_MS) / 1000} s: before the outage …`);
await pause(BEFORE_MS);
const before = samples;
samples = none();
process.stderr.write(' during it …');
await kill(server);
await pause(AWAY_MS);
server = await everything(port);
await pause(BACK_MS);
const during = samples;
state.running = false;
await Promise.all([...measuring, poking]);
const transitions = gateway.changes('everything').map(({ to }) => String(to));
await gateway.destroy();
await kill(server);
process.stderr.write(' done\n');

const rows = kinds.map((kind) => {
  const [beforeP99, duringP99] = [quantile(before[kind], 0.99), quantile(during[kind], 0.99)];
  return {
    kind,
    calls: before[kind].length + during[kind].length,
    beforeP99,
    duringP99,
    ratio: duringP99 / beforeP99,
  };
});
const refusal = { calls: refused.length, p50: quantile(refused, 0.5), p99: quantile(refused, 0.99) };

if (process.argv.includes('--json')) {
  process.stdout.write(`${JSON.stringify({ rows, refusal, transitions, budget: BUDGET }, null, 2)}\n`);
} else {
  const table = rows.map(({ kind, calls, beforeP99, duringP99, ratio }) =>
    [
      kind.padEnd(20),
      String(calls).padStart(6),
      `${beforeP99.toFixed(1)} ms`.padStart(12),
      `${duringP99.toFixed(1)} ms`.padStart(12),
      ratio.toFixed(2).padStart(7),
    ].join(' '),
  );
  const head = ['what'.padEnd(20), ' calls', '  p99 before', '  p99 during', '  ratio'].join(' ');
  process.stdout.write(`${[head, ...table].join('\n')}\n`);
  process.stdout.write(
    `refused while open: ${refusal.calls} calls, p50 ${refusal.p50.toFixed(1)} ms, p99 ${refusal.p99.toFixed(1)} ms\n`,
  );
  process.stdout.write(`circuit of the killed backend: closed → ${transitions.join(' → ')}\n`);
}
if (rows.some(({ ratio }) => ratio > BUDGET)) {
  process.stderr.write(`over the budget of ${BUDGET}\n`);
  process.exitCode = 1;
}

function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
}
