import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { ROOT, sourceOf } from './matching.js';
import type { Proof } from './row.js';
import type { Ran } from './verdict.js';

/** No run takes longer. */
const MAX_MS = 20 * 60_000;

/** Files whose tests build on each other, by a name that stands in the full title of each. */
const WHOLE = new Map([
  ['test/e2e/lifecycle.test.ts', 'a backend that is killed and comes back'],
  ['test/e2e/canaries.test.ts', 'twenty planted secrets'],
]);

export interface Run {
  readonly ran: readonly Ran[];
  /** Whether everything went well, what is outside of tests included. */
  readonly success: boolean;
}

interface JsonReport {
  readonly success: boolean;
  readonly testResults: readonly {
    readonly name: string;
    readonly assertionResults: readonly {
      readonly title: string;
      readonly status: string;
      readonly failureMessages?: readonly string[];
    }[];
  }[];
}

/** Runs the tests that proofs name, and few others. @throws Error when the run comes to no report */
export async function run(proofs: readonly Proof[]): Promise<Run> {
  const files = [...new Set(proofs.map(({ file }) => file))].sort();
  const patterns = new Set(proofs.map((proof) => WHOLE.get(proof.file) ?? sourceOf(proof)));
  const folder = mkdtempSync(join(tmpdir(), 'breakwater-faults-'));
  try {
    const outputFile = join(folder, 'report.json');
    const args = [
      ...['run', '--config', 'vitest.faults.config.ts', '--reporter=json'],
      ...[`--outputFile.json=${outputFile}`, '-t', [...patterns].join('|'), ...files],
    ];
    const child = spawn(process.execPath, [join(ROOT, 'node_modules/vitest/vitest.mjs'), ...args], {
      cwd: ROOT,
      stdio: ['ignore', 'ignore', 'inherit'],
      timeout: MAX_MS,
      killSignal: 'SIGKILL',
    });
    await once(child, 'exit');
    return readReport(readFileSync(outputFile, 'utf8'));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function readReport(text: string): Run {
  const { success, testResults } = JSON.parse(text) as JsonReport;
  const ran = testResults.flatMap(({ name, assertionResults }) =>
    assertionResults.map(({ title, status, failureMessages = [] }): Ran => ({
      file: relative(ROOT, name),
      title,
      status: status === 'passed' || status === 'failed' ? status : 'skipped',
      why: failureMessages.join('\n'),
    })),
  );
  return { ran, success };
}
