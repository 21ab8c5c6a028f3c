import { writeFileSync } from 'node:fs';
import type { VmcpConfig } from '../config/config.js';
import { drawSimulation } from '../simulate/drawing.js';
import { findScenario, ScenarioError } from '../simulate/scenario-file.js';
import type { Scenario } from '../simulate/scenario.js';
import { simulate, SimulationError } from '../simulate/simulate.js';
import type { Simulation } from '../simulate/simulation.js';
import { readConfiguration } from './configuration.js';
import { EXIT, ExitError } from './exit-code.js';
import type { SimulateOptions } from './program.js';
import type { Host } from './run.js';
import { scenarioList } from './simulate-help.js';
import { simulationReport } from './simulation-report.js';
import { createPaint, shown } from './terminal.js';

/**
 * Simulates, and prints what was asked for.
 * @throws {ExitError} a file is refused or cannot be written
 */
export async function runSimulation(
  { scenario: asked, config, compare, server, backend, svg, json }: SimulateOptions,
  { env, stdout, stderr }: Pick<Host, 'env' | 'stdout' | 'stderr'>,
): Promise<number> {
  if (asked === 'list') {
    stdout.write(scenarioList());
    return EXIT.ok;
  }
  if (json && svg === true) {
    throw new ExitError(EXIT.usage, '--json and --svg without a file both write to stdout: name a file');
  }
  const scenario = readScenario(asked);
  const files = [config, ...(compare === undefined ? [] : [compare])];
  const configs = files.map((file) =>
    readConfiguration({ config: file, ...(server !== undefined && { server }) }, env),
  );
  const simulation = await simulated(configs, scenario, backend);
  const picture = svg === undefined ? undefined : drawSimulation(simulation);
  if (typeof svg === 'string' && picture !== undefined) {
    write(svg, picture);
    stderr.write(`drawn to ${shown(svg)}\n`);
  }
  if (json) stdout.write(`${JSON.stringify(simulation, null, 2)}\n`);
  else if (svg === true) stdout.write(picture ?? '');
  else stdout.write(simulationReport(simulation, createPaint(stdout.isTTY === true, env)));
  return EXIT.ok;
}

function readScenario(asked: string): Scenario {
  try {
    return findScenario(asked);
  } catch (error) {
    if (!(error instanceof ScenarioError)) throw error;
    const lines = error.lines().map((line) => `  ${shown(line)}`);
    throw new ExitError(EXIT.refused, ['the scenario is refused', ...lines].join('\n'));
  }
}

async function simulated(
  configs: readonly VmcpConfig[],
  scenario: Scenario,
  backend: string | undefined,
): Promise<Simulation> {
  try {
    return await simulate(configs, scenario, backend);
  } catch (error) {
    if (!(error instanceof SimulationError)) throw error;
    throw new ExitError(EXIT.refused, shown(error.message));
  }
}

function write(file: string, picture: string): void {
  try {
    writeFileSync(file, picture);
  } catch (error) {
    const why = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    throw new ExitError(EXIT.refused, `cannot write ${shown(file)}: ${why}`);
  }
}
