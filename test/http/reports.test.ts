import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Ajv } from 'ajv';
import { load } from 'js-yaml';
import { describe, expect, test } from 'vitest';
import type { Phase, Standing } from '../../machines/policy.js';
import { backendReports, countHealth, reportedHealth, shownUrl } from '../../src/http/backend-report.js';
import { backendMessage, conditionsOf, crdStatus, phaseMessage } from '../../src/http/crd-status.js';
import { healthReport } from '../../src/http/health-report.js';
import { statusReport } from '../../src/http/status-report.js';
import { backendStatus, engineStatus, info } from './fake-vmcp.js';

const NOW = '2026-08-01T12:00:00.000Z';
const LATER = '2026-08-01T13:00:00.000Z';
const who = { name: 'demo', groupRef: 'group', version: '1.2.3' };

const opened = backendStatus(
  'github',
  { circuit: 'open' },
  {
    consecutiveFailures: 5,
    lastErrorCategory: 'connection_failed',
    lastCheckTime: NOW,
    nextAttemptTime: LATER,
    nextAttemptInMs: 20_000,
  },
);
const unchecked = backendStatus('slow', { health: 'unknown' });
const mixed = engineStatus(backendStatus('fine'), opened, unchecked);
const infos = [
  info('fine'),
  info('github', {
    transport: 'streamable-http',
    url: 'https://user:secret@example.com/mcp?key=secret#secret',
    authType: 'header_injection',
  }),
];

describe('health as every endpoint reports it', () => {
  const rows: readonly [Partial<Standing>, string][] = [
    [{}, 'healthy'],
    [{ health: 'degraded' }, 'degraded'],
    [{ health: 'unknown' }, 'unknown'],
    [{ health: 'unauthenticated' }, 'unauthenticated'],
    [{ health: 'unhealthy' }, 'unhealthy'],
    [{ circuit: 'disabled' }, 'healthy'],
    [{ circuit: 'open' }, 'unhealthy'],
    [{ circuit: 'halfOpen' }, 'unhealthy'],
    [{ circuit: 'isolated' }, 'unhealthy'],
    [{ circuit: 'open', health: 'unknown' }, 'unhealthy'],
    [{ circuit: 'open', health: 'unauthenticated' }, 'unauthenticated'],
    [{ supervision: 'restarting' }, 'unhealthy'],
    [{ supervision: 'gaveUp' }, 'unhealthy'],
    [{ supervision: 'draining', health: 'degraded' }, 'unhealthy'],
  ];
  test.each(rows)('%j is reported as %s [R14]', (standing, expected) => {
    expect(reportedHealth(backendStatus('a', standing).standing)).toBe(expected);
  });
});

describe('addresses', () => {
  const rows: readonly [string | undefined, string | undefined][] = [
    ['https://user:pass@example.com:8443/mcp?token=x#y', 'https://example.com:8443/mcp'],
    ['http://127.0.0.1:4490/mcp', 'http://127.0.0.1:4490/mcp'],
    ['http://[::1]:1/mcp', 'http://[::1]:1/mcp'],
    ['file:///etc/passwd', undefined],
    ['nonsense?token=x', undefined],
    [undefined, undefined],
  ];
  test.each(rows)('%s is shown as %s [R30]', (url, expected) => {
    expect(shownUrl(url)).toBe(expected);
  });
});

describe('the body of /status', () => {
  const report = statusReport(mixed.phase, backendReports(mixed, infos), who);

  test('has the keys of the reference beside its own [R31]', () => {
    expect(report).toMatchObject({
      healthy: true,
      version: '1.2.3',
      group_ref: 'group',
      name: 'demo',
      phase: 'Degraded',
      message: '1/3 backends routable (0 degraded, 1 unhealthy, 1 unknown)',
    });
    expect(report.backends.map(({ name }) => name)).toEqual(['fine', 'github', 'slow']);
    expect(report.backends[1]).toMatchObject({
      name: 'github',
      health: 'unhealthy',
      transport: 'streamable-http',
      auth_type: 'header_injection',
      serving: false,
      circuit: 'open',
      consecutive_failures: 5,
      last_error_category: 'connection_failed',
      next_attempt_time: LATER,
      next_attempt_in_ms: 20_000,
      time_in_state_ms: 1500,
      url: 'https://example.com/mcp',
    });
  });

  test('includes a backend that was never checked, and of which nothing else is known [R31]', () => {
    expect(report.backends[2]).toMatchObject({ name: 'slow', health: 'unknown', transport: 'unknown' });
    expect(report.backends[2]).not.toHaveProperty('last_check_time');
  });

  test('contains no secret of an address [R30]', () => {
    expect(JSON.stringify(report)).not.toContain('secret');
  });

  test('is not healthy when the only healthy backend has an open circuit [R14]', () => {
    const status = engineStatus(opened);
    expect(statusReport(status.phase, backendReports(status, []), who)).toMatchObject({
      healthy: false,
      phase: 'Failed',
    });
  });

  test('names the revision of MCP once it is known [R31]', () => {
    const known = backendReports(engineStatus(backendStatus('a')), [
      { ...info('a'), revision: '2025-11-25' },
    ]);
    expect(statusReport('Ready', known, who).backends[0]).toHaveProperty('mcp_revision', '2025-11-25');
  });

  test('reports no circuit where the breaker is disabled [R11]', () => {
    const status = engineStatus(backendStatus('a', { circuit: 'disabled' }));
    const reports = backendReports(status, []);
    expect(statusReport(status.phase, reports, who).backends[0]).not.toHaveProperty('circuit');
    expect(healthReport(reports).backends['a']).not.toHaveProperty('CircuitState');
    expect(crdStatus(status.phase, reports, [], '').discoveredBackends[0]).not.toHaveProperty(
      'circuitBreakerState',
    );
  });
});

