import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pageOf } from '../page.js';
import type { Page } from '../page.js';

/**
 * The live page, with the drawings in it.
 * @param root folder of the package
 * @throws when a part is missing: the package is broken
 */
export function livePage(root: string): Page {
  const drawing = (name: string) => readFileSync(join(root, 'visualizations', `${name}.svg`), 'utf8');
  return pageOf(join(root, 'src/http/live/page'), [], (html) =>
    html.replaceAll(/<!-- (backend\.\S+) -->/g, (_, name: string) => drawing(name)),
  );
}
