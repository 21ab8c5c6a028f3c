import { describe, expect, it, onTestFinished } from 'vitest';
import { silent } from '../../src/logging/log.js';
import { Connector } from '../../src/session/connector.js';
import type { LiveSession } from '../../src/session/live-session.js';
import { faultOf } from '../../src/session/outcome.js';
import { DEFAULT_LIMITS } from '../../src/limits.js';
import { isAlive, stall, stdioBackend, timed, until } from './stdio-backend.js';

const never = new AbortController().signal;

/** A connector of its own for the hostile server in one of its modes. */
function stdioConnector(mode = 'normal') {
  const { session, pids } = stdioBackend(mode);
  const told: string[] = [];
  const opened: LiveSession[] = [];
  const connector = new Connector(session.settings, DEFAULT_LIMITS, silent, {
    onOpened: (live) => {
      told.push('opened');
      opened.push(live);
    },
    onRefused: (found) => told.push(`refused: ${found.reason}`),
    onLost: (_, found) => told.push(`lost: ${found.reason}`),
    onSuspect: () => told.push('suspect'),
    mayConnect: () => true,
    onNotification: (_, method) => told.push(method),
    onWarning: (text) => told.push(text),
  });
  onTestFinished(async () => {
    await Promise.all([connector.close(), ...opened.map((live) => live.close(0))]);
  });
  return { connector, told, opened, pids };
}

const reasonOf = (connecting: Promise<LiveSession>) =>
  connecting.then(
    () => 'connected',
    (error: unknown) => faultOf(error).reason,
  );

describe('a connector', () => {
  it('opens one session for all who ask meanwhile, and tells before they go on [R13]', async () => {
    const { connector, told, pids } = stdioConnector();
    const waiting = Array.from({ length: 20 }, () =>
      connector.connect(new AbortController().signal, 5_000).then((live) => ({ live, told: [...told] })),
    );
    const sessions = await Promise.all(waiting);
    expect(new Set(sessions.map(({ live }) => live)).size).toBe(1);
    for (const each of sessions) expect(each.told).toEqual(['opened']);
    expect(pids().length).toBe(1);
  });

  it('begins anew for who asks after one was opened [R13]', async () => {
    const { connector, pids } = stdioConnector();
    const first = await connector.connect(never, 5_000);
    expect(await connector.connect(never, 5_000)).not.toBe(first);
    expect(pids().length).toBe(2);
  });

  it('begins anew for who asks after one was refused, which all who waited are told [R08]', async () => {
    const { connector, told, pids } = stdioConnector('init-exit');
    const reason = 'its process exited with code 4';
    const waiting = [connector.connect(never, 5_000), connector.connect(never, 5_000)];
    expect(await Promise.all(waiting.map(reasonOf))).toEqual([reason, reason]);
    expect(told).toEqual([`refused: ${reason}`]);
    expect(await reasonOf(connector.connect(never, 5_000))).toBe(reason);
    expect(pids().length).toBe(2);
  });

  it('gives up when the last who waits leaves, not before, and ends the child [R13]', async () => {
    const { connector, told, pids } = stdioConnector('init-never');
    const [one, other] = [new AbortController(), new AbortController()];
    const waiting = [connector.connect(one.signal, Infinity), connector.connect(other.signal, Infinity)];
    const reasons = waiting.map(reasonOf);
    await until(() => pids().length === 1);
    one.abort();
    expect(await reasons[0]).toBe('the caller gave up');
    expect(told).toEqual([]);
    expect(isAlive(pids()[0]!)).toBe(true);
    other.abort();
    const { value, ms } = await timed(() => reasons[1]!);
    expect(value).toBe('the caller gave up');
    expect(ms).toBeLessThan(1_000);
    await until(() => !isAlive(pids()[0]!));
    await until(() => told.length === 1);
    expect(told).toEqual(['refused: the caller gave up']);
  });

  it('lets each wait for its own time [R25]', async () => {
    const { connector, pids } = stdioConnector('init-never');
    const long = reasonOf(connector.connect(never, 300));
    const { value, ms } = await timed(() => reasonOf(connector.connect(never, 100)));
    expect(value).toBe('connecting timed out after 0.1 s');
    expect(ms).toBeLessThan(290);
    expect(await long).toBe('connecting timed out after 0.3 s');
    await until(() => pids().length === 1 && !pids().some(isAlive));
  });

  it('does not let who comes after it gave up join what it takes down [R13]', async () => {
    const { connector, pids } = stdioConnector('init-never');
    const caller = new AbortController();
    const left = reasonOf(connector.connect(caller.signal, Infinity));
    await until(() => pids().length === 1);
    caller.abort();
    await left;
    const next = reasonOf(connector.connect(never, 400));
    await until(() => pids().length === 2);
    expect(await next).toBe('connecting timed out after 0.4 s');
  });

  it('whose time passes while the event loop stands still takes the answer in the pipe [R37]', async () => {
    const { connector, told, pids } = stdioConnector();
    const connecting = reasonOf(connector.connect(never, 500));
    await until(() => pids().length === 1);
    // From here timers come next, before the pipe is looked at.
    await new Promise(setImmediate);
    stall(800);
    expect(await connecting).toBe('connected');
    expect(told).toEqual(['opened']);
  });

  it('that is closed ends what it was opening, and opens nothing more [R19]', async () => {
    const { connector, pids } = stdioConnector('init-never');
    const connecting = reasonOf(connector.connect(never, Infinity));
    await until(() => pids().length === 1);
    await connector.close();
    expect(isAlive(pids()[0]!)).toBe(false);
    expect(await connecting).toBe('its session was closed');
    expect(await reasonOf(connector.connect(never, Infinity))).toBe('its session is closed');
    await connector.close();
    expect(pids().length).toBe(1);
  });
});

describe('a session that nobody has opened yet', () => {
  it('is opened once for checks and requests together [R13]', async () => {
    const { check, call, counts, pids } = stdioBackend();
    const replies = await Promise.all([
      ...Array.from({ length: 10 }, () => check()),
      ...Array.from({ length: 10 }, () => call('echo').then(({ outcome }) => outcome)),
    ]);
    expect(new Set(replies.map(({ kind }) => kind))).toEqual(new Set(['succeeded']));
    expect(pids().length).toBe(1);
    expect(await counts()).toMatchObject({ initialize: 1, 'tools/list': 1 });
  });

  it('is opened on for a request whose companion, a check, gives up [R13]', async () => {
    const { check, call, session, pids } = stdioBackend();
    const abort = new AbortController();
    const checked = check(abort.signal);
    const called = call('echo');
    abort.abort();
    expect(await checked).toEqual({ kind: 'released' });
    expect((await called).kind).toBe('result');
    expect(session.live).toBe(true);
    expect(pids().length).toBe(1);
  });

  it('is not opened on for nobody: an aborted check ends its child [R13]', async () => {
    const { check, pids, lost, lines } = stdioBackend('init-never');
    const abort = new AbortController();
    const checked = check(abort.signal);
    await until(() => pids().length === 1);
    abort.abort();
    expect(await checked).toEqual({ kind: 'released' });
    await until(() => !pids().some(isAlive));
    expect([lost, lines]).toEqual([[], []]);
  });

  it('that is closed while it is opened leaves no process [R19]', async () => {
    const { call, pids, session } = stdioBackend('init-never');
    const called = call('echo');
    await until(() => pids().length === 1);
    await session.close(500);
    expect(pids().some(isAlive)).toBe(false);
    expect(await called).toMatchObject({ outcome: { kind: 'released' }, reason: 'its session was closed' });
  });
});
