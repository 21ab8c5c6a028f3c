import { describe, expect, it } from 'vitest';
import { harness, policy, refused } from './harness.js';

describe('tripping', () => {
  it('the threshold-th failure in a row trips, not the one before it [R01]', async () => {
    const { clock, fail, circuit } = harness();
    await clock.run(0);
    fail(2);
    expect(circuit()).toBe('closed');
    fail(1);
    expect(circuit()).toBe('open');
  });

  it('a success in between sets the count to zero [R01]', async () => {
    const { clock, fail, permit, circuit } = harness();
    await clock.run(0);
    fail(2);
    permit().succeed();
    fail(2);
    expect(circuit()).toBe('closed');
  });

  it('failures of checks and of calls count together [R01]', async () => {
    const { clock, sick, fail, circuit, engine } = harness();
    await clock.run(0);
    sick();
    await clock.run(5000);
    expect(engine.status().backends[0]?.consecutiveFailures).toBe(1);
    fail(1);
    expect(circuit()).toBe('closed');
    fail(1);
    expect(circuit()).toBe('open');
  });

  it('an open circuit admits nothing, checks nothing, and says until when [R02]', async () => {
    const { clock, fail, engine, checks } = harness();
    await clock.run(0);
    fail(3);
    const before = checks.length;
    await clock.run(19_999);
    expect(checks.length).toBe(before);
    expect(engine.backend('one').permit()).toEqual({
      admitted: false,
      backend: 'one',
      code: 'CIRCUIT_OPEN',
      retryAfterMs: 1,
    });
  });

  it('half-open begins exactly the open time after opening, whatever the check interval [R03]', async () => {
    const { clock, fail, answer, circuit } = harness();
    await clock.run(1234);
    answer('one', () => new Promise(() => undefined));
    fail(3);
    await clock.run(19_999);
    expect(circuit()).toBe('open');
    await clock.run(1);
    expect(circuit()).toBe('halfOpen');
  });

  it('Retry-After lengthens the open time, and never shortens it [R03] [R08]', async () => {
    const { clock, fail, permit, circuit, events } = harness();
    await clock.run(0);
    fail(2);
    permit().fail({ category: 'overloaded', retryAfterMs: 45_000 });
    await clock.run(44_999);
    expect(circuit()).toBe('open');
    await clock.run(1);
    expect(circuit()).toBe('closed');
    expect(events.find((event) => event.type === 'circuit.changed')).toMatchObject({
      to: 'open',
      category: 'overloaded',
      retryAfterMs: 45_000,
    });
    fail(2);
    permit().fail({ category: 'overloaded', retryAfterMs: 10 });
    expect(engineRetry(permit)).toBe('refused: CIRCUIT_OPEN');
  });
});

function engineRetry(permit: () => unknown): string {
  try {
    permit();
    return 'admitted';
  } catch (error) {
    return (error as Error).message;
  }
}

