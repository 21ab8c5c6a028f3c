/**
 * Reads streams of events, as many pages that are open would, and tells its parent how much that was when asked.
 *
 * Usage: node viewers.mjs <url> <how many>
 */
import { get } from 'node:http';

const [url, count] = process.argv.slice(2);
let bytes = 0;
let open = 0;
for (let viewer = 0; viewer < Number(count); viewer += 1) {
  get(url, (response) => {
    open += 1;
    response.on('data', (chunk) => (bytes += chunk.length));
    if (open === Number(count)) process.send?.('open');
  });
}
process.on('message', () => process.send?.(bytes));

// Who started it is gone.
process.on('disconnect', () => process.exit());
