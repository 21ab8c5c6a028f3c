import { describe, expect, it } from 'vitest';
import {
  admitsProbe,
  isOut,
  isPending,
  mayConnect,
  phaseOf,
  shouldAdvertise,
  shouldRoute,
} from '../../machines/policy.js';
import type { CircuitState, HealthState, Standing } from '../../machines/policy.js';

const circuits: CircuitState[] = ['closed', 'open', 'halfOpen', 'isolated', 'disabled'];
const healths: HealthState[] = ['unknown', 'healthy', 'degraded', 'unhealthy', 'unauthenticated'];
const at = (circuit: CircuitState, health: HealthState): Standing => ({
  supervision: 'running',
  circuit,
  health,
});

/** One row per circuit, one letter per health: A advertised and routed, R routed only, - neither. */
const table: Record<CircuitState, string> = {
  closed: 'R A A R -',
  disabled: 'R A A R -',
  open: '- - - - -',
  halfOpen: 'R R R R R',
  isolated: '- - - - -',
};

describe('serving', () => {
  it.each(circuits)('%s: advertising and routing by health are as the table says [R14]', (circuit) => {
    const row = healths.map((health) => {
      const standing = at(circuit, health);
      if (shouldAdvertise(standing)) return shouldRoute(standing) ? 'A' : 'broken';
      return shouldRoute(standing) ? 'R' : '-';
    });
    expect(row.join(' ')).toBe(table[circuit]);
  });

  it.each(['restarting', 'gaveUp', 'draining'] as const)(
    'a %s backend serves nothing [R14]',
    (supervision) => {
      for (const circuit of circuits)
        for (const health of healths) {
          const standing = { supervision, circuit, health };
          expect([shouldAdvertise(standing), shouldRoute(standing), isPending(standing)]).toEqual([
            false,
            false,
            false,
          ]);
          expect(isOut(standing)).toBe(true);
        }
    },
  );

  it('no session is opened while the circuit is open or isolated [R02] [R14]', () => {
    expect(circuits.filter((circuit) => mayConnect({ circuit }))).toEqual(['closed', 'halfOpen', 'disabled']);
  });

  it('a half-open circuit admits as many probes as allowed, the check among them [R04]', () => {
    expect([0, 1, 2, 3].map((out) => admitsProbe(out, false, 3))).toEqual([true, true, true, false]);
    expect([0, 1, 2, 3].map((out) => admitsProbe(out, true, 3))).toEqual([true, true, false, false]);
    expect(admitsProbe(0, true, 1)).toBe(false);
  });
});

describe('the phase', () => {
  const healthy = at('closed', 'healthy');
  const degraded = at('closed', 'degraded');
  const unknown = at('closed', 'unknown');
  const open = at('open', 'healthy');
  const ill = at('disabled', 'unhealthy');
  it.each([
    ['no backend at all', [], 'Ready'],
    ['all healthy', [healthy, healthy], 'Ready'],
    ['one degraded', [healthy, degraded], 'Degraded'],
    ['only degraded', [degraded], 'Degraded'],
    ['one open', [healthy, open], 'Degraded'],
    ['all open', [open, open], 'Failed'],
    ['all unhealthy', [ill], 'Failed'],
    ['nothing known yet', [unknown, unknown], 'Pending'],
    ['one failed, one not known yet', [open, unknown], 'Pending'],
    ['one healthy, one not known yet', [healthy, unknown], 'Degraded'],
  ] as const)('%s is as it should be [R14]', (_, standings, phase) => {
    expect(phaseOf(standings)).toBe(phase);
  });
});
