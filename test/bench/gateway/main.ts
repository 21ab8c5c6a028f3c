/**
 * What a call costs through the gateway: its budgets, its own figures and those of other gateways, and what callers of a
 * healthy backend feel of a hostile one. `report.ts` says how it comes about.
 *
 * Run it with `npm run bench:gateway`, which takes about five minutes and writes `visualizations/gateway-bench.md`. It
 * fails when a budget is missed, and says which.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { format, resolveConfig } from 'prettier';
import { EVERYTHING, freePort, ROOT } from '../../e2e/processes.js';
import { missedIn, tablesOf } from './budgets.js';
import type { Results } from './budgets.js';
import * as contenders from './contenders.js';
import type { Backend, Contender } from './contenders.js';
import type { Way } from './figures.js';
import { HEADS } from './figures.js';
import { measureFootprint } from './footprint.js';
import { measureIsolation } from './isolation.js';
import { measureLists } from './lists.js';
import { Load, Probed, script, Servers } from './processes.js';
import { report, textOf } from './report.js';
import type { Circumstances } from './report.js';
import { fetchRival, RIVALS } from './rivals.js';
import type { Rival } from './rivals.js';
import { measureSpeed } from './speed.js';
import type { Bench, SpeedPlan } from './speed.js';

const REPORT = join(ROOT, 'visualizations/gateway-bench.md');
const WHOLE_MS = 360_000;
const PARTS = ['speed', 'stdio', 'lists', 'footprint', 'isolation'] as const;
type Part = (typeof PARTS)[number];

const HELP = `usage: npm run bench:gateway -- [--part <name>]... [--quick] [--json]

  --part <name>  only this one, or these: ${PARTS.join(', ')}; writes no report
  --isolation    the same as --part isolation
  --quick        a few rounds of each; writes no report
  --json         prints everything for machines
  --help         prints this
`;

/** Nothing that a hostile backend does is held back by its circuit or its health: see \`report.ts\`. */
const DEFENCELESS = { circuitBreaker: { enabled: false }, unhealthyThreshold: 1_000_000 };

/** What it is at, on one line that is written over; nothing in a log. */
function say(progress: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${progress}`);
}

function note(line: string): void {
  say('');
  process.stderr.write(`${line}\n`);
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Without an address, which is another one each time. */
const withoutTarget = (why: unknown): string => messageOf(why).replace(/ of \{.*?\}/, '');

interface Found {
  readonly results: Partial<Results>;
  readonly circumstances: Circumstances;
}

async function measure(parts: ReadonlySet<Part>, quick: boolean, signal: AbortSignal): Promise<Found> {
  const dropped: string[] = [];
  const missedRounds: string[] = [];
  const busyBefore = await busyShare();
  const rivals = new Map<Way, Contender>();
  for (const rival of Object.keys(RIVALS) as Rival[]) {
    say(`fetching ${RIVALS[rival].name} ${RIVALS[rival].version}`);
    try {
      rivals.set(rival, contenders[rival](await fetchRival(rival, signal)));
    } catch (error) {
      signal.throwIfAborted();
      dropped.push(`${HEADS[rival]}: it could not be fetched`);
      note(messageOf(error));
    }
  }
  const among = (...ways: Rival[]): [Way, Contender][] =>
    ways.flatMap((way): [Way, Contender][] => {
      const contender = rivals.get(way);
      return contender ? [[way, contender]] : [];
    });
  const gateways: [Way, Contender][] = [
    ['breakwater', contenders.breakwater()],
    ['bytes', contenders.bytes],
    ['naive', contenders.naive],
    ...among('civic', 'hub'),
  ];
  const overHttp = new Map<Way, Contender>([['direct', contenders.direct], ...gateways]);
  const overStdio = new Map<Way, Contender>([
    ['direct', contenders.direct],
    ['breakwater', contenders.breakwater()],
    ['naive', contenders.naive],
    ...among('hub', 'mcpProxy', 'supergateway'),
  ]);

  const load = await Load.start();
  const servers = await Servers.start();
  const bench: Bench = {
    load,
    say,
    drop: (way, why) => {
      dropped.push(`${HEADS[way]}, ${withoutTarget(why)}`);
      note(`${HEADS[way]} falls out: ${messageOf(why)}`);
    },
    miss: (way, why) => {
      missedRounds.push(`${HEADS[way]}: ${withoutTarget(why)}`);
      note(`${HEADS[way]} misses a round: ${messageOf(why)}`);
    },
  };
  const results: { -readonly [Name in keyof Results]?: Results[Name] } = {};
  const rounds: [string, number][] = [];
  const isOn = (part: Part): boolean => parts.has(part) && !signal.aborted;
  if (isOn('speed')) {
    const port = await freePort();
    const everything = Probed.start([EVERYTHING, 'streamableHttp'], { PORT: String(port) });
    const backends = [
      { name: 'lean', url: servers.url() },
      { name: 'everything', url: `http://127.0.0.1:${port}/mcp` },
    ];
    const speed = await measureSpeed(overHttp, httpPlan(backends, quick), bench);
    results.speed = speed.figures;
    rounds.push(['over HTTP', speed.rounds]);
    await everything.end();
  }
  if (isOn('stdio')) {
    const backends = [{ name: 'child', command: [process.execPath, script('server.mjs'), 'stdio'] }];
    const stdio = await measureSpeed(overStdio, stdioPlan(backends, quick), bench);
    results.stdio = stdio.figures;
    rounds.push(['to a child process', stdio.rounds]);
  }
  if (isOn('lists')) results.lists = await measureLists(overHttp, servers, bench);
  if (isOn('footprint')) {
    const many: ReadonlySet<Way> = new Set<Way>(['breakwater', 'hub']);
    results.footprint = await measureFootprint(new Map(gateways), many, servers, bench);
  }
  if (isOn('isolation')) {
    const count = quick ? 1 : 4;
    const ours = contenders.breakwater(DEFENCELESS);
    results.isolation = await measureIsolation(ours, { rounds: count, fresh: false }, bench);
    results.naiveIsolation = await measureIsolation(contenders.naive, { rounds: 1, fresh: true }, bench);
    rounds.push(['beside a hostile backend', count]);
  }
  say('');
  await Promise.all([load.end(), servers.end()]);
  signal.throwIfAborted();
  const versions = { Breakwater: versionOf('.'), Node: process.versions.node, 'MCP SDK': versionOf(SDK) };
  return {
    results,
    circumstances: { versions, cores: cpus().length, busyBefore, rounds, dropped, missedRounds },
  };
}

