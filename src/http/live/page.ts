import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The live page, whole: style, script and drawing are in it, and nothing is fetched from elsewhere. */
export interface Page {
  readonly html: string;
  /** What the page may do, as `Content-Security-Policy`: its own script and style, and to ask this server. */
  readonly policy: string;
}

/**
 * Puts the page together from its parts in the package.
 * @param root folder of the package
 * @throws when a part is missing: the package is broken
 */
export function livePage(root: string): Page {
  const part = (...path: readonly string[]) => readFileSync(join(root, ...path), 'utf8');
  const html = part('src/http/live/page/index.html')
    .replace('/* page.css */', () => part('src/http/live/page/page.css'))
    .replace('/* page.js */', () => part('src/http/live/page/page.js'))
    .replaceAll(/<!-- (backend\.\S+) -->/g, (_, name: string) => part(`visualizations/${name}.svg`));
  const sources = (tag: string) =>
    [...html.matchAll(new RegExp(`<${tag}>([^]*?)</${tag}>`, 'g'))].map(
      ([, text = '']) => `'${digest(text)}'`,
    );
  const policy = [
    "default-src 'none'",
    `script-src ${sources('script').join(' ')}`,
    `style-src ${sources('style').join(' ')}`,
    "connect-src 'self'",
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
  return { html, policy };
}

function digest(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}
