/**
 * Known bugs of circuit breakers, tried on this engine and on three other libraries.
 *
 * Run it with `npm run torture`, which takes about two minutes and writes `visualizations/torture.md`. It fails when a
 * case fails here, and when a note explains what no library does.
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { libraries } from './libraries.js';
import { verdictsOf } from './processes.js';
import { cellOf, idleNotes, report, worse } from './report.js';
import type { Column } from './report.js';
import type { Verdict } from './run.js';
import { suite } from './suite.js';

const REPORT = fileURLToPath(new URL('../../visualizations/torture.md', import.meta.url));
const [ours, oursVirtual, ...others] = libraries();
if (ours === undefined || oursVirtual === undefined) throw new Error('the engine is missing');

/** Two processes at a time. */
async function verdicts(names: readonly string[]): Promise<Map<string, Verdict[]>> {
  const found = new Map<string, Verdict[]>();
  const left = [...names];
  const lane = async () => {
    for (let name = left.shift(); name !== undefined; name = left.shift())
      found.set(name, await verdictsOf(name, suite));
  };
  await Promise.all([lane(), lane()]);
  return found;
}

function byCase(found: readonly Verdict[] = []): Map<string, Verdict> {
  return new Map(found.map((verdict) => [verdict.id, verdict]));
}

const found = await verdicts(libraries().map(({ name }) => name));
const onItsOwnClock = byCase(found.get(oursVirtual.name));
const columns: Column[] = [
  {
    library: ours.name,
    version: ours.version,
    verdicts: byCase(
      (found.get(ours.name) ?? []).map((verdict) => worse(verdict, onItsOwnClock.get(verdict.id) ?? verdict)),
    ),
  },
  ...others.map(({ name, version }) => ({ library: name, version, verdicts: byCase(found.get(name)) })),
];

const text = await format(report(suite, columns), {
  ...(await resolveConfig(REPORT)),
  parser: 'markdown',
});
writeFileSync(REPORT, text);

process.stdout.write(`${['     ', ...columns.map(({ library }) => library.padEnd(12)), 'case'].join('')}\n`);
for (const { id, says } of suite) {
  const cells = columns.map(({ library, verdicts: all }) =>
    cellOf(library, all.get(id) ?? { id, verdict: 'n/a' }).padEnd(12),
  );
  process.stdout.write(`${id.padEnd(5)}${cells.join('')}${says}\n`);
}

for (const verdict of columns[0]?.verdicts.values() ?? []) {
  if (cellOf(ours.name, verdict) !== 'fails') continue;
  process.stderr.write(`fails here: ${verdict.id}: ${verdict.seen ?? ''}\n`);
  process.exitCode = 1;
}
for (const note of idleNotes(columns)) {
  process.stderr.write(`a note about nothing: ${note}\n`);
  process.exitCode = 1;
}
