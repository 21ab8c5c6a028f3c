/** One process of the bench: measures the one subject it is asked for, and prints its figures. */
import { isSubject, subjects } from './subjects.js';

const [name, rounds, quick] = process.argv.slice(2);
if (!isSubject(name)) throw new Error(`one of ${Object.keys(subjects).join(', ')}; not ${name ?? 'nothing'}`);
const figures = await subjects[name]({ rounds: Number(rounds), quick: quick === 'quick' });
// Opossum's timers would keep the process alive.
process.stdout.write(JSON.stringify(figures), () => process.exit());