describe('half-open', () => {
  it('a check is sent at once, and its success closes the circuit [R04] [R05]', async () => {
    const { clock, fail, checks, story } = harness();
    await clock.run(0);
    fail(3);
    await clock.run(20_000);
    expect(checks.at(-1)?.at).toBe(20_000);
    expect(story()).toEqual(['closed → open', 'open → half-open', 'half-open → closed']);
  });

  it('fifty calls in the tick in which half-open begins: one attempt reaches the backend [R04]', async () => {
    const { clock, fail, answer, engine, checks } = harness();
    await clock.run(0);
    answer('one', () => new Promise(() => undefined));
    fail(3);
    const before = checks.length;
    const admitted: boolean[] = [];
    engine.subscribe((event) => {
      if (event.type !== 'circuit.changed' || event.to !== 'half-open') return;
      for (let call = 0; call < 50; call += 1) admitted.push(engine.backend('one').permit().admitted);
    });
    await clock.run(20_000);
    expect(admitted).toHaveLength(50);
    expect(admitted.filter(Boolean)).toHaveLength(0);
    expect(checks.length - before).toBe(1);
  });

  it('without checks the first of fifty calls is the probe, the others are refused [R04]', async () => {
    const { clock, fail, engine } = harness({ backends: { one: policy } }, { checked: false });
    await clock.run(0);
    fail(3);
    await clock.run(20_000);
    const answers = Array.from({ length: 50 }, () => engine.backend('one').permit());
    expect(answers.map(({ admitted }) => admitted)).toEqual([true, ...Array<boolean>(49).fill(false)]);
    expect(answers[1]).toMatchObject({ code: 'CIRCUIT_HALF_OPEN' });
  });

  it('with three probes allowed the check has one of them and calls have two [R04]', async () => {
    const wide = { ...policy, circuit: { ...policy.circuit, maxProbes: 3, successThreshold: 2 } };
    const { clock, fail, answer, engine, permit, circuit } = harness({ backends: { one: wide } });
    await clock.run(0);
    answer('one', () => new Promise(() => undefined));
    fail(3);
    await clock.run(20_000);
    const [first, second] = [permit(), permit()];
    expect(engine.backend('one').permit().admitted).toBe(false);
    first.succeed();
    expect(circuit()).toBe('halfOpen');
    second.succeed();
    expect(circuit()).toBe('closed');
  });

  it('checks follow each other until there are enough successes [R05]', async () => {
    const slow = { ...policy, circuit: { ...policy.circuit, successThreshold: 3 } };
    const { clock, fail, checks, circuit } = harness({ backends: { one: slow } });
    await clock.run(0);
    fail(3);
    const before = checks.length;
    await clock.run(20_000);
    await clock.run(0);
    expect(checks.length - before).toBe(3);
    expect(circuit()).toBe('closed');
  });

  it('one probe failure opens again for a whole new delay [R05]', async () => {
    const { clock, fail, sick, circuit, story } = harness();
    await clock.run(0);
    sick();
    fail(3);
    await clock.run(20_000);
    expect(circuit()).toBe('open');
    await clock.run(19_999);
    expect(circuit()).toBe('open');
    await clock.run(1);
    expect(story()).toEqual([
      'closed → open',
      'open → half-open',
      'half-open → open',
      'open → half-open',
      'half-open → open',
    ]);
  });

  it('a probe that never settles is given up, and cannot wedge half-open [R06]', async () => {
    const { clock, fail, permit, circuit } = harness({ backends: { one: policy } }, { checked: false });
    await clock.run(0);
    fail(3);
    await clock.run(20_000);
    const lost = permit();
    await clock.run(6999);
    expect(circuit()).toBe('halfOpen');
    await clock.run(1);
    expect(circuit()).toBe('open');
    lost.succeed();
    expect(circuit()).toBe('open');
  });

  it('a check that never ends is ended by its timeout and fails [R06]', async () => {
    const { clock, fail, answer, circuit, checks } = harness();
    await clock.run(0);
    answer('one', () => new Promise(() => undefined));
    fail(3);
    await clock.run(21_999);
    expect(circuit()).toBe('halfOpen');
    await clock.run(1);
    expect(circuit()).toBe('open');
    expect(checks.at(-1)?.signal.aborted).toBe(true);
  });

  it('a released probe gives its permit back [R06]', async () => {
    const { clock, fail, permit, circuit } = harness({ backends: { one: policy } }, { checked: false });
    await clock.run(0);
    fail(3);
    await clock.run(20_000);
    permit().release();
    permit().succeed();
    expect(circuit()).toBe('closed');
  });
});

