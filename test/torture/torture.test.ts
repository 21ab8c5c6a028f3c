import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Library } from './breaker.js';
import { ours, oursVirtual } from './libraries/ours.js';
import { standIn } from './libraries/stand-in.js';
import { notes } from './notes.js';
import { runCase } from './run.js';
import type { Verdict } from './run.js';
import { suite } from './suite.js';

/** Those in real time, which `npm run torture` runs, take longer than a test should. */
const cases = suite.filter(({ real }) => !real);
const report = readFileSync(new URL('../../visualizations/torture.md', import.meta.url), 'utf8');
/** The report's table: case, words, this engine, the others. */
const rows = new Map(
  report
    .split('\n')
    .map((line) => line.split('|').map((cell) => cell.trim()))
    .flatMap(([, id = '', ...cells]) =>
      /^[A-G]\d+[a-z]?$/.test(id) && cells.length > 4 ? [[id, cells]] : [],
    ),
);

async function verdicts(library: (id: string) => Library, which = cases): Promise<Map<string, Verdict>> {
  const found = new Map<string, Verdict>();
  for (const one of which) found.set(one.id, await runCase(one, library(one.id)));
  return found;
}

const those = (found: Map<string, Verdict>, wanted: Verdict['verdict']) =>
  [...found.values()].filter(({ verdict }) => verdict === wanted).map(({ id }) => id);

describe('known bugs of circuit breakers', () => {
  const byDesign = Object.keys(notes['Breakwater'] ?? {}).filter((id) => cases.some((one) => one.id === id));

  it('the engine has none but those that it wants, on the clock of the process [R04] [R07]', async () => {
    expect(those(await verdicts(() => ours), 'fails')).toEqual(byDesign);
  });

  it('nor on a clock of its own [R04] [R07]', async () => {
    const found = await verdicts(oursVirtual);
    expect(those(found, 'fails')).toEqual(byDesign);
    expect(those(found, 'n/a')).toEqual(['D7', 'D8']);
  });
});

describe('the cases', () => {
  it('each finds its bug, in a breaker that is sound without it or in another library', async () => {
    // What a failure costs in a large window is not what a stand-in is good at.
    const tried = cases.filter(({ id }) => id !== 'C13');
    const unsound = those(await verdicts(() => standIn(), tried), 'fails');
    const shown = those(await verdicts(standIn, tried), 'fails').filter((id) => !unsound.includes(id));
    const elsewhere = suite
      .map(({ id }) => id)
      .filter((id) => !shown.includes(id) && rows.get(id)?.slice(1).some(isBroken));
    expect([...shown, ...elsewhere].sort()).toEqual(suite.map(({ id }) => id).sort());
  });

  it('the report is of these cases, and finds none of them here', () => {
    expect([...rows].map(([id, [says]]) => [id, says])).toEqual(suite.map(({ id, says }) => [id, says]));
    expect([...rows.values()].filter(([, here = '']) => here.startsWith('fails'))).toEqual([]);
  });
});

function isBroken(cell: string): boolean {
  return cell.startsWith('fails') || cell.startsWith('by design');
}
