/**
 * One process of the suite: runs the cases that it is asked for against one library, and prints each verdict on a
 * line. What nobody catches is collected instead of ending the process; a loop without end is for its parent to see.
 */
import { libraries } from './libraries.js';
import { runCase } from './run.js';
import { suite } from './suite.js';

const [name, ...ids] = process.argv.slice(2);
const library = libraries().find((one) => one.name === name);
if (library === undefined) throw new Error(`no library is called ${name ?? 'nothing'}`);

const escaped: unknown[] = [];
const real = suite.some((one) => one.real && ids.includes(one.id));
if (!real)
  for (const event of ['uncaughtException', 'unhandledRejection'])
    process.on(event, (error) => escaped.push(error));

for (const one of suite) {
  if (!ids.includes(one.id)) continue;
  const verdict = await runCase(one, library, escaped);
  process.stdout.write(`${JSON.stringify(verdict)}\n`);
}
// A case in real time ends when the library lets it.
if (!real) process.exit();
