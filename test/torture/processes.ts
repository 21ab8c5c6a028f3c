import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Case } from './case.js';
import type { Verdict } from './run.js';

const SAMPLE = fileURLToPath(new URL('./sample.ts', import.meta.url));
/** A case in virtual time takes milliseconds: in this time its process is not just slow. */
const HUNG_MS = 30_000;
/** What is due after it in real time is due much later: in this time a process that may end has ended. */
const LINGERS_MS = 3000;

interface Run {
  readonly verdicts: readonly Verdict[];
  /** How the process ended, where it did not end in peace. */
  readonly end?: string;
}

/** One library's verdict on each case. */
export async function verdictsOf(library: string, suite: readonly Case[]): Promise<Verdict[]> {
  const verdicts = await inTurn(
    library,
    suite.filter(({ real }) => !real).map(({ id }) => id),
  );
  for (const { id, real } of suite) if (real) verdicts.push(await alone(library, id));
  return verdicts;
}

/** As many cases in one process as it survives. */
async function inTurn(library: string, ids: readonly string[]): Promise<Verdict[]> {
  const verdicts: Verdict[] = [];
  while (verdicts.length < ids.length) {
    const { verdicts: more, end } = await run(library, ids.slice(verdicts.length), HUNG_MS);
    verdicts.push(...more);
    const at = ids[verdicts.length];
    if (at !== undefined) verdicts.push({ id: at, verdict: 'fails', seen: end ?? 'the process is gone' });
  }
  return verdicts;
}

/** A case in real time: its process must also end by itself. */
async function alone(library: string, id: string): Promise<Verdict> {
  const { verdicts, end } = await run(library, [id], LINGERS_MS);
  const [verdict = { id, verdict: 'passes' } as const] = verdicts;
  return verdict.verdict === 'passes' && end !== undefined ? { id, verdict: 'fails', seen: end } : verdict;
}

function run(library: string, ids: readonly string[], patienceMs: number): Promise<Run> {
  const child = spawn(process.execPath, ['--import', 'tsx', SAMPLE, library, ...ids]);
  const verdicts: Verdict[] = [];
  let impatient = false;
  let complaint = '';
  let timer: NodeJS.Timeout | undefined;
  const wait = (ms: number) => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      impatient = true;
      child.kill('SIGKILL');
    }, ms);
  };
  // Before the first word the process has to start, and a case in real time to run.
  wait(HUNG_MS);
  createInterface(child.stdout).on('line', (line) => {
    if (!line.startsWith('{"id":')) return;
    verdicts.push(JSON.parse(line) as Verdict);
    wait(patienceMs);
  });
  createInterface(child.stderr).on('line', (line) => {
    if (/^\w*Error\b/.test(line)) complaint ||= line;
  });
  return new Promise((resolve) => {
    child.on('close', (code) => {
      clearTimeout(timer);
      if (impatient) resolve({ verdicts, end: verdicts.length < ids.length ? HANGS : LINGERS });
      else if (code === 0) resolve({ verdicts });
      else resolve({ verdicts, end: `the process ends: ${complaint || `exit code ${code ?? 'unknown'}`}` });
    });
  });
}

const HANGS = 'the process hangs: its event loop never comes free';
const LINGERS = 'three seconds later the process is still alive';