describe('permits', () => {
  it('the second settlement changes nothing [R06]', async () => {
    const { clock, permit, engine } = harness();
    await clock.run(0);
    const one = permit();
    one.succeed();
    for (let time = 0; time < 5; time += 1) one.fail(refused);
    one.release();
    expect(engine.status().backends[0]).toMatchObject({
      consecutiveFailures: 0,
      calls: { admitted: 1, succeeded: 1, failed: 0, released: 0, inFlight: 0 },
    });
  });

  it('asking consumes nothing, and what it says is what the next call gets [R06]', async () => {
    const { clock, fail, engine, permit } = harness({ backends: { one: policy } }, { checked: false });
    const { refusal } = { refusal: () => engine.backend('one').refusal()?.code };
    await clock.run(0);
    expect(refusal()).toBeUndefined();
    fail(3);
    expect(refusal()).toBe('CIRCUIT_OPEN');
    await clock.run(20_000);
    for (let ask = 0; ask < 10; ask += 1) expect(refusal()).toBeUndefined();
    permit();
    expect(refusal()).toBe('CIRCUIT_HALF_OPEN');
  });

  it('an outcome of an older stay is counted as stale and changes nothing [R07]', async () => {
    const { clock, fail, permit, circuit, engine } = harness();
    await clock.run(0);
    const [late, later] = [permit(), permit()];
    fail(3);
    late.succeed();
    expect(circuit()).toBe('open');
    await clock.run(20_000);
    expect(circuit()).toBe('closed');
    later.fail(refused);
    expect(engine.status().backends[0]).toMatchObject({ consecutiveFailures: 0, calls: { stale: 2 } });
  });
});

describe('operators', () => {
  it('isolation keeps everything away until released, and recovery is tested [R10]', async () => {
    const { clock, engine, checks, story, answer } = harness();
    await clock.run(0);
    engine.isolate('one');
    const before = checks.length;
    await clock.run(100_000);
    engine.reset('one');
    engine.check('one');
    await clock.run(0);
    expect(engine.backend('one').permit()).toMatchObject({ code: 'CIRCUIT_ISOLATED' });
    expect(engine.backend('one').permit()).not.toHaveProperty('retryAfterMs');
    expect(checks.length).toBe(before);
    answer('one', () => Promise.resolve(undefined));
    engine.release('one');
    await clock.run(0);
    expect(checks.length).toBe(before + 1);
    expect(story()).toEqual(['closed → isolated', 'isolated → half-open', 'half-open → closed']);
  });

  it('reset closes an open circuit and checks at once [R10]', async () => {
    const { clock, engine, fail, checks, circuit } = harness();
    await clock.run(0);
    fail(3);
    const before = checks.length;
    engine.reset('one');
    expect(circuit()).toBe('closed');
    await clock.run(0);
    expect(checks.length).toBe(before + 1);
  });

  it('release ends an open stay before its time, through half-open [R10]', async () => {
    const { clock, engine, fail, story } = harness();
    await clock.run(0);
    fail(3);
    engine.release('one');
    await clock.run(0);
    expect(story()).toEqual(['closed → open', 'open → half-open', 'half-open → closed']);
  });
});

describe('disabled', () => {
  it('every call is admitted, health still works, and no circuit is reported [R11]', async () => {
    const { clock, engine, fail, health } = harness({
      backends: { one: { circuit: { enabled: false }, health: policy.health } },
    });
    await clock.run(0);
    fail(100);
    expect(engine.backend('one').permit().admitted).toBe(true);
    expect(health()).toBe('unhealthy');
    expect(engine.status().backends[0]).not.toHaveProperty('circuit');
    await clock.run(5000);
    expect(health()).toBe('degraded');
  });

  it('takes over what a new configuration says of its health [R11] [R18]', async () => {
    const configured = (unhealthyThreshold: number) => ({
      backends: { one: { circuit: { enabled: false }, health: { ...policy.health, unhealthyThreshold } } },
    });
    const { clock, engine, fail, health } = harness(configured(2));
    await clock.run(0);
    engine.reconfigure(configured(4));
    fail(3);
    expect(health()).toBe('healthy');
    fail(1);
    expect(health()).toBe('unhealthy');
  });

  it('an operator can isolate it all the same [R10] [R11]', async () => {
    const { clock, engine, circuit } = harness({ backends: { one: { circuit: { enabled: false } } } });
    await clock.run(0);
    engine.isolate('one');
    expect(engine.backend('one').permit()).toMatchObject({ code: 'CIRCUIT_ISOLATED' });
    engine.release('one');
    expect(circuit()).toBe('disabled');
  });
});
