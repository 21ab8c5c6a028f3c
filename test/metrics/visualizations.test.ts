import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { Scrape } from './exposition.js';
import { askedBy } from './promql.js';
import { scrapeOfEverything } from './running.js';

const FOLDER = join(import.meta.dirname, '../../visualizations');
const read = (file: string): string => readFileSync(join(FOLDER, file), 'utf8');

/** Labels that Prometheus itself adds to every series. */
const SCRAPED = ['instance', 'job'];

const Source = z.object({ type: z.literal('prometheus'), uid: z.literal('${datasource}') });
const Target = z.object({
  refId: z.string().regex(/^[A-Z]$/),
  datasource: Source,
  expr: z.string().min(1),
  legendFormat: z.string(),
});
const GridPos = z.object({
  x: z.int().min(0),
  y: z.int().min(0),
  w: z.int().min(1).max(24),
  h: z.int().min(1),
});
const Panel = z.object({ id: z.int(), title: z.string().min(1), gridPos: GridPos });
const Row = Panel.extend({ type: z.literal('row'), panels: z.tuple([]) });
const Chart = Panel.extend({
  type: z.enum(['stat', 'table', 'timeseries', 'state-timeline']),
  datasource: Source,
  targets: z.array(Target).min(1),
  fieldConfig: z.object({ defaults: z.object({}), overrides: z.array(z.unknown()) }),
  options: z.object({}),
});
const Dashboard = z.object({
  uid: z.string().max(40),
  title: z.string().min(1),
  schemaVersion: z.int().min(39),
  id: z.null(),
  time: z.object({ from: z.string(), to: z.string() }),
  annotations: z.object({ list: z.array(z.object({ name: z.string(), expr: z.string().optional() })) }),
  templating: z.object({
    list: z.array(z.object({ name: z.string(), type: z.enum(['datasource', 'query']), query: z.unknown() })),
  }),
  panels: z.array(z.union([Row, Chart])),
});
const Rules = z.strictObject({
  groups: z.array(
    z.strictObject({
      name: z.string(),
      rules: z.array(
        z.strictObject({
          alert: z.string().regex(/^Breakwater[A-Za-z]+$/),
          expr: z.string().min(1),
          for: z.string().regex(/^[0-9]+[smh]$/),
          labels: z.strictObject({ severity: z.enum(['info', 'warning', 'critical']) }),
          annotations: z.strictObject({ summary: z.string().min(1), description: z.string().min(20) }),
        }),
      ),
    }),
  ),
});

