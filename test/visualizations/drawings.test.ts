import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { allStates } from '../../visualizations/drawing/chart.js';
import type { State } from '../../visualizations/drawing/chart.js';
import { charts, drawings, FOLDER } from '../../visualizations/drawing/drawings.js';
import { drawnMachines } from '../../visualizations/drawing/machines.js';
import { nodesIn } from './facts.js';

const machines = drawnMachines();
const drawn = [...charts()];
const kept = (name: string) => {
  const file = join(FOLDER, name);
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
};

describe('the drawings', () => {
  let fresh: ReadonlyMap<string, string>;
  beforeAll(async () => {
    fresh = await drawings();
  });

  it('are those of the code as it is [R33]', () => {
    const stale = [...fresh].filter(([name, text]) => kept(name) !== text).map(([name]) => name);
    expect(stale, `stale in visualizations/: run npm run visualize`).toEqual([]);
  });

  it('are all there is of drawings [R33]', () => {
    const found = readdirSync(FOLDER).filter((name) => /\.(svg|mmd|stately\.ts)$/.test(name));
    expect(found.toSorted()).toEqual([...fresh.keys()].filter((name) => !name.endsWith('.json')).toSorted());
  });

  it('are the same when they are drawn again [R33]', async () => {
    expect(await drawings()).toEqual(fresh);
  });

  it('know how long each deadline is by default [R33]', () => {
    const causes = drawn
      .flatMap(([, chart]) => allStates(chart))
      .flatMap(({ transitions }) => transitions.map(({ cause }) => cause));
    const deadlines = new Set(causes.filter((cause) => cause.startsWith('after ')));
    expect([...deadlines].toSorted()).toEqual([
      'after backoffDecay (60 s)',
      'after checkInterval (30 s)',
      'after checkTimeout (10 s)',
      'after drainLimit (10 s)',
      'after openFor (60 s)',
      'after probeLimit (30 s)',
      'after reconnectDelay (100 ms)',
    ]);
  });
});

describe.each(machines.map(({ machine, chart }) => [machine.id, machine, chart] as const))(
  'the chart of %s',
  (_, machine, chart) => {
    it('has every state and every branch of every transition of the machine [R33]', () => {
      const nodes = nodesIn(machine.root);
      expect(allStates(chart).map(({ id }) => id)).toEqual(nodes.map(({ id }) => id));
      expect(allStates(chart).map(({ transitions }) => transitions.length)).toEqual(
        nodes.map((node) => [...node.transitions.values(), node.always ?? []].flat().length),
      );
    });
  },
);

describe('the circuit at a glance', () => {
  const circuit = charts().get('backend.circuit');
  const glance = charts().get('backend.circuit.overview');

  it('has every state in which a circuit stays [R33]', () => {
    expect(glance?.states.map(({ name }) => name)).toEqual([
      'disabled',
      'closed',
      'open',
      'half-open',
      'isolated',
    ]);
    expect(glance?.initial).toBe('backend.circuit.closed');
  });

  it('has every transition from one of them to another, and no other [R33]', () => {
    const stateOf = (stateId = '') => stateId.split('.').slice(0, 3).join('.');
    const between = allStates(circuit!).flatMap(({ transitions }) =>
      transitions.filter(
        ({ source, target }) =>
          target !== undefined &&
          stateOf(source) !== stateOf(target) &&
          stateOf(source) !== 'backend.circuit.resuming',
      ),
    );
    const shown = allStates(glance!).flatMap(({ transitions }) => transitions);
    const told = ({ id, target, cause, guard }: (typeof shown)[number]) => [
      id,
      stateOf(target),
      cause,
      guard,
    ];
    expect(shown.map(told).toSorted()).toEqual(between.map(told).toSorted());
  });
});

