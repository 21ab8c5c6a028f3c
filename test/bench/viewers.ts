/**
 * What callers feel of those who watch: the p99 of calls to a healthy backend while 300 others flap, with five viewers of
 * the live page over without any, by turns in one run with real processes.
 *
 * Run it with `npm run bench:viewers`; `--json` prints the figures for machines. It takes about two minutes.
 */
import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort, kill, launch, ROOT, until } from '../e2e/processes.js';
import { Caller, configuration, temporaryFolder } from '../e2e/served.js';
import { Scrape } from '../metrics/exposition.js';

const FLAPPING = 300;
const VIEWERS = 5;
/** How long a backend is up, and then down. */
const TURN_MS = 3000;
const ROUNDS = 4;
const ROUND_MS = 12_000;
/** What is not measured: backends that begin, viewers that have just come or gone. */
const SETTLE_MS = 2000;
/** Between two calls. */
const PAUSE_MS = 5;
const BUDGET = 1.5;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const say = (text: string): void => void process.stderr.write(text);

const backendPort = await freePort();
const backends = fork(join(import.meta.dirname, 'flapping-server.mjs'), [
  String(backendPort),
  String(TURN_MS),
]);
await once(backends, 'message');

const file = join(temporaryFolder(), 'vmcp.yaml');
const entry = (number: number): object => ({
  name: number === 0 ? 'healthy' : `flapping-${number}`,
  transport: 'streamable-http',
  url: `http://127.0.0.1:${backendPort}/${number}/mcp`,
});
writeFileSync(
  file,
  configuration(
    Array.from({ length: FLAPPING + 1 }, (_, number) => entry(number)),
    {
      healthCheckInterval: '1s',
      healthCheckTimeout: '500ms',
      unhealthyThreshold: 1,
      circuitBreaker: { enabled: true, failureThreshold: 1, timeout: '1s' },
    },
  ),
);
const port = await freePort();
const base = `http://127.0.0.1:${port}`;
const command = [join(ROOT, 'dist/src/main.js'), 'serve', '--config', file, '--port', String(port)];
// A log at `info` would tell of every transition to the one who measures, which costs it time.
const gateway = launch([...command, '--log-level', 'error'], {}, 'ignore');
await until('the gateway serves', async () => (await fetch(`${base}/readyz`).catch(() => undefined))?.ok);
const caller = await Caller.connect(base);
await until('the healthy backend serves', async () => !(await caller.call('healthy_echo')).isError);

/** Of all circuits together, since the start. */
async function transitions(): Promise<number> {
  const { samples } = new Scrape(await (await fetch(`${base}/metrics`)).text());
  const circuits = samples.filter(({ name }) => name === 'breakwater_circuit_transitions_total');
  return circuits.reduce((sum, { value }) => sum + value, 0);
}

interface Round {
  readonly tookMs: number[];
  readonly transitions: number;
  /** Bytes that each viewer was sent. */
  readonly bytes: number;
}

async function measure(viewers: number): Promise<Round> {
  const watching = viewers > 0 ? await watch(viewers) : undefined;
  await pause(SETTLE_MS);
  const before = await transitions();
  const tookMs: number[] = [];
  for (const end = performance.now() + ROUND_MS; performance.now() < end;) {
    const from = performance.now();
    const { isError } = await caller.call('healthy_echo');
    if (isError) throw new Error('the healthy backend is not well');
    tookMs.push(performance.now() - from);
    await pause(PAUSE_MS);
  }
  const bytes = watching === undefined ? 0 : (await bytesRead(watching)) / viewers;
  if (watching) await kill(watching);
  return { tookMs, transitions: (await transitions()) - before, bytes };
}

async function watch(viewers: number): Promise<ChildProcess> {
  const url = `${base}/api/events?status=true`;
  const child = fork(join(import.meta.dirname, 'viewers.mjs'), [url, String(viewers)]);
  await once(child, 'message');
  return child;
}

async function bytesRead(watching: ChildProcess): Promise<number> {
  watching.send('how much?');
  const [bytes] = (await once(watching, 'message')) as [number];
  return bytes;
}

say(`${FLAPPING} backends flap; ${2 * ROUNDS} rounds of ${(ROUND_MS + SETTLE_MS) / 1000} s:`);
const without: Round[] = [];
const watched: Round[] = [];
for (let round = 0; round < ROUNDS; round += 1) {
  without.push(await measure(0));
  say(' alone');
  watched.push(await measure(VIEWERS));
  say(' watched');
}
say(' done\n');
await caller.client.close();
await kill(gateway);
await kill(backends);

const row = (name: string, rounds: readonly Round[]) => {
  const tookMs = rounds.flatMap((round) => round.tookMs).sort((one, other) => one - other);
  const at = (share: number) => tookMs[Math.floor(tookMs.length * share)] ?? NaN;
  const seconds = (rounds.length * ROUND_MS) / 1000;
  const sum = (of: 'transitions' | 'bytes') => rounds.reduce((total, round) => total + round[of], 0);
  return {
    name,
    calls: tookMs.length,
    p50: at(0.5),
    p99: at(0.99),
    transitionsPerSecond: sum('transitions') / seconds,
    kilobytesPerSecond: sum('bytes') / seconds / 1000,
  };
};
const rows = [row('without viewers', without), row(`with ${VIEWERS} viewers`, watched)] as const;
const ratio = rows[1].p99 / rows[0].p99;

if (process.argv.includes('--json')) {
  process.stdout.write(`${JSON.stringify({ rows, ratio, budget: BUDGET }, null, 2)}\n`);
} else {
  for (const { name, calls, p50, p99, transitionsPerSecond, kilobytesPerSecond } of rows) {
    process.stdout.write(
      `${name.padEnd(16)} ${calls} calls, p50 ${p50.toFixed(2)} ms, p99 ${p99.toFixed(2)} ms; ` +
        `${transitionsPerSecond.toFixed(0)} transitions/s, ${kilobytesPerSecond.toFixed(0)} kB/s to each viewer\n`,
    );
  }
  process.stdout.write(`p99 with viewers over without: ${ratio.toFixed(2)} (budget ${BUDGET})\n`);
}
if (!(ratio <= BUDGET)) process.exitCode = 1;
