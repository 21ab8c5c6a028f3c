import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Proof } from './row.js';

export const ROOT = join(import.meta.dirname, '../..');

const PLACEHOLDER = /%[sdijof#%]/g;

/** What is wrong with a proof, by the texts of the files it names; undefined if nothing is. */
export function flawOf({ file, title, one, rowsIn }: Proof): string | undefined {
  const text = textOf(file);
  if (text === undefined) return `${file} is not there`;
  if (!titlesOf(text).has(title)) return `${file} has no test called ${title}`;
  if (one === undefined) return undefined;
  if (title.search(PLACEHOLDER) === -1) return `"${title}" is not one of many`;
  const rows = textOf(rowsIn ?? file);
  const row = new RegExp(/^\d+$/.test(one) ? `\\b${one}\\b` : `(['"\`])${escaped(one)}\\1`);
  return rows !== undefined && row.test(rows) ? undefined : `${rowsIn ?? file} has no row ${one}`;
}

/** Whether a title that a run reports is that of a proof. */
export function isTitleOf({ title, one }: Proof, reported: string): boolean {
  return patternOf(title, one).test(reported);
}

/** The end of a full title, which the names of its groups precede. */
export function sourceOf({ title, one }: Proof): string {
  return patternOf(title, one).source.slice(1);
}

function patternOf(title: string, one: string | undefined): RegExp {
  const [first = '', ...rest] = title.split(PLACEHOLDER).map(escaped);
  const [second, ...others] = rest;
  const head = second === undefined ? first : `${first}${one === undefined ? '.*' : escaped(one)}${second}`;
  return new RegExp(`^${[head, ...others].join('.*')}$`, 's');
}

const texts = new Map<string, string | undefined>();

function textOf(file: string): string | undefined {
  if (!texts.has(file)) {
    let text: string | undefined;
    try {
      text = readFileSync(join(ROOT, file), 'utf8');
    } catch {
      // That it is not there is the answer.
    }
    texts.set(file, text);
  }
  return texts.get(file);
}

/** The literals of a file that end as a title does. */
function titlesOf(text: string): ReadonlySet<string> {
  const literals = text.matchAll(/(['"`])((?:(?!\1)[^\n\\]|\\.)*\[R\d\d\])\1/g);
  return new Set([...literals].map(([, , title = '']) => title.replaceAll(/\\(.)/g, '$1')));
}

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
