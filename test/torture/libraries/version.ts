import { readFileSync } from 'node:fs';

/** The version of an installed package; of this one without a name. */
export function versionOf(name?: string): string {
  const folder = name === undefined ? '' : `node_modules/${name}/`;
  const manifest = readFileSync(new URL(`../../../${folder}package.json`, import.meta.url), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}
