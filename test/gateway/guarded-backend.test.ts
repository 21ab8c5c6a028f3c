import { describe, expect, it } from 'vitest';
import type { Outcome } from '../../machines/failure.js';
import type { RefusalCode } from '../../src/engine/permit.js';
import type { Answer } from '../../src/gateway/backend.js';
import { GuardedBackend } from '../../src/guarded-backend.js';
import { silent } from '../../src/logging/log.js';
import { SessionsOfClients } from '../../src/own-sessions.js';
import { BackendSession } from '../../src/session/backend-session.js';
import type { RequestOptions } from '../../src/session/backend-session.js';
import type { BackendRequest } from '../../src/session/live-session.js';
import type { Reply } from '../../src/session/outcome.js';
import { harness, policy } from '../engine/harness.js';
import { tools } from './fake-backend.js';

const SUCCEEDED: Outcome = { kind: 'succeeded' };
const timedOut: Reply = {
  kind: 'failed',
  outcome: { kind: 'failed', failure: { category: 'timeout' } },
  failure: { category: 'timeout' },
  reason: 'it did not answer within 30 s',
  mayHaveRun: true,
};

/** A session without a backend: it answers as the test says. */
class StubSession extends BackendSession {
  readonly asked: { readonly request: BackendRequest; readonly options: RequestOptions }[] = [];
  known = false;
  reply: () => Reply | Promise<Reply> = () => ({ kind: 'result', outcome: SUCCEEDED, result: { ok: true } });

  constructor() {
    const nowhere = { transport: 'stdio', command: 'none', args: [], env: {} } as const;
    const none = () => undefined;
    super(
      { name: 'one', connection: nowhere, hasAuth: false },
      { log: silent, onLost: none, onSuspect: none, onCatalog: none, onNotification: none },
    );
  }

  override get catalog() {
    return this.known ? tools('x') : undefined;
  }
  override async request(request: BackendRequest, options: RequestOptions): Promise<Reply> {
    this.asked.push({ request, options });
    return this.reply();
  }
}

const CALL: BackendRequest = { method: 'tools/call', params: { name: 'x' } };

async function guarded(...args: Parameters<typeof harness>) {
  const whole = harness(...args);
  await whole.clock.run(0);
  const session = new StubSession();
  const own = new SessionsOfClients({
    mode: 'auto',
    maxSessions: 1,
    backend: 'one',
    log: silent,
    make: () => new StubSession(),
  });
  const backend = new GuardedBackend(whole.engine.backend('one'), { shared: session, own }, 30_000);
  const call = (signal = new AbortController().signal): Promise<Answer> => backend.call(CALL, { signal });
  return { ...whole, session, backend, call, status: () => whole.engine.backend('one').status() };
}
type Guarded = Awaited<ReturnType<typeof guarded>>;

const boom = () => {
  throw new Error('boom');
};
/** How each refusal comes about, and when it says to come back. */
const REFUSALS: [RefusalCode, (world: Guarded) => unknown, number | undefined, string][] = [
  ['CIRCUIT_OPEN', ({ fail }) => fail(3), 20_000, 'it has failed repeatedly and its circuit is open'],
  [
    'CIRCUIT_HALF_OPEN',
    async ({ fail, clock, answer }) => {
      fail(3);
      answer('one', () => new Promise(() => undefined));
      await clock.run(20_000);
    },
    1000,
    'its recovery is being tested right now',
  ],
  ['CIRCUIT_ISOLATED', ({ engine }) => engine.isolate('one'), undefined, 'an operator has isolated it'],
  [
    'BACKEND_RESTARTING',
    async ({ engine, answer, clock }) => {
      answer('one', boom);
      engine.check('one');
      await clock.run(0);
    },
    100,
    'the gateway is restarting its connection',
  ],
  [
    'BACKEND_GAVE_UP',
    async ({ engine, answer, clock }) => {
      answer('one', boom);
      engine.check('one');
      await clock.run(10_000);
    },
    undefined,
    'the gateway has given it up after repeated crashes, until an operator resets it',
  ],
  [
    'BACKEND_DRAINING',
    ({ engine, permit }) => {
      permit();
      engine.reconfigure({ backends: {} });
    },
    undefined,
    'it is being removed from the configuration',
  ],
  [
    'ENGINE_STOPPED',
    ({ engine, permit }) => {
      permit();
      void engine.stop({ drainMs: 1000 });
    },
    undefined,
    'the gateway is shutting down',
  ],
];

