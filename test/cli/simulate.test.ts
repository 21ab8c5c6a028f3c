import { existsSync, readFileSync, rmSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Simulation } from '../../src/simulate/simulation.js';
import { failureHandling, sample } from '../config/sample.js';
import { command, fileOf } from './fake-host.js';

const CONFIG = fileOf(failureHandling('circuitBreaker: {enabled: true}'));
const QUICK = fileOf(failureHandling('circuitBreaker: {enabled: true, failureThreshold: 3, timeout: 5s}'));
const simulate = (...argv: readonly string[]) => command(['simulate', '--config', CONFIG, ...argv]);

describe('simulate', () => {
  it('prints what happened when, and what it came to [R31]', async () => {
    const { code, out, err } = await simulate('--scenario', 'crash');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toContain('Scenario crash: it refuses every connection for 90 s, and is back\n');
    expect(out).toContain(`Configuration ${CONFIG}, one\n`);
    const rows = out.split('\n').map((line) => line.replaceAll(/[│ ]+/g, ' ').trim());
    expect(rows).toEqual(
      expect.arrayContaining([
        '10s the backend is down',
        '10.051s noticed: a call failed: connection_failed',
        '10.451s circuit closed → open call.failed: connection_failed · failures in a row: 5 · next attempt in 1 min',
        '1m10.451s circuit open → half-open the open time is over',
        '1m10.452s attempt: a health check failed: connection_failed, after 1ms',
        '2m10.472s attempt: a health check was answered, after 20ms',
        '2m10.55s service is back: a call succeeded',
        'circuit opened after 451ms',
        'service back, after recovery 30.55s',
        'calls refused 1200 (66.7%)',
      ]),
    );
  });

  it('puts two configurations side by side [R31]', async () => {
    const { code, out } = await simulate('--compare', QUICK, '--scenario', 'crash');
    expect(code).toBe(0);
    expect(out).toMatch(/│ circuit opened after +│ 451ms +│ 251ms +│/);
    expect(out).toMatch(/│ +10s │ the backend is down +│ the backend is down +│/);
    expect(out).toMatch(/│ +10\.051s │ noticed: a call failed: connection_failed +│ noticed: a call failed/);
  });

  it('prints everything as JSON [R31]', async () => {
    const { out } = await simulate('--compare', QUICK, '--scenario', 'crash', '--json');
    const { scenario, runs } = JSON.parse(out) as Simulation;
    expect(scenario).toMatchObject({ name: 'crash', durationMs: 180_000, seed: 1 });
    expect(runs.map(({ config, backend, breaker }) => [config, backend, breaker])).toEqual([
      [CONFIG, 'one', 'enforced'],
      [QUICK, 'one', 'enforced'],
    ]);
    expect(runs[1]?.failureHandling['circuitBreaker.timeout']).toBe('5s');
  });

  it('draws to a file or to stdout, not into the JSON [R31]', async () => {
    const file = `${CONFIG}.svg`;
    const { code, out, err } = await simulate('--scenario', 'hang', '--svg', file);
    expect({ code, err }).toEqual({ code: 0, err: `drawn to ${file}\n` });
    expect(out).toContain('Scenario hang');
    const { out: drawn } = await simulate('--scenario', 'hang', '--svg');
    expect(drawn).toBe(readFileSync(file, 'utf8'));
    rmSync(file);
    const both = await simulate('--scenario', 'hang', '--svg', '--json');
    expect(both).toMatchObject({ code: 2, out: '' });
    expect(both.err).toContain('both write to stdout');
    const nowhere = await simulate('--scenario', 'hang', '--svg', `${CONFIG}/x.svg`);
    expect(nowhere.code).toBe(1);
    expect(nowhere.err).toContain('x.svg: ENOTDIR');
    expect(existsSync(`${CONFIG}/x.svg`)).toBe(false);
  });

  it('says that there is no breaker, or that it only observes [R11]', async () => {
    const off = await command(['simulate', '--config', fileOf(sample()), '--scenario', 'crash']);
    expect(off.out).toContain(
      'its circuit breaker is disabled (circuitBreaker.enabled): every call is admitted',
    );
    const observed = fileOf(failureHandling('circuitBreaker: {enabled: true, observeOnly: true}'));
    const { out } = await command(['simulate', '--config', observed, '--scenario', 'crash']);
    expect(out).toContain('its circuit is only observed (observeOnly): nothing is refused');
    expect(out).toMatch(/│ would have been refused +│ \d+/);
  });

  it('lists the scenarios that have a name, without a configuration [R27]', async () => {
    const { code, out } = await command(['simulate', '--scenario', 'list']);
    expect(code).toBe(0);
    expect(out.split('\n').map((line) => line.trim().split(' ', 1)[0])).toEqual([
      ...['crash', 'hang', 'slow', 'flap', 'errors', 'relapse', ''],
    ]);
  });

  it('reads a scenario from a file, and names what is wrong in it [R27]', async () => {
    const good = fileOf('duration: 30s\nphases: [{from: 5s, to: 10s, is: down}]\nname: "a\\e[31m"');
    const { code, out } = await simulate('--scenario', good);
    expect(code).toBe(0);
    expect(out).toContain('Scenario a\\u{1b}[31m\n');
    const bad = fileOf('duration: 30s\nphases: [{form: 5s, to: 10s, is: down}]');
    expect(await simulate('--scenario', bad)).toEqual({
      code: 1,
      out: '',
      err: `breakwater: the scenario is refused\n  ${bad}:2: phases[0].form: unknown key "form" (did you mean "from"?)\n`,
    });
  });

  it.each([
    [['--scenario', 'crahs'], 1, '(did you mean "crash"?)'],
    [['--scenario', 'crash', '--backend', 'two'], 1, 'has no backend "two"; it has one'],
    [['--scenario', 'crash', '--compare', '/none.yaml'], 1, '/none.yaml: no such file'],
    [[], 2, "required option '-s, --scenario <file|name>' not specified"],
    [['--scenaro', 'crash'], 2, "unknown option '--scenaro'"],
    [['--scenario', ''], 2, 'It is empty.'],
  ])('%j ends with %i: %s [R27]', async (argv, code, message) => {
    const result = await simulate(...argv);
    expect(result).toMatchObject({ code, out: '' });
    expect(result.err).toContain(message);
  });

  it('without a configuration is wrong usage [R27]', async () => {
    const { code, err } = await command(['simulate', '--scenario', 'crash']);
    expect(code).toBe(2);
    expect(err).toContain("required option '-c, --config <file>' not specified");
  });
});
