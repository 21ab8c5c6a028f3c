import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createMachine } from 'xstate';
import type { AnyStateMachine } from 'xstate';
import { FOLDER } from '../../visualizations/drawing/drawings.js';
import { drawnMachines } from '../../visualizations/drawing/machines.js';
import { configOf } from '../../visualizations/drawing/stately.js';
import { machine as backend } from '../../visualizations/backend.stately.js';
import { machine as supervisor } from '../../visualizations/supervisor.stately.js';
import { factsOf } from './facts.js';

const STATELY: Readonly<Record<string, unknown>> = { backend, supervisor };

describe.each(drawnMachines().map(({ machine }) => [machine.id, machine] as const))('%s', (id, machine) => {
  const facts = factsOf(machine);
  const json = readFileSync(join(FOLDER, `${id}.json`), 'utf8');
  const code = readFileSync(join(FOLDER, `${id}.stately.ts`), 'utf8');

  it('rebuilt from its JSON, has the same states, transitions, deadlines and beginnings [R33]', () => {
    expect(factsOf(rebuilt(JSON.parse(json)))).toEqual(facts);
  });

  it('rebuilt from the file for Stately Studio, has the same [R33]', () => {
    expect(factsOf(STATELY[id] as AnyStateMachine)).toEqual(facts);
  });

  it('is one call of createMachine, and imports only xstate [R33]', () => {
    expect(code.match(/createMachine\(/g)).toHaveLength(1);
    expect(code.match(/\bfrom '([^']+)'/g)).toEqual(["from 'xstate'"]);
    expect(code).not.toMatch(/=>|function|undefined/);
  });

  it('names only what its setup knows [R33]', () => {
    const { actions, guards, delays, actors } = machine.implementations;
    const known = new Set([actions, guards, delays, actors].flatMap((named) => Object.keys(named)));
    const used = namesIn(JSON.parse(json));
    expect(used.length).toBeGreaterThan(0);
    expect(used.filter((name) => !known.has(name))).toEqual([]);
  });

  it('cannot lose, change or gain anything unnoticed [R33]', () => {
    const changes = [...changesOf(configOf(machine))];
    expect(changes.length).toBeGreaterThan(facts.length);
    const unnoticed = changes.filter(({ config }) => {
      try {
        return JSON.stringify(factsOf(rebuilt(config))) === JSON.stringify(facts);
      } catch {
        return false;
      }
    });
    expect(unnoticed.map(({ what }) => what)).toEqual([]);
  });
});

function rebuilt(config: unknown): AnyStateMachine {
  return createMachine(config as never);
}

/** Names of actions, guards, delays and actors. */
function namesIn(part: unknown): readonly string[] {
  if (Array.isArray(part)) return part.flatMap(namesIn);
  if (typeof part !== 'object' || part === null) return [];
  return Object.entries(part).flatMap(([key, value]) => {
    if (key === 'guard' || key === 'src') return [String(value)];
    if (key === 'after') return [...Object.keys(value as object), ...namesIn(value)];
    if (key === 'actions' || key === 'entry' || key === 'exit')
      return [value].flat().map((one) => String((one as { type?: unknown }).type ?? one));
    return namesIn(value);
  });
}

interface Change {
  readonly what: string;
  readonly config: unknown;
}

/** The configuration with each part left out, and with each name replaced, one at a time. */
function* changesOf(config: unknown, path = ''): Generator<Change> {
  if (typeof config === 'string') {
    yield { what: `${path} is another`, config: `${config}Not` };
    return;
  }
  if (typeof config !== 'object' || config === null) return;
  const keys = Object.keys(config);
  for (const key of keys) {
    const where = `${path}/${key}`;
    const without = keys.filter((other) => other !== key);
    const build = (parts: readonly (readonly [string, unknown])[]) =>
      Array.isArray(config) ? parts.map(([, part]) => part) : Object.fromEntries(parts);
    const value = (config as Record<string, unknown>)[key];
    yield {
      what: `${where} is missing`,
      config: build(without.map((other) => [other, (config as Record<string, unknown>)[other]] as const)),
    };
    for (const { what, config: changed } of changesOf(value, where))
      yield {
        what,
        config: build(
          keys.map((other) => [other, other === key ? changed : (config as Record<string, unknown>)[other]]),
        ),
      };
  }
}
