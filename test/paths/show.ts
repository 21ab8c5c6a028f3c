/**
 * `npm run paths`: every arrow of the machine and how many enumerated transitions cross it.
 * `npm run paths -- TEXT`: the shortest path to each transition that crosses an arrow whose name holds the text.
 */
import { arrows, pathTo } from '../model/arrows.js';

const text = process.argv.slice(2).join(' ');
if (text === '--help' || text === '-h') {
  console.log(
    'usage: npm run paths [-- TEXT]\n\nWithout a text all arrows; with one, all paths to the arrows it fits.',
  );
  process.exit(0);
}

console.error('enumerating …');
const found = arrows().filter(({ name }) => name.includes(text));
for (const { name, crossings } of found) {
  console.log(`${name}: ${crossings.length}`);
  if (text === '') continue;
  for (const crossing of crossings) console.log(`  [${crossing.scale.name}] ${pathTo(crossing)}`);
}
if (found.length === 0) {
  console.error(`no arrow's name holds "${text}"; npm run paths lists them all`);
  process.exitCode = 1;
}
