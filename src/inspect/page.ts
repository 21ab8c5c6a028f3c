import { join } from 'node:path';
import { pageOf } from '../http/page.js';
import type { Page } from '../http/page.js';

/**
 * A page with Stately's inspector in a frame, to which it hands what the relay tells.
 * @param root folder of the package
 * @throws when a part is missing: the package is broken
 */
export function inspectorPage(root: string): Page {
  return pageOf(join(root, 'src/inspect/page'), ['frame-src https://stately.ai']);
}
