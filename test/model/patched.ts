import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { createEngine } from '../../src/create-engine.js';

const ROOT = join(import.meta.dirname, '../..');
/** All that an engine is made of. */
const SOURCES = [
  'machines',
  'src/engine',
  'src/logging/log.ts',
  'src/config/engine-config.ts',
  'src/create-engine.ts',
];

/** One change of one file of the source. */
export interface Patch {
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

/** An engine of a copy of the source in which every patch was made. Each must fit exactly once. */
export async function patchedEngine(name: string, patches: readonly Patch[]): Promise<typeof createEngine> {
  const folder = join(ROOT, 'dist/paths/patched', name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const source of SOURCES) cpSync(join(ROOT, source), join(folder, source), { recursive: true });
  for (const { file, from, to } of patches) {
    const path = join(folder, file);
    const text = readFileSync(path, 'utf8');
    const fits = text.split(from).length - 1;
    if (fits !== 1) throw new Error(`${name}: the patch of ${file} fits ${fits} times: ${from}`);
    writeFileSync(
      path,
      text.replace(from, () => to),
    );
  }
  const module = (await import(join(folder, 'src/create-engine.ts'))) as {
    createEngine: typeof createEngine;
  };
  return module.createEngine;
}