describe('the body of /api/backends/health', () => {
  const report = healthReport(backendReports(mixed, infos));

  test('has the keys of the reference beside its own [R31]', () => {
    expect(report).toMatchObject({
      monitoring_enabled: true,
      summary: { Total: 3, Healthy: 1, Degraded: 0, Unhealthy: 1, Unknown: 1, Unauthenticated: 0 },
    });
    expect(report.backends['github']).toEqual({
      Status: 'unhealthy',
      ConsecutiveFailures: 5,
      LastCheckTime: NOW,
      LastErrorCategory: 'connection_failed',
      LastTransitionTime: opened.healthSince,
      CircuitState: 'open',
      CircuitLastChanged: opened.circuitSince,
      MCPRevision: '',
      Serving: false,
      Supervision: 'running',
      NextAttemptTime: LATER,
      NextAttemptInMs: 20_000,
      TimeInStateMs: 1500,
      Restarts: 0,
    });
    expect(report.backends['slow']).toMatchObject({ Status: 'unknown', LastCheckTime: null });
  });

  test('a backend called __proto__ is one like any other [R31]', () => {
    const odd = engineStatus(backendStatus('__proto__'));
    expect(JSON.stringify(healthReport(backendReports(odd, [])))).toContain(
      '"__proto__":{"Status":"healthy"',
    );
  });
});