const rate = (of: 'failures' | 'slowCalls') =>
  ({ of, threshold: 0.5, window: { calls: 4 }, minimumCalls: 2 }) as const;

describe('a call that is refused', () => {
  it.each([
    ['failed', { rates: [rate('failures')] }, 'too many of its calls failed and its circuit is open'],
    [
      'were slow',
      { rates: [rate('slowCalls')], slowCallMs: 300 },
      'too many of its calls were slow and its circuit is open',
    ],
  ])('says that too many calls %s, where that opened the circuit [R09] [R21]', async (_, circuit, reason) => {
    const world = await guarded({ backends: { one: { ...policy, circuit } } });
    if ('slowCallMs' in circuit) {
      world.permit();
      world.permit();
      await world.clock.run(300);
    } else world.fail(1);
    expect(await world.call()).toMatchObject({ unavailable: { code: 'CIRCUIT_OPEN', reason } });
  });

  it('says that there is no room, and its backend stays listed [R09] [R21]', async () => {
    const world = await guarded({ backends: { one: { ...policy, maxInFlight: 1 } } });
    world.permit();
    expect(await world.call()).toMatchObject({
      unavailable: { code: 'BULKHEAD_FULL', reason: 'as many calls as it may have at once are out' },
    });
    expect(world.backend.advertised).toBe(true);
  });

  it.each(REFUSALS)(
    '%s: says why and until when, and nothing is sent [R21]',
    async (code, provoke, retryAfterMs, reason) => {
      const world = await guarded();
      await provoke(world);
      const answer = await world.call();
      expect(answer).toMatchObject({ kind: 'unavailable', unavailable: { backend: 'one', code, reason } });
      if (answer.kind !== 'unavailable') throw new Error('it is not refused');
      expect(answer.unavailable.retryAfterMs).toBe(retryAfterMs);
      expect(world.session.asked).toEqual([]);
      // While the engine stops, clients are about to go: their lists stand still.
      expect(world.backend.advertised).toBe(code === 'ENGINE_STOPPED');
    },
  );

  it('what unavailable says is what the next call gets, and asking consumes nothing [R06]', async () => {
    for (const [, provoke] of REFUSALS) {
      const world = await guarded();
      await provoke(world);
      const before = world.status().calls;
      const said = world.backend.unavailable();
      expect(world.status().calls).toEqual(before);
      expect(await world.call()).toEqual({ kind: 'unavailable', unavailable: said });
    }
  });

  it('names the category of the last failure [R21]', async () => {
    const world = await guarded();
    world.session.reply = () => timedOut;
    for (let count = 0; count < 3; count += 1) await world.call();
    expect(world.backend.unavailable()).toMatchObject({ code: 'CIRCUIT_OPEN', category: 'timeout' });
  });
});

describe('a call that is admitted', () => {
  it('goes to the session with its signal, time limit and wish for progress [R25]', async () => {
    const { backend, session } = await guarded();
    const { signal } = new AbortController();
    const onProgress = () => undefined;
    expect(await backend.call(CALL, { signal, onProgress })).toMatchObject({
      kind: 'result',
      result: { ok: true },
    });
    expect(session.asked).toEqual([{ request: CALL, options: { signal, timeoutMs: 30_000, onProgress } }]);
  });

  it('and fails, says so, with the category and when the circuit lets the next one try [R21]', async () => {
    const world = await guarded();
    world.session.reply = () => timedOut;
    const failure = {
      backend: 'one',
      code: 'CALL_FAILED',
      reason: 'it did not answer within 30 s',
      mayHaveRun: true,
      category: 'timeout',
    };
    expect(await world.call()).toEqual({ kind: 'unavailable', unavailable: failure });
    await world.call();
    expect(await world.call()).toEqual({
      kind: 'unavailable',
      unavailable: { ...failure, retryAfterMs: 20_000 },
    });
    expect(world.circuit()).toBe('open');
  });

  it('and is turned away with a Retry-After, passes that on [R08]', async () => {
    const world = await guarded();
    const failure = { category: 'overloaded', retryAfterMs: 7000 } as const;
    world.session.reply = () => ({
      kind: 'failed',
      outcome: { kind: 'failed', failure },
      failure,
      reason: 'it answered HTTP 429',
      mayHaveRun: false,
    });
    const { unavailable } = (await world.call()) as { unavailable: object };
    expect(unavailable).toMatchObject({ category: 'overloaded', retryAfterMs: 7000 });
    expect(unavailable).not.toHaveProperty('mayHaveRun');
  });

  it('settles its permit exactly once [R39]', async () => {
    const world = await guarded();
    const replies: Reply[] = [
      { kind: 'result', outcome: SUCCEEDED, result: {} },
      { kind: 'error', outcome: SUCCEEDED, code: 1, message: 'no' },
      timedOut,
      { kind: 'cancelled', outcome: { kind: 'released' } },
    ];
    for (const reply of replies) {
      world.session.reply = () => reply;
      await world.call();
    }
    expect(world.status().calls).toMatchObject({
      admitted: 4,
      succeeded: 2,
      failed: 1,
      released: 1,
      inFlight: 0,
      stale: 0,
    });
  });

  it('already cancelled, takes no permit [R08]', async () => {
    const world = await guarded();
    expect(await world.call(AbortSignal.abort())).toEqual({ kind: 'cancelled' });
    expect(world.status().calls.admitted).toBe(0);
  });
});

