import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Check } from './verdict.js';

/** The official suite. It floats nothing but its own dependencies. */
export const SUITE = { name: '@modelcontextprotocol/conformance', version: '0.1.16' } as const;
/** The suite uses `fs.globSync`; where Node is older, this one runs it. */
const NODE_OF_SUITE = '22.23.3';
const OLDEST_NODE = 22;

/** Long enough to fetch some fifty packages on a slow line. */
const FETCH_MS = 180_000;
const LIST_MS = 20_000;
/** The longest scenario waits 15 s; the suite's client gives up a request only after 60. */
const SCENARIO_MS = 30_000;

const run = promisify(execFile);

/** Where a command of a package is on this machine, and what runs it. */
export interface Installed {
  readonly node: string;
  readonly nodeVersion: string;
  readonly main: string;
}

/** Run by the package's Node, where npm has put the command on the path. */
const where = (command: string) => `JSON.stringify({
  node: process.execPath,
  nodeVersion: process.versions.node,
  main: fs.realpathSync(process.env.PATH.split(path.delimiter).map((folder) => path.join(folder, '${command}')).find(fs.existsSync)),
})`;

/** Fetches a package into npm's cache, unless it is there. @throws Error when npm cannot */
export async function whereIs(
  { name, version }: { readonly name: string; readonly version: string },
  command: string,
  signal: AbortSignal,
): Promise<Installed> {
  const isOld = Number.parseInt(process.versions.node, 10) < OLDEST_NODE;
  const packages = [...(isOld ? [`node@${NODE_OF_SUITE}`] : []), `${name}@${version}`];
  const { stdout } = await run(
    'npx',
    ['--yes', ...packages.map((each) => `--package=${each}`), '--', 'node', '-p', where(command)],
    { timeout: FETCH_MS, signal },
  );
  return JSON.parse(stdout) as Installed;
}

export function install(signal: AbortSignal): Promise<Installed> {
  return whereIs(SUITE, 'conformance', signal);
}

/** The names of all server scenarios, those included that the suite itself holds back as pending. */
export async function scenariosOf({ node, main }: Installed, signal: AbortSignal): Promise<string[]> {
  const { stdout } = await run(node, [main, 'list', '--server'], { timeout: LIST_MS, signal });
  const names = [...stdout.matchAll(/^ {2}- (\S+)/gm)].map(([, name = '']) => name);
  if (names.length === 0) throw new Error('the suite lists no scenario');
  return names;
}

/** One scenario in a process of its own. One that says nothing is one failed check that says why. */
export async function checksOf(
  { node, main }: Installed,
  scenario: string,
  url: string,
  signal: AbortSignal,
): Promise<Check[]> {
  const folder = mkdtempSync(join(tmpdir(), 'conformance-'));
  const args = [main, 'server', '--url', url, '--scenario', scenario, '--output-dir', folder];
  try {
    // It exits with 1 where a check failed: what it wrote counts.
    const killed = await run(node, args, { timeout: SCENARIO_MS, killSignal: 'SIGKILL', signal }).then(
      () => false,
      isKilled,
    );
    signal.throwIfAborted();
    const text = writtenIn(folder);
    if (text !== undefined) return JSON.parse(text.replaceAll(new URL(url).host, 'the-server')) as Check[];
    const errorMessage = killed ? `no result within ${SCENARIO_MS / 1000} s` : 'it ended without a result';
    return [{ id: scenario, status: 'FAILURE', errorMessage }];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The suite makes a folder for each run, with a date in its name. */
function writtenIn(folder: string): string | undefined {
  const [result] = readdirSync(folder);
  if (result === undefined) return undefined;
  const file = join(folder, result, 'checks.json');
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
}

function isKilled(error: unknown): boolean {
  return error instanceof Error && 'killed' in error && error.killed === true;
}
