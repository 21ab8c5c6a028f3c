import { describe, expect, it } from 'vitest';
import type { SessionMode } from '../../src/config/config.js';
import type { Client } from '../../src/gateway/backend.js';
import type { Log } from '../../src/logging/log.js';
import { silent } from '../../src/logging/log.js';
import { SessionsOfClients } from '../../src/own-sessions.js';
import type { BackendSession } from '../../src/session/backend-session.js';
import { exchange } from './fake-backend.js';

const MAX_SESSIONS = 5;

function clientWith(capabilities: object = { sampling: {} }, logLevel?: Client['logLevel']): Client {
  return { ...exchange().client, capabilities: { ...capabilities }, logLevel };
}

/** Sessions that are none: what they are asked and told is written down. */
function sessionsOf(mode: SessionMode, log: Log = silent) {
  const made: Client[] = [];
  const said: string[] = [];
  const own = new SessionsOfClients({
    mode,
    maxSessions: MAX_SESSIONS,
    backend: 'one',
    log,
    make: (client) => {
      made.push(client);
      const name = `session ${made.length}`;
      return {
        live: true,
        pid: made.length,
        capabilities: { logging: {} },
        request: ({ method, params }: { method: string; params: object }) => {
          said.push(`${name}: ${method} ${JSON.stringify(params)}`);
          return Promise.resolve();
        },
        notify: (method: string) => said.push(`${name}: ${method}`),
        close: (graceMs: number) => {
          said.push(`${name}: close ${graceMs}`);
          return Promise.resolve();
        },
        abandonConnecting: () => said.push(`${name}: abandon`),
      } as unknown as BackendSession;
    },
  });
  return { own, made, said };
}

describe('who has a session of its own', () => {
  it.each([
    ['auto', { sampling: {} }, true],
    ['auto', { elicitation: { url: {} } }, true],
    ['auto', { roots: {} }, true],
    ['auto', { experimental: {} }, false],
    ['auto', {}, false],
    ['shared', { sampling: {}, roots: {} }, false],
    ['per-client', {}, true],
  ] as const)('with %s and %j: %s [R26]', (mode, capabilities, expected) => {
    const { own } = sessionsOf(mode);
    const client = clientWith(capabilities);
    expect(own.isFor(client)).toBe(expected);
    expect(own.of(client) !== undefined).toBe(expected);
  });

  it('it is one for each client, made by its first call, and the gateway itself has none [R26]', () => {
    const { own, made } = sessionsOf('auto');
    const [one, two] = [clientWith(), clientWith()];
    expect(own.of(undefined)).toBeUndefined();
    expect(own.of(one)).toBe(own.of(one));
    expect(own.of(two)).not.toBe(own.of(one));
    expect(made).toEqual([one, two]);
    expect([own.pids, own.live]).toEqual([[1, 2], 2]);
  });

  it('are so many and no more; who comes then shares for as long as it is there, and that is logged [R36]', () => {
    const warnings: string[] = [];
    const { own } = sessionsOf('auto', { ...silent, warn: (_, message) => warnings.push(message) });
    const clients = Array.from({ length: MAX_SESSIONS }, () => clientWith());
    for (const client of clients) expect(own.of(client)).toBeDefined();
    const late = clientWith();
    expect(own.of(late)).toBeUndefined();
    expect(own.isFor(late)).toBe(false);
    own.end(clients[0]!);
    expect(own.of(late)).toBeUndefined();
    expect(own.of(clientWith())).toBeDefined();
    expect(warnings).toEqual(['no room for a session of a client: it shares one']);
  });

  it('hears what its client says, and which log messages it wants [R26]', () => {
    const { own, said } = sessionsOf('auto');
    const [client, stranger] = [clientWith({ roots: {} }, 'error'), clientWith({ roots: {} }, 'debug')];
    own.notify(client, 'notifications/roots/list_changed', {});
    own.levelChanged(client);
    own.of(client);
    own.notify(client, 'notifications/roots/list_changed', {});
    own.notify(stranger, 'notifications/roots/list_changed', {});
    own.levelChanged(client);
    own.levelChanged(stranger);
    expect(said).toEqual([
      'session 1: notifications/roots/list_changed',
      'session 1: logging/setLevel {"level":"error"}',
    ]);
  });

  it('ends with its client, or with all, and then there is no other [R19]', async () => {
    const { own, said } = sessionsOf('auto');
    const [one, two] = [clientWith(), clientWith()];
    own.of(one);
    own.of(two);
    own.abandonConnecting();
    own.end(one);
    own.end(one);
    await own.close(70);
    expect(said).toEqual([
      'session 1: abandon',
      'session 2: abandon',
      'session 1: close 10000',
      'session 2: close 70',
    ]);
    expect(own.of(one)).toBeUndefined();
  });
});
