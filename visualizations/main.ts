/** `npm run visualize`: draws every machine of the product, from its code, into this folder. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { drawings, FOLDER } from './drawing/drawings.js';

for (const [name, text] of await drawings()) {
  writeFileSync(join(FOLDER, name), text);
  console.log(`visualizations/${name}`);
}
