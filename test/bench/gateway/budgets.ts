/** What was found as tables, and what of it is promised. */
import { WAYS } from './figures.js';
import type { Figures, Way } from './figures.js';
import { BACKENDS, SESSIONS } from './footprint.js';
import type { Felt, Isolation, Mode } from './isolation.js';
import { MODES } from './isolation.js';
import { SIZES } from './lists.js';

type Unit = '×' | 'ms' | 'kB' | '/s' | '%' | '';

/** One line of a table. Without a limit it is there for scale. */
export interface Row {
  readonly what: string;
  readonly unit: Unit;
  /** What ours may be at most, or must be at least. */
  readonly limit?: { readonly atMost: number } | { readonly atLeast: number };
  readonly values: Readonly<Partial<Record<string, number>>>;
  /** Whether ours keeps its limit. */
  readonly met?: boolean;
}

export interface Table {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly Row[];
}

export interface Results {
  readonly speed: Figures;
  readonly stdio: Figures;
  readonly lists: Figures;
  readonly footprint: Figures;
  readonly isolation: Isolation;
  /** The naive proxy under the same. */
  readonly naiveIsolation: Isolation;
}

const OURS = 'breakwater';
/** Other gateways that take MCP apart and put it together again, as ours does. */
const RIVALS: readonly Way[] = ['naive', 'civic', 'hub', 'mcpProxy', 'supergateway'];
/** Those that are called as ours is: another transport costs the SDK's client less, or more, than a gateway does. */
const ALIKE = RIVALS.filter((way) => way !== 'hub');

/** A way's figure, or undefined where it has none. */
type Of = (way: Way) => number | undefined;

const figure =
  (figures: Figures, name: string, factor = 1): Of =>
  (way) => {
    const value = figures.get(way)?.[name];
    return value === undefined ? undefined : value * factor;
  };

/** Over that of the direct way. */
const overDirect =
  (figures: Figures, name: string): Of =>
  (way) => {
    const [value, direct] = [figures.get(way)?.[name], figures.get('direct')?.[name]];
    return value === undefined || direct === undefined ? undefined : value / direct;
  };

const inverse =
  (of: Of): Of =>
  (way) => {
    const value = of(way);
    return value === undefined ? undefined : 1 / value;
  };

const perSecond = (of: Of): Of => {
  const seconds = inverse(of);
  return (way) => {
    const value = seconds(way);
    return value === undefined ? undefined : value * 1000;
  };
};

function row(what: string, unit: Unit, of: Of, limit?: Row['limit']): Row {
  const values: Partial<Record<Way, number>> = {};
  for (const way of WAYS) {
    const value = of(way);
    if (value !== undefined) values[way] = value;
  }
  return judged({ what, unit, values, ...(limit && { limit }) });
}

/** A figure that is not there keeps no limit. */
function judged(row: Row): Row {
  if (!row.limit) return row;
  const ours = row.values[OURS] ?? NaN;
  return { ...row, met: 'atMost' in row.limit ? ours <= row.limit.atMost : ours >= row.limit.atLeast };
}

/** Ours over the best of the rivals, where less is better. */
function ahead(what: string, of: Of, rivals = RIVALS): Row {
  const best = Math.min(...rivals.flatMap((way) => of(way) ?? []));
  return judged({ what, unit: '×', values: { [OURS]: (of(OURS) ?? NaN) / best }, limit: { atMost: 1 } });
}

function callRows(
  figures: Figures,
  client: 'sdk' | 'lean',
  inFlight: readonly number[],
  isPromised: boolean,
): Row[] {
  const one = `${client} 1`;
  const [rivals, among] = client === 'sdk' ? [ALIKE, ' on this transport'] : [RIVALS, ''];
  return [
    row('p50, 1 in flight', 'ms', figure(figures, `${one} p50`)),
    row('p50 over direct', '×', overDirect(figures, `${one} p50`), isPromised ? { atMost: 1.7 } : undefined),
    row('p99, 1 in flight', 'ms', figure(figures, `${one} p99`)),
    row('p99 over direct', '×', overDirect(figures, `${one} p99`)),
    ...inFlight.flatMap((count) => {
      const name = `${client} ${count} ms`;
      return [
        row(`calls, ${count} in flight`, '/s', perSecond(figure(figures, name))),
        row(
          `calls, ${count} in flight, over direct`,
          '×',
          inverse(overDirect(figures, name)),
          isPromised && count === 16 ? { atLeast: 0.7 } : undefined,
        ),
      ];
    }),
    row('processor time of the gateway per call, 16 in flight', 'ms', figure(figures, `${client} 16 cpu`)),
    ahead(`p50 over that of the best other gateway${among}`, figure(figures, `${one} p50`), rivals),
    ahead(
      `time per call, 16 in flight, over that of the best other gateway${among}`,
      figure(figures, `${client} 16 ms`),
      rivals,
    ),
  ];
}