const dashboard = Dashboard.parse(JSON.parse(read('grafana-dashboard.json')));
const rules = Rules.parse(load(read('prometheus-alerts.yaml'))).groups.flatMap((group) => group.rules);
const charts = dashboard.panels.filter((panel) => panel.type !== 'row');
const variables = new Set(dashboard.templating.list.map(({ name }) => name));
/** `$__rate_interval` and the like are Grafana's own. */
const usedVariables = (text: string): string[] =>
  [...text.matchAll(/\$\{?([a-z]\w*)/g)].map(([, name = '']) => name);

const expressions: [where: string, expr: string][] = [
  ...charts.flatMap(({ title, targets }) =>
    targets.map(({ expr, refId }): [string, string] => [`panel ${title} ${refId}`, expr]),
  ),
  ...rules.map(({ alert, expr }): [string, string] => [`alert ${alert}`, expr]),
  ...dashboard.annotations.list.flatMap(({ name, expr }): [string, string][] =>
    expr === undefined ? [] : [[`annotation ${name}`, expr]],
  ),
];

let scraped: Promise<Scrape> | undefined;
/** Once for all tests: the servers behind it end with the first. */
const scrapeOnce = (): Promise<Scrape> => (scraped ??= scrapeOfEverything());

function labelsOf(scrape: Scrape, metrics: readonly string[]): ReadonlySet<string> {
  const samples = scrape.samples.filter(({ name }) => metrics.includes(name));
  return new Set(samples.flatMap(({ labels }) => [...Object.keys(labels), ...SCRAPED]));
}

/** What an expression asks for that is not in a scrape. */
function unknownIn(expr: string, scrape: Scrape): readonly string[] {
  const { metrics, labels, values, made } = askedBy(expr);
  const names = new Set(scrape.samples.map(({ name }) => name));
  const known = labelsOf(scrape, metrics);
  const has = (label: string, value: string): boolean =>
    scrape.samples.some(({ name, labels: its }) => metrics.includes(name) && its[label] === value);
  return [
    ...(metrics.length === 0 ? ['nothing'] : []),
    ...metrics.filter((name) => !names.has(name)),
    ...labels.filter((label) => !known.has(label) && !made.includes(label)),
    ...values.filter(({ label, value }) => !has(label, value)).map(({ label, value }) => `${label}=${value}`),
  ];
}

describe('the expressions', () => {
  it('ask for what /metrics has: names, labels and their values [R31]', async () => {
    const scrape = await scrapeOnce();
    expect(expressions.length).toBeGreaterThan(40);
    const faults = expressions.map(([where, expr]) => [where, unknownIn(expr, scrape)] as const);
    expect(faults.filter(([, unknown]) => unknown.length > 0)).toEqual([]);
  });

  it('would be found out if they did not [R31]', async () => {
    const scrape = await scrapeOnce();
    const rows: [expr: string, unknown: string[]][] = [
      ['sum(rate(breakwater_call_total[5m]))', ['breakwater_call_total']],
      ['breakwater_calls_total{kind="x"}', ['kind', 'kind=x']],
      ['breakwater_circuit_state{state="halfOpen"} == 1', ['state=halfOpen']],
      ['breakwater_circuit_state{state=~"closed|ajar"}', ['state=ajar']],
      ['sum by (backend, reason) (breakwater_calls_total)', ['reason']],
      ['breakwater_phase and up unless foo', ['up', 'foo']],
      ['1 + 1', ['nothing']],
    ];
    for (const [expr, unknown] of rows) expect(unknownIn(expr, scrape), expr).toEqual(unknown);
    expect(() => askedBy('sum(rate(breakwater_phase[5m])')).toThrow('brackets');
    expect(() => askedBy('breakwater_phase{phase: "Ready"}')).toThrow('phase');
  });

  it('show every metric, all together [R31]', async () => {
    const scrape = await scrapeOnce();
    const asked = new Set(expressions.flatMap(([, expr]) => askedBy(expr).metrics));
    const isAsked = (family: string): boolean =>
      [family, `${family}_bucket`, `${family}_count`].some((name) => asked.has(name));
    expect([...scrape.families.keys()].filter((family) => !isAsked(family))).toEqual([]);
  });
});

describe('the dashboard', () => {
  it('has panels that do not overlap, each with a title, an expression and an id of its own [R31]', () => {
    expect(charts.length).toBeGreaterThan(15);
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
    expect(new Set(dashboard.panels.map(({ title }) => title)).size).toBe(dashboard.panels.length);
    const taken = new Set<string>();
    for (const { gridPos, title } of dashboard.panels) {
      expect(gridPos.x + gridPos.w, title).toBeLessThanOrEqual(24);
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x += 1) {
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y += 1) {
          expect(taken.has(`${x} ${y}`), title).toBe(false);
          taken.add(`${x} ${y}`);
        }
      }
    }
  });

  it('asks for the data source, and uses only variables that it has [R31]', () => {
    expect(dashboard.templating.list[0]).toMatchObject({ type: 'datasource', query: 'prometheus' });
    const used = usedVariables(read('grafana-dashboard.json'));
    expect(used.filter((name) => !variables.has(name))).toEqual([]);
    expect([...variables].filter((name) => !used.includes(name))).toEqual([]);
  });

  it('has legends whose labels their expressions keep [R31]', async () => {
    const scrape = await scrapeOnce();
    for (const { targets } of charts) {
      for (const { expr, legendFormat } of targets) {
        const { metrics, labels } = askedBy(expr);
        const grouped = /\bby \(/.test(expr) ? new Set(labels) : labelsOf(scrape, metrics);
        const shown = [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label = '']) => label);
        expect(
          shown.filter((label) => !grouped.has(label)),
          expr,
        ).toEqual([]);
      }
    }
  });
});

describe('the alert rules', () => {
  it('are named once each, and speak only of labels that their series have [R31]', async () => {
    const scrape = await scrapeOnce();
    expect(rules.length).toBeGreaterThan(6);
    expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length);
    for (const { expr, annotations } of rules) {
      const text = annotations.summary + annotations.description;
      const used = [...text.matchAll(/\$labels\.(\w+)/g)].map(([, label = '']) => label);
      const known = labelsOf(scrape, askedBy(expr).metrics);
      expect(used.filter((label) => !known.has(label))).toEqual([]);
      const values = [...text.matchAll(/\{\{(.*?)\}\}/g)].map(([, inside = '']) => inside.trim());
      for (const inside of values)
        expect(inside).toMatch(/^\$(labels\.\w+|value \| (humanizePercentage|printf "%\.0f"))$/);
      const named = [...text.matchAll(/\bbreakwater_\w+/g)].map(([name]) => name);
      expect(named.filter((name) => !scrape.families.has(name))).toEqual([]);
    }
  });
});