describe('a thousand in a row leave the circuit closed', () => {
  it.each<[string, Reply]>([
    ['results with isError', { kind: 'result', outcome: SUCCEEDED, result: { isError: true, content: [] } }],
    ['JSON-RPC errors', { kind: 'error', outcome: SUCCEEDED, code: -32603, message: 'internal' }],
    ['cancellations', { kind: 'cancelled', outcome: { kind: 'released' } }],
  ])('%s [R08]', async (_, reply) => {
    const world = await guarded();
    world.session.reply = () => reply;
    for (let count = 0; count < 1000; count += 1)
      expect(await world.call()).toMatchObject({ kind: reply.kind });
    expect(world.standing()).toEqual({ supervision: 'running', circuit: 'closed', health: 'healthy' });
    expect(world.status().calls).toMatchObject({ admitted: 1000, failed: 0, inFlight: 0, refused: 0 });
    expect(world.backend.unavailable()).toBeUndefined();
  });
});

describe('a backend that is ill while its circuit admits', () => {
  it('unhealthy: is not listed, says so, and lets a call try, which heals it [R15]', async () => {
    const world = await guarded();
    world.fail(2);
    expect(world.standing()).toMatchObject({ circuit: 'closed', health: 'unhealthy' });
    expect(world.backend.advertised).toBe(false);
    expect(world.backend.unavailable()).toMatchObject({
      code: 'BACKEND_UNHEALTHY',
      reason: 'it has failed 2 times in a row',
      category: 'connection_failed',
      retryAfterMs: 5000,
    });
    expect(await world.call()).toMatchObject({ kind: 'result' });
    expect([world.backend.advertised, world.backend.unavailable()]).toEqual([true, undefined]);
  });

  it('unauthenticated: is not called, and its permit comes back [R14]', async () => {
    const world = await guarded();
    world.sick('one', { category: 'authentication_failed' });
    await world.clock.run(10_000);
    expect(world.standing()).toMatchObject({ circuit: 'closed', health: 'unauthenticated' });
    expect(await world.call()).toMatchObject({
      kind: 'unavailable',
      unavailable: { code: 'BACKEND_UNAUTHENTICATED', category: 'authentication_failed' },
    });
    expect(world.session.asked).toEqual([]);
    expect(world.status().calls).toMatchObject({ inFlight: 0, failed: 0 });
  });

  it('half-open without a check out, it lets one call probe [R04]', async () => {
    const world = await guarded({ backends: { one: policy } }, { checked: false });
    world.fail(3);
    await world.clock.run(20_000);
    expect(await world.call()).toMatchObject({ kind: 'result' });
    expect(world.circuit()).toBe('closed');
  });
});

describe('what the gateway sees of it', () => {
  it('it is heard from when its catalog is known or a check has ended [R20]', async () => {
    const world = await guarded({ backends: { one: policy } }, { checked: false });
    expect(world.backend.heard).toBe(false);
    world.session.known = true;
    expect([world.backend.heard, world.backend.catalog?.tools.length]).toEqual([true, 1]);
    expect((await guarded()).backend.heard).toBe(true);
  });

  it('before anything is known it is neither listed nor out of service [R14]', async () => {
    const world = await guarded({ backends: { one: policy } }, { checked: false });
    expect([world.backend.advertised, world.backend.unavailable()]).toEqual([false, undefined]);
  });

  it('its name is that of the backend [R26]', async () => {
    expect((await guarded()).backend.name).toBe('one');
  });
});
