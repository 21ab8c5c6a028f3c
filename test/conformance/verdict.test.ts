import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT } from '../e2e/processes.js';
import { cellOf, report } from './report.js';
import { SUITE } from './suite.js';
import type { Check, Outcome, Row, Way } from './verdict.js';
import { faultsOf, outcomeOf } from './verdict.js';

const PASSES = outcomeOf([{ id: 'a', status: 'SUCCESS' }]);
const FAILS = outcomeOf([{ id: 'a', status: 'FAILURE', errorMessage: 'it is | not\nso' }]);

function row(outcomes: Partial<Record<Way, Outcome>> = {}, scenario = 'ping'): Row {
  return { scenario, outcomes: { direct: PASSES, http: PASSES, stdio: PASSES, ...outcomes } };
}

describe('an outcome', () => {
  it('counts checks by what they say, and keeps why they failed or warned', () => {
    const checks: Check[] = [
      { id: 'a', status: 'SUCCESS' },
      { id: 'b', status: 'INFO' },
      { id: 'c', status: 'WARNING', errorMessage: 'no id' },
      { id: 'd', status: 'FAILURE' },
    ];
    const outcome = outcomeOf(checks);
    expect(outcome).toEqual({ passed: 1, failed: 1, warnings: 1, said: ['c: no id', 'd: no reason given'] });
    expect(cellOf(outcome)).toBe('FAILS: 1 of 2, 1 warning');
  });

  it('of no check at all is a failure', () => {
    expect(outcomeOf([])).toMatchObject({ passed: 0, failed: 1 });
  });
});

describe('the verdict', () => {
  it('is good where everything passes, or only warns', () => {
    const warns = outcomeOf([{ id: 'a', status: 'WARNING' }]);
    expect(faultsOf([row(), row({ stdio: warns })], [])).toEqual([]);
  });

  it('names each way in which a scenario fails that passes directly', () => {
    expect(faultsOf([row({ http: FAILS }), row({ stdio: FAILS }, 'tools-list')], [])).toEqual([
      'ping fails through an HTTP backend',
      'tools-list fails through a stdio backend',
    ]);
  });

  it('blames the gateway for nothing that fails directly, and names that instead', () => {
    expect(faultsOf([row({ direct: FAILS, http: FAILS, stdio: FAILS })], [])).toEqual([
      'ping fails directly',
    ]);
  });

  it('accepts what is expected, there only, and until it passes', () => {
    const expected = [{ scenario: 'ping', ways: ['http' as const], why: 'because' }];
    expect(faultsOf([row({ http: FAILS })], expected)).toEqual([]);
    expect(faultsOf([row({ http: FAILS, stdio: FAILS })], expected)).toEqual([
      'ping fails through a stdio backend',
    ]);
    expect(faultsOf([row()], expected)).toEqual([
      'ping is expected to fail through an HTTP backend, and does not',
    ]);
  });
});

describe('the report', () => {
  const versions = { breakwater: '1', sdk: '2', node: '3', nodeOfSuite: '4' };

  it('shows each scenario, and once what the suite says of it', () => {
    const expected = [{ scenario: 'ping', ways: ['http' as const, 'stdio' as const], why: 'because' }];
    const text = report([row({ http: FAILS, stdio: FAILS }), row({}, 'tools-list')], expected, versions);
    expect(text).toContain('| scenarios that pass | 2 of 2 | 1 of 2 | 1 of 2 |');
    expect(text).toContain('| ping | 1 of 1 | FAILS: 0 of 1 | FAILS: 0 of 1 |');
    expect(text).toContain(
      '| ping | through an HTTP backend, through a stdio backend | a: it is \\| not so |',
    );
    expect(text).toContain('- ping, through an HTTP backend, through a stdio backend: because');
  });

  it('that is kept is of the versions in use', () => {
    const kept = readFileSync(join(ROOT, 'visualizations/conformance.md'), 'utf8');
    const sdk = readFileSync(join(ROOT, 'node_modules/@modelcontextprotocol/sdk/package.json'), 'utf8');
    expect(kept).toContain(`\`${SUITE.name}\` ${SUITE.version} and `);
    expect(kept).toContain(`MCP SDK ${(JSON.parse(sdk) as { version: string }).version} on Node`);
  });
});