const SDK = 'node_modules/@modelcontextprotocol/sdk';

function versionOf(folder: string): string {
  return (JSON.parse(readFileSync(join(ROOT, folder, 'package.json'), 'utf8')) as { version: string })
    .version;
}

function httpPlan(backends: readonly Backend[], quick: boolean): SpeedPlan {
  const lean = { backend: 'lean', client: 'lean' } as const;
  const sdk = { backend: 'everything', client: 'sdk' } as const;
  return {
    backends,
    chunks: [
      { ...sdk, name: 'sdk 1', inFlight: 1, ms: 150 },
      { ...sdk, name: 'sdk 16', inFlight: 16, ms: 150 },
      { ...lean, name: 'lean 1', inFlight: 1, ms: 100 },
      { ...lean, name: 'lean 16', inFlight: 16, ms: 80 },
      { ...lean, name: 'lean 64', inFlight: 64, ms: 80 },
    ],
    wholeMs: quick ? 10_000 : 80_000,
  };
}

function stdioPlan(backends: readonly Backend[], quick: boolean): SpeedPlan {
  const lean = { backend: 'child', client: 'lean' } as const;
  return {
    backends,
    chunks: [
      { ...lean, name: 'lean 1', inFlight: 1, ms: 100 },
      { ...lean, name: 'lean 16', inFlight: 16, ms: 80 },
      { ...lean, name: 'lean 64', inFlight: 64, ms: 80 },
    ],
    wholeMs: quick ? 5000 : 25_000,
  };
}

/** Of all cores, in one second. */
async function busyShare(): Promise<number> {
  const times = () => {
    const all = cpus().map(
      ({ times: { user, nice, sys, irq, idle } }) => [user + nice + sys + irq, idle] as const,
    );
    return {
      busy: all.reduce((sum, [busy]) => sum + busy, 0),
      idle: all.reduce((sum, [, idle]) => sum + idle, 0),
    };
  };
  const before = times();
  await pause(1000);
  const after = times();
  const busy = after.busy - before.busy;
  return busy / (busy + after.idle - before.idle);
}

function optionsOf(args: readonly string[]) {
  const { values } = parseArgs({
    args: [...args],
    options: {
      part: { type: 'string', multiple: true, default: [] },
      isolation: { type: 'boolean', default: false },
      quick: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const named = [...values.part, ...(values.isolation ? ['isolation'] : [])];
  const only = PARTS.filter((part) => named.includes(part));
  const unknown = named.filter((name) => !PARTS.some((part) => part === name));
  if (unknown.length > 0) throw new Error(`no such part: ${unknown.join(', ')}`);
  return { ...values, only };
}

/** @returns the exit code */
async function main(args: readonly string[]): Promise<number> {
  let options: ReturnType<typeof optionsOf>;
  try {
    options = optionsOf(args);
  } catch (error) {
    note(`${messageOf(error)}\n\n${HELP}`);
    return 2;
  }
  const { only, quick, json, help } = options;
  if (help) {
    process.stdout.write(HELP);
    return 0;
  }
  const over = new AbortController();
  const stopped = new Promise<never>((_, reject) => {
    over.signal.addEventListener('abort', () => reject(over.signal.reason as Error));
  });
  const stop = (why: string) => over.abort(new Error(why));
  const late = setTimeout(() => stop(`not done within ${WHOLE_MS / 60_000} min`), WHOLE_MS);
  for (const sent of ['SIGINT', 'SIGTERM'] as const) process.once(sent, () => stop('interrupted'));
  try {
    const parts = new Set<Part>(only.length > 0 ? only : PARTS);
    const { results, circumstances } = await Promise.race([measure(parts, quick, over.signal), stopped]);
    const tables = tablesOf(results);
    const missed = missedIn(tables);
    if (only.length === 0 && !quick) {
      const settings = { ...(await resolveConfig(REPORT)), parser: 'markdown' };
      writeFileSync(REPORT, await format(report(tables, circumstances), settings));
    }
    process.stdout.write(
      json ? `${jsonOf(results, { ...circumstances, tables, missed })}\n` : textOf(tables),
    );
    for (const what of missed) note(`over its budget: ${what.replaceAll('`', '')}`);
    return missed.length > 0 ? 1 : 0;
  } catch (error) {
    note(messageOf(error));
    return 1;
  } finally {
    clearTimeout(late);
  }
}

function jsonOf(results: Partial<Results>, rest: object): string {
  const plain = (_: string, value: unknown): unknown =>
    value instanceof Map ? Object.fromEntries(value) : value;
  return JSON.stringify({ ...rest, results }, plain, 2);
}

// What is still running ends with this process.
process.exit(await main(process.argv.slice(2)));