function listRows(lists: Figures): Row[] {
  return SIZES.flatMap((size) => [
    row(`\`tools/list\`, ${size.toLocaleString('en')} tools`, 'ms', figure(lists, `${size} ms`)),
    row('bytes of it', 'kB', figure(lists, `${size} bytes`, 1 / 1000)),
    row('pages of it', '', figure(lists, `${size} pages`)),
  ]);
}

function footprintRows(footprint: Figures): Row[] {
  return [
    row('process start to the first answered `initialize`', 'ms', figure(footprint, 'start initialize')),
    row('process start to the first answered `tools/call`', 'ms', figure(footprint, 'start call')),
    row(`heap per client session, of ${SESSIONS}`, 'kB', figure(footprint, 'session heap', 1 / 1000)),
    row(
      `resident memory per client session, of ${SESSIONS}`,
      'kB',
      figure(footprint, 'session rss', 1 / 1000),
    ),
    row(`heap per backend with 10 tools, of ${BACKENDS}`, 'kB', figure(footprint, 'backend heap', 1 / 1000)),
    row(`resident memory per backend, of ${BACKENDS}`, 'kB', figure(footprint, 'backend rss', 1 / 1000)),
  ];
}

const HARM: Readonly<Record<Mode, string>> = {
  flood: 'sends notifications as fast as they are taken',
  changes: 'sends `list_changed` as fast as it is taken',
  huge: 'answers with 64 MiB',
  malformed: 'answers in ten malformed ways',
  hang: 'does not answer',
  503: 'answers 503',
};

function isolationRows(ours: Isolation, naive: Isolation): Row[] {
  const of = (isolation: Isolation, state: Mode | 'alone', what: keyof Felt) =>
    isolation.get(state)?.[what] ?? NaN;
  const both = (what: (isolation: Isolation) => number) => ({ [OURS]: what(ours), naive: what(naive) });
  return MODES.flatMap((mode): Row[] => [
    judged({
      what: `p99 beyond alone, while another ${HARM[mode]}`,
      unit: 'ms',
      limit: { atMost: 2 },
      values: {
        ...both((found) => of(found, mode, 'p99') - of(found, 'alone', 'p99')),
        direct: of(ours, mode, 'directP99') - of(ours, 'alone', 'directP99'),
      },
    }),
    judged({
      what: 'calls answered in time, of those alone',
      unit: '%',
      limit: { atLeast: 99 },
      values: both((found) => (100 * of(found, mode, 'perSecond')) / of(found, 'alone', 'perSecond')),
    }),
    judged({
      what: 'longest hold of the event loop',
      unit: 'ms',
      limit: { atMost: 25 },
      values: both((found) => of(found, mode, 'hold')),
    }),
  ]);
}

export function tablesOf(results: Partial<Results>): Table[] {
  const { speed, stdio, lists, footprint, isolation, naiveIsolation } = results;
  const columns = (figures: Figures) => WAYS.filter((way) => figures.has(way));
  const tables: Table[] = [];
  const add = (title: string, among: readonly string[], rows: readonly Row[]): void =>
    void tables.push({ title, columns: among, rows });
  if (speed) {
    add(
      '`tools/call` over Streamable HTTP: the SDK’s client, and the official `server-everything`',
      columns(speed),
      callRows(speed, 'sdk', [16], true),
    );
    add(
      '`tools/call` over Streamable HTTP: a client and a server that cost next to nothing',
      columns(speed),
      callRows(speed, 'lean', [16, 64], false),
    );
  }
  if (stdio) {
    // Directly it goes through a pipe: no measure for HTTP.
    const rows = callRows(stdio, 'lean', [16, 64], false).filter(({ what }) => !what.includes('over direct'));
    add('`tools/call` over Streamable HTTP to a child process', columns(stdio), rows);
  }
  if (lists) add('Lists', columns(lists), listRows(lists));
  if (footprint) add('Start and memory', columns(footprint), footprintRows(footprint));
  if (isolation && naiveIsolation) {
    add(
      'A healthy backend, called every 5 ms, beside a hostile one',
      ['breakwater', 'naive', 'direct'],
      isolationRows(isolation, naiveIsolation),
    );
  }
  return tables;
}

export function missedIn(tables: readonly Table[]): string[] {
  return tables.flatMap(({ title, rows }) =>
    rows.flatMap(({ what, met }) => (met === false ? [`${title}: ${what}`] : [])),
  );
}
