import { describe, expect, it } from 'vitest';
import { findScenario, parseScenario, ScenarioError } from '../../src/simulate/scenario-file.js';

const DOWN = '- {from: 10s, to: 20s, is: down}';

function lines(text: string): string[] {
  try {
    parseScenario(text, 'outage.yaml');
  } catch (error) {
    if (error instanceof ScenarioError) return error.lines();
    throw error;
  }
  throw new Error('was accepted');
}

const whole = (...phases: readonly string[]) =>
  `duration: 1m\nphases:\n${phases.map((p) => `  ${p}\n`).join('')}`;

describe('a scenario file', () => {
  it('says what the backend does, and the rest has defaults [R27]', () => {
    expect(parseScenario(whole(DOWN), 'outage.yaml')).toEqual({
      name: 'outage.yaml',
      description: '',
      durationMs: 60_000,
      callsPerSecond: 10,
      latencyMs: 20,
      seed: 1,
      phases: [{ fromMs: 10_000, toMs: 20_000, is: 'down' }],
    });
  });

  it('may be JSON, and say everything [R27]', () => {
    const text = JSON.stringify({
      ...{ name: 'n', description: 'd', duration: '2m', backend: 'b', seed: 7 },
      traffic: { callsPerSecond: 0.5, latency: '50ms' },
      phases: [
        { from: '1s', to: '2s', is: 'slow', latency: '3s', only: 'calls' },
        { from: '2s', to: '9s', is: 'flapping', downFor: '1s', upFor: '500ms' },
        { from: '9s', to: '10s', is: 'failing', rate: 0.25 },
        { from: '10s', to: '2m', is: 'hanging' },
      ],
    });
    expect(parseScenario(text, 'x.json')).toEqual({
      ...{ name: 'n', description: 'd', durationMs: 120_000, backend: 'b', seed: 7 },
      ...{ callsPerSecond: 0.5, latencyMs: 50 },
      phases: [
        { fromMs: 1000, toMs: 2000, is: 'slow', latencyMs: 3000, only: 'calls' },
        { fromMs: 2000, toMs: 9000, is: 'flapping', downMs: 1000, upMs: 500 },
        { fromMs: 9000, toMs: 10_000, is: 'failing', rate: 0.25 },
        { fromMs: 10_000, toMs: 120_000, is: 'hanging' },
      ],
    });
  });

  it.each([
    ['', 'outage.yaml: the file is empty'],
    [
      `durations: 1m\nphases: [${DOWN.slice(2)}]`,
      'outage.yaml:1: durations: unknown key "durations" (did you mean "duration"?)',
    ],
    [
      whole('- {form: 1s, to: 2s, is: down}'),
      'outage.yaml:3: phases[0].form: unknown key "form" (did you mean "from"?)',
    ],
    [
      `${whole(DOWN)}traffic: {callPerSecond: 3}`,
      'outage.yaml:4: traffic.callPerSecond: unknown key "callPerSecond" (did you mean "callsPerSecond"?)',
    ],
    [
      whole('- {from: 1s, to: 2s, is: dwon}'),
      'outage.yaml:3: phases[0].is: must be one of down, hanging, slow, flapping, failing (did you mean "down"?)',
    ],
    [
      whole('- {from: 1s, to: 2s, is: down, only: call}'),
      'outage.yaml:3: phases[0].only: must be one of calls, checks (did you mean "calls"?)',
    ],
    [
      whole('- {from: 1s, to: 2s, is: slow}'),
      'outage.yaml:3: phases[0].latency: is required where the backend is slow',
    ],
    [
      whole('- {from: 1s, to: 2s, is: down, rate: 0.5}'),
      'outage.yaml:3: phases[0].rate: means nothing where the backend is down',
    ],
    [
      whole('- {from: 1s, to: 2s, is: failing, rate: 1.5}'),
      'outage.yaml:3: phases[0].rate: must be more than 0 and at most 1',
    ],
    [
      whole('- {from: 1s, to: 2s, is: flapping, downFor: 0s, upFor: 1s}'),
      'outage.yaml:3: phases[0].downFor: must be at least 1ms',
    ],
    [whole('- {from: 2s, to: 2s, is: down}'), 'outage.yaml:3: phases[0].to: must be after from'],
    [
      whole('- {from: 2s, to: 61s, is: down}'),
      'outage.yaml:3: phases[0].to: must not be after 1m0s, when the scenario ends',
    ],
    [
      whole(DOWN, '- {from: 19s, to: 30s, is: down}'),
      'outage.yaml:4: phases[1].from: must not be before 20s, when the phase before it is over',
    ],
    [whole('- {to: 2s, is: down}'), 'outage.yaml:3: phases[0].from: is required'],
    [
      whole('- {from: 1d, to: 2s, is: down}'),
      'outage.yaml:3: phases[0].from: invalid duration: time: unknown unit "d" in duration "1d"',
    ],
    [
      'duration: 25h\nphases: [{from: 1s, to: 2s, is: down}]\ntraffic: {callsPerSecond: 0}',
      'outage.yaml:1: duration: must be more than 0 and at most 24h',
    ],
    [
      'duration: 1m',
      'outage.yaml:1: phases: is required: what the backend does, e.g. {from: 10s, to: 70s, is: down}',
    ],
    [
      'phases: [{from: 1s, to: 2s, is: down}]',
      'outage.yaml:1: duration: is required: how long the whole takes',
    ],
    [
      `${whole(DOWN)}traffic: {callsPerSecond: 5000}`,
      'outage.yaml:4: traffic.callsPerSecond: makes 300000 calls of it, at most 100000 are simulated: shorten duration, or lower this',
    ],
    [
      `${whole(DOWN)}traffic: {callsPerSecond: -1}`,
      'outage.yaml:4: traffic.callsPerSecond: must be at least 0',
    ],
  ])('%j is refused: %s [R27]', (text, line) => {
    expect(lines(text)).toEqual([line]);
  });

  it('is told everything that is wrong at once, in its order [R27]', () => {
    expect(lines(whole('- {from: 1s, to: 2s, is: up}', '- {from: 1s, to: 1s, is: slow}')).length).toBe(4);
  });

  it('a name that is none is refused with the nearest [R27]', () => {
    const find = () => findScenario('crahs');
    expect(find).toThrow(ScenarioError);
    expect(find).toThrow('neither a file nor a built-in scenario (crash, hang, slow, flap, errors, relapse)');
    try {
      find();
    } catch (error) {
      expect((error as ScenarioError).lines()[0]).toContain('(did you mean "crash"?)');
    }
  });
});
