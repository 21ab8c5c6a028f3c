import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * The folder of this package, in a clone as well as where it is installed.
 *
 * @throws Error when no folder above this file has the package's own package.json.
 */
export function packageRoot(): string {
  for (let folder = import.meta.dirname; ; folder = dirname(folder)) {
    if (manifestOf(folder)?.name === 'breakwater') return folder;
    if (folder === dirname(folder)) throw new Error('the package.json of breakwater is missing');
  }
}

/** The version in package.json. */
export function packageVersion(): string {
  return manifestOf(packageRoot())?.version ?? 'unknown';
}

function manifestOf(folder: string): { readonly name?: string; readonly version?: string } | undefined {
  const file = join(folder, 'package.json');
  if (!existsSync(file)) return undefined;
  return JSON.parse(readFileSync(file, 'utf8')) as { name?: string; version?: string };
}
