import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { effectiveFailureHandling } from '../src/config/effective.js';
import { parseConfig } from '../src/config/load.js';

const ROOT = join(import.meta.dirname, '..');
const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');

/** The first block of README in a language that holds a text. */
function block(language: string, holds: string): string {
  const blocks = [...readme.matchAll(/```(\w+)\n([\s\S]*?)```/g)];
  const found = blocks.find(([, of, text]) => of === language && text?.includes(holds));
  if (!found?.[2]) throw new Error(`README has no ${language} block with ${holds}`);
  return found[2];
}

/** Compiles a program under strict rules, and says where its result is. */
function compile(name: string, text: string): string {
  const folder = join(ROOT, 'dist/readme');
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${name}.ts`);
  writeFileSync(file, text);
  const program = ts.createProgram([file], {
    strict: true,
    noUncheckedIndexedAccess: true,
    exactOptionalPropertyTypes: true,
    target: ts.ScriptTarget.ES2023,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    types: ['node'],
    skipLibCheck: true,
    outDir: folder,
    rootDir: folder,
  });
  const faults = [...ts.getPreEmitDiagnostics(program), ...program.emit().diagnostics];
  expect(faults.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'))).toEqual([]);
  return join(folder, `${name}.js`);
}

describe('README', () => {
  it('embeds the engine in a program that compiles under strict rules and does what it says [R01] [R02]', () => {
    const compiled = compile('embed', block('ts', 'createEngine'));
    const lines = execFileSync(process.execPath, [compiled], { encoding: 'utf8' }).split('\n');
    expect(lines).toContain('search: circuit.changed');
    expect(lines.filter((line) => line === 'CIRCUIT_OPEN').length).toBeGreaterThanOrEqual(2);
  });

  it("shows Stately's inspector in five lines, which compile [R33]", () => {
    const shown = block('ts', 'createInspectorServer');
    const lines = shown.split('\n').filter((line) => line.trim() !== '');
    expect(lines.length).toBeLessThanOrEqual(5);
    const before = "import { createEngine } from 'breakwater';\nconst config = { backends: { search: {} } };";
    compile('inspect', `${before}\n${shown}export { engine };\n`);
    expect(block('sh', '--inspect').trimEnd().split('\n').length).toBeLessThanOrEqual(5);
  });

  it('embeds it in fifteen lines', () => {
    const lines = block('ts', 'createEngine')
      .split('\n')
      .filter((line) => line.trim() !== '');
    expect(lines.length).toBeLessThanOrEqual(15);
  });

  it('lists the defaults that hold [R27]', () => {
    const { backends, ...rest } = minimal();
    const config = parseConfig(JSON.stringify({ ...rest, backends }), '/vmcp.yaml', { env: {} });
    const [effective] = effectiveFailureHandling(config);
    const listed = [...readme.matchAll(/^\| `([\w.]+)`(?: ¹)? +\| `([\w.]+)`/gm)].map(([, key, value]) => [
      key,
      value,
    ]);
    expect(listed).toEqual(effective?.values.map(({ key, value }) => [key, value]));
  });

  it('shows a configuration that is valid and has nothing to be warned of [R27] [R28]', () => {
    const config = parseConfig(block('yaml', 'groupRef'), '/vmcp.yaml', { env: {} });
    expect(config.notices).toEqual([]);
    expect(config.backends.map(({ name }) => name)).toEqual(['github', 'files']);
  });

  it('names only scripts that package.json has', () => {
    const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { scripts: object };
    const named = [...readme.matchAll(/npm run ([\w:]+)/g)].map(([, script]) => script);
    expect(named.length).toBeGreaterThan(1);
    for (const script of named) expect(Object.keys(scripts)).toContain(script);
  });
});

function minimal() {
  return {
    name: 'n',
    groupRef: 'g',
    incomingAuth: { type: 'anonymous' },
    outgoingAuth: { source: 'inline' },
    aggregation: { conflictResolution: 'prefix', conflictResolutionConfig: { prefixFormat: '{workload}_' } },
    backends: [{ name: 'one', transport: 'sse', url: 'http://127.0.0.1/' }],
  };
}