describe('the CRD status', () => {
  const messages: readonly [Phase, Parameters<typeof backendStatus>[1][], string, string, string][] = [
    ['Ready', [], 'Ready, no backends configured', 'True', 'AllBackendsRoutable'],
    ['Ready', [{}], 'All 1 backend healthy', 'True', 'AllBackendsRoutable'],
    ['Ready', [{}, {}], 'All 2 backends healthy', 'True', 'AllBackendsRoutable'],
    [
      'Pending',
      [{ health: 'unknown' }, { health: 'unknown' }],
      'Waiting for initial health checks (2 backends configured)',
      'False',
      'BackendsPending',
    ],
    [
      'Degraded',
      [{}, { health: 'degraded' }],
      '2/2 backends routable (1 degraded, 0 unhealthy, 0 unknown)',
      'False',
      'SomeBackendsUnhealthy',
    ],
    [
      'Degraded',
      [{}, { circuit: 'open' }],
      '1/2 backends routable (0 degraded, 1 unhealthy, 0 unknown)',
      'False',
      'SomeBackendsUnhealthy',
    ],
    [
      'Failed',
      [{ health: 'unauthenticated' }, { health: 'unhealthy' }],
      'No routable backends (0 degraded, 1 unhealthy, 0 unknown, 1 unauthenticated)',
      'False',
      'NoRoutableBackends',
    ],
  ];
  test.each(messages)('%s of %j says: %s [R14]', (phase, standings, message, ready, reason) => {
    const status = engineStatus(...standings.map((standing, index) => backendStatus(`b${index}`, standing)));
    const counts = countHealth(backendReports(status, []));
    expect(status.phase).toBe(phase);
    expect(phaseMessage(phase, counts)).toBe(message);
    expect(conditionsOf(phase, counts, NOW, [])[0]).toMatchObject({ type: 'Ready', status: ready, reason });
  });

  test('a condition keeps its transition time while its status is the same [R31]', () => {
    const all = countHealth(backendReports(engineStatus(backendStatus('a')), []));
    const slow = countHealth(backendReports(engineStatus(backendStatus('a', { health: 'degraded' })), []));
    const first = conditionsOf('Ready', all, NOW, []);
    expect(conditionsOf('Ready', all, LATER, first)).toEqual(first);
    const second = conditionsOf('Degraded', slow, LATER, first);
    expect(second.map(({ type, lastTransitionTime }) => [type, lastTransitionTime])).toEqual([
      ['Ready', LATER],
      ['BackendsDiscovered', NOW],
      ['Degraded', LATER],
    ]);
    expect(conditionsOf('Ready', all, LATER, second).map(({ type }) => type)).not.toContain('Degraded');
  });

  const perBackend: readonly [ReturnType<typeof backendStatus>, string][] = [
    [backendStatus('a'), 'Healthy'],
    [unchecked, 'Unknown'],
    [backendStatus('a', { health: 'degraded' }), 'Degraded performance'],
    [opened, 'Circuit breaker OPEN - Connection failed (failures: 5)'],
    [
      backendStatus('a', { circuit: 'halfOpen' }, { lastErrorCategory: 'timeout', consecutiveFailures: 1 }),
      'Circuit breaker testing recovery - Timed out',
    ],
    [backendStatus('a', { circuit: 'isolated' }), 'Isolated by an operator'],
    [backendStatus('a', {}, { lastErrorCategory: 'timeout' }), 'Healthy'],
    [
      backendStatus('a', {}, { lastErrorCategory: 'timeout', consecutiveFailures: 2 }),
      'Timed out (failures: 2)',
    ],
    [backendStatus('a', { supervision: 'restarting' }), 'Restarting after a crash'],
    [backendStatus('a', { supervision: 'draining' }), 'Draining'],
    [backendStatus('a', { supervision: 'gaveUp' }), 'Given up after repeated crashes; reset it to try again'],
    [
      backendStatus('a', { health: 'unauthenticated' }),
      'Authentication misconfigured (backend requires auth, none configured)',
    ],
  ];
  test.each(perBackend)('a backend is described in one line: %# %o [R31]', (status, message) => {
    const [report] = backendReports(engineStatus(status), []);
    expect(backendMessage(report!)).toBe(message);
  });

  test('counts what is served, and calls an isolated circuit open [R14]', () => {
    const status = engineStatus(
      backendStatus('a', { health: 'degraded' }),
      backendStatus('b', { circuit: 'isolated' }),
    );
    const body = crdStatus(status.phase, backendReports(status, []), [], 'http://127.0.0.1:4483/mcp');
    expect(body).toMatchObject({ phase: 'Degraded', backendCount: 1 });
    expect(body.discoveredBackends).toMatchObject([
      { name: 'a', status: 'degraded', circuitBreakerState: 'closed' },
      { name: 'b', status: 'unavailable', circuitBreakerState: 'open' },
    ]);
  });

  const fixtures =
    process.env['BREAKWATER_FIXTURES'] ?? resolve(import.meta.dirname, '../../../shared/fixtures');
  const crdFile = resolve(fixtures, 'toolhive/crd-virtualmcpservers.yaml');
  test.skipIf(!existsSync(crdFile))('validates against the schema of VirtualMCPServer [R31]', () => {
    const crd = load(readFileSync(crdFile, 'utf8')) as {
      spec: {
        versions: {
          storage: boolean;
          schema: { openAPIV3Schema: { properties: { status: { properties: Record<string, object> } } } };
        }[];
      };
    };
    const stored = crd.spec.versions.find(({ storage }) => storage)!;
    const schema = stored.schema.openAPIV3Schema.properties.status;
    // The API server prunes unknown fields without a word; here they are mistakes.
    const closed = { ...schema, additionalProperties: false };
    const items = schema.properties['discoveredBackends'] as { items: object };
    const strictItems = { ...items, items: { ...items.items, additionalProperties: false } };
    const validate = new Ajv({ strict: false, validateFormats: false }).compile({
      ...closed,
      properties: { ...schema.properties, discoveredBackends: strictItems },
    });
    const standings: Partial<Standing>[] = [
      {},
      { health: 'degraded' },
      { health: 'unknown' },
      { health: 'unauthenticated' },
      { circuit: 'open' },
      { circuit: 'halfOpen' },
      { circuit: 'isolated' },
      { circuit: 'disabled' },
      { supervision: 'gaveUp' },
    ];
    const status = engineStatus(
      ...standings.map((standing, index) => backendStatus(`b${index}`, standing)),
      opened,
    );
    const reports = backendReports(status, infos);
    for (const phase of ['Pending', 'Ready', 'Degraded', 'Failed'] as const) {
      const conditions = conditionsOf(phase, countHealth(reports), NOW, []);
      validate(crdStatus(phase, reports, conditions, 'http://127.0.0.1:4483/mcp'));
      expect(validate.errors).toBeNull();
    }
  });
});
