import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';

const ROOT = join(import.meta.dirname, '../..');
const NOTES = join(ROOT, 'dist/paths/notes');
const REPORT = join(ROOT, 'visualizations/paths.md');

const HEAD = `# Every path

Written by \`npm run test:exhaustive\`; only times differ between runs. The paths come from the product's own machines,
through \`@xstate/graph\`; they run against the running engine through its public interface, in virtual time, and every
step is compared with an oracle that knows neither (\`test/model/oracle.ts\`). Settings: \`test/model/settings.ts\`.

A step is something that happens to a backend: a call, its outcome (of this stay of the circuit or an older one), a
check, a lost session, an operator, a configuration, or a deadline, proved to be silent one millisecond before.
`;

/** Notes one part of the report; \`order\` says where it stands. */
export function note(order: number, text: string): void {
  mkdirSync(NOTES, { recursive: true });
  writeFileSync(join(NOTES, `${String(order).padStart(3, '0')}.md`), text);
}

/** A table of the report. */
export function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const line = (cells: readonly (string | number)[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** Vitest's global setup: the report is put together when all files have run. */
export default function setup(): () => Promise<void> {
  rmSync(NOTES, { recursive: true, force: true });
  return async () => {
    // A run of a part, or one that failed, has nothing to report.
    const parts = existsSync(NOTES) ? readdirSync(NOTES).sort() : [];
    if (parts.length < PARTS) return;
    const text = parts.map((name) => readFileSync(join(NOTES, name), 'utf8')).join('\n\n');
    const options = await resolveConfig(REPORT);
    mkdirSync(join(ROOT, 'visualizations'), { recursive: true });
    writeFileSync(REPORT, await format(`${HEAD}\n${text}\n`, { ...options, parser: 'markdown' }));
  };
}
const PARTS = 9;
