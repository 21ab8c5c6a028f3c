import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A page, whole: style and script are in it, and nothing of ours is fetched from elsewhere. */
export interface Page {
  readonly html: string;
  /** What the page may do, as `Content-Security-Policy`: its own script and style, and to ask its server. */
  readonly policy: string;
}

/**
 * Puts a page together from `index.html`, `page.css` and `page.js`.
 * @param folder where its parts are
 * @param finish what else is put into it
 * @param directives of its policy, beside the common ones
 * @throws when a part is missing: the package is broken
 */
export function pageOf(
  folder: string,
  directives: readonly string[],
  finish: (html: string) => string = (html) => html,
): Page {
  const part = (name: string) => readFileSync(join(folder, name), 'utf8');
  const html = finish(
    part('index.html')
      .replace('/* page.css */', () => part('page.css'))
      .replace('/* page.js */', () => part('page.js')),
  );
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
    ...directives,
  ].join('; ');
  return { html, policy };
}

/** How a page is answered. */
export function pageHeaders({ policy }: Page) {
  return {
    'Content-Type': 'text/html; charset=utf-8',
    'Content-Security-Policy': policy,
    'Referrer-Policy': 'no-referrer',
  } as const;
}

function digest(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}
