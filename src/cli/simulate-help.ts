import { BUILT_IN } from '../simulate/built-in.js';

/** The built-in scenarios, a line each. */
export function scenarioList(): string {
  const width = Math.max(...BUILT_IN.map(({ name }) => name.length));
  return BUILT_IN.map(({ name, description }) => `  ${name.padEnd(width)}  ${description}\n`).join('');
}

export const simulateHelp = () => `
Scenarios:
${scenarioList()}
Or a file:
  duration: 2m
  traffic: { callsPerSecond: 20, latency: 50ms }   # the defaults: 10, 20ms
  phases:
    - { from: 10s, to: 40s, is: down }
    - { from: 50s, to: 60s, is: hanging, only: calls }   # or checks
    - { from: 60s, to: 70s, is: slow, latency: 3s }
    - { from: 70s, to: 80s, is: failing, rate: 0.5 }
    - { from: 80s, to: 90s, is: flapping, downFor: 2s, upFor: 1s }
  backend: github   # the default: the first
  seed: 1           # the same seed gives the same result

Examples:
  breakwater simulate --config vmcp.yaml --scenario crash
  breakwater simulate --config vmcp.yaml --compare other.yaml --scenario outage.yaml
  breakwater simulate --config vmcp.yaml --scenario hang --svg hang.svg

--json prints { scenario, runs: [{ config, backend, breaker, failureHandling,
callTimeoutMs, figures, outages, timeline, circuit, health, buckets }] }, all
times in milliseconds since the start; src/simulate/simulation.ts explains each.

Nothing is contacted: the engine and its machines run on a clock of their own.
Sessions are not simulated: where a connection is seen to break, serve checks
the backend at once. Exit code 1 if a file is refused.
`;