describe.each(drawn)('the SVG of %s', (id, chart) => {
  const svg = kept(`${id}.svg`);

  it('has every state and every transition, once [R33]', () => {
    const states = allStates(chart);
    expect(valuesOf(svg, 'data-state').toSorted()).toEqual(states.map((state) => state.id).toSorted());
    expect(valuesOf(svg, 'data-transition').toSorted()).toEqual(
      states.flatMap(({ transitions }) => transitions.map((transition) => transition.id)).toSorted(),
    );
  });

  it('shows each guard in brackets, each action and each description [R33]', () => {
    const text = svg.replace(/<style>[\s\S]*<\/style>/, '').replace(/<[^>]*>/g, ' ');
    for (const { name, description = '', entry, exit, transitions } of allStates(chart)) {
      expect(text).toContain(`${name}${description && `: ${description}`}`);
      const names = transitions.flatMap(({ actions, guard }) => [
        ...actions,
        ...(guard ? [`[${guard}]`] : []),
      ]);
      for (const shown of [...entry, ...exit, ...names]) expect(text).toContain(shown);
    }
  });

  it('is well formed, scriptless and good in light and dark [R33]', () => {
    expect(unclosed(svg)).toEqual([]);
    expect(unclosed(svg.replace('</g>', ''))).not.toEqual([]);
    expect(svg).not.toMatch(/<script|\son\w+=|href="http/);
    expect(svg).toContain('prefers-color-scheme:dark');
  });
});

describe.each(drawn)('the Mermaid of %s', (id, chart) => {
  const text = kept(`${id}.mmd`);

  it('is of the forms that Mermaid knows, and declares each state once [R33]', () => {
    expect(faultsOf(text)).toEqual([]);
    expect(faultsOf(text.replace(/}\n$/, ''))).not.toEqual([]);
    expect(faultsOf(text.replace(/ : /, ' : a; b: '))).not.toEqual([]);
    expect(faultsOf(text.replace(/state "[^"]*" as \w+\n/, '\n'))).not.toEqual([]);
  });

  it('has every state and every transition [R33]', () => {
    expect(missingIn(text, chart)).toEqual([]);
    const arrows = text.split('\n').filter((line) => / --> \w+ : /.test(line));
    for (const arrow of arrows) expect(missingIn(text.replace(arrow, ''), chart)).not.toEqual([]);
  });
});

function valuesOf(svg: string, attribute: string): readonly string[] {
  return [...svg.matchAll(new RegExp(` ${attribute}="([^"]*)"`, 'g'))].map(([, value]) => value ?? '');
}

/** Elements that are not closed, or closed without being open. */
function unclosed(svg: string): readonly string[] {
  const open: string[] = [];
  for (const [, closing, name = '', , empty] of svg.matchAll(/<(\/?)(\w+)((?:\s[\w-:]+="[^"<]*")*)(\/?)>/g)) {
    if (empty) continue;
    if (!closing) open.push(name);
    else if (open.at(-1) === name) open.pop();
    else open.push(`/${name}`);
  }
  return open;
}

const DECLARED = /^ *state "[^":;]+" as (\w+)( \{)?$/;
const ARROW = /^ *(\[\*\]|\w+) --> (\[\*\]|\w+)(?: : ([^:;#{}"]+))?$/;
const TEXT = /^ *(\w+) : ([^:;#{}"]+)$/;

function faultsOf(mermaid: string): readonly string[] {
  const [first, ...lines] = mermaid.trimEnd().split('\n');
  const declared = lines.flatMap((line) => DECLARED.exec(line)?.[1] ?? []);
  let depth = 0;
  const faults = lines.flatMap((line) => {
    if (line.endsWith('{')) depth += 1;
    if (/^ *}$/.test(line)) return (depth -= 1) < 0 ? [line] : [];
    if (/^ *--$/.test(line) || DECLARED.test(line)) return [];
    const ids = ARROW.exec(line)?.slice(1, 3) ?? TEXT.exec(line)?.slice(1, 2);
    return ids?.every((id) => id === '[*]' || declared.includes(id)) ? [] : [line];
  });
  return [
    ...(first === 'stateDiagram-v2' ? [] : ['no state diagram']),
    ...(depth === 0 ? [] : ['not closed']),
    ...(new Set(declared).size === declared.length ? [] : ['declared twice']),
    ...faults,
  ];
}

/** States and transitions of a chart that a Mermaid text does not have. */
function missingIn(mermaid: string, chart: State): readonly string[] {
  const lines = mermaid.split('\n');
  const arrows = lines.flatMap((line) => {
    const [, from, to, label = ''] = ARROW.exec(line) ?? [];
    return from === undefined ? [] : [{ from: from.replace(/_any$/, ''), to, label }];
  });
  const textOf = (id: string) =>
    lines
      .flatMap((line) => (TEXT.exec(line)?.[1]?.replace(/_any$/, '') === id ? TEXT.exec(line)?.[2] : []))
      .join(' ');
  const word = (id: string) => id.replaceAll('.', '_');
  return allStates(chart).flatMap(({ id, transitions, type }) => [
    ...(lines.some((line) => line.includes(` as ${word(id)}`)) || type === 'parallel' || isRegion(id)
      ? []
      : [id]),
    ...transitions.flatMap((transition) => {
      const { cause, guard, actions, target, source } = transition;
      const isShown = (text: string) =>
        text.includes(cause) &&
        text.includes(guard === undefined ? '' : `[${guard}]`) &&
        text.includes(actions.length === 0 ? '' : `/ ${actions.join(', ')}`);
      const found =
        target === undefined || target === source
          ? isShown(textOf(word(id)))
          : arrows.some(({ from, to, label }) => from === word(id) && to === word(target) && isShown(label));
      return found ? [] : [transition.id];
    }),
  ]);
}

/** Regions stand without a state round them in the drawing of the whole machine; their text names them. */
function isRegion(id: string): boolean {
  return machines.some(
    ({ chart: { type, states } }) => type === 'parallel' && states.some((state) => state.id === id),
  );
}
