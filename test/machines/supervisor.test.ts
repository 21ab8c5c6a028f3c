import { createActor, fromCallback } from 'xstate';
import type { EventObject } from 'xstate';
import { beforeEach, describe, expect, it } from 'vitest';
import { createBackendMachine } from '../../machines/backend.js';
import type { BackendResume, CheckEvent, CheckInput } from '../../machines/backend-setup.js';
import { createSupervisorMachine } from '../../machines/supervisor.js';
import type { BackendSpec, SupervisorEmitted, SupervisorEvent } from '../../machines/supervisor.js';
import { VirtualClock } from '../../src/engine/virtual-clock.js';
import { policy } from '../engine/harness.js';

const restart = { intensity: 2, periodMs: 10_000, backoffMs: 100 };
const one: BackendSpec = { name: 'one', identity: '', policy, checks: true };
const two: BackendSpec = { ...one, name: 'two' };
const resumed: BackendResume = {
  circuit: 'open',
  openForMs: 700,
  generation: 7,
  failures: 3,
  openings: 1,
};

let clock = new VirtualClock();
let told: string[] = [];
/** How many checks of each backend are out. */
let out: Record<string, number> = {};
let resumes: Record<string, BackendResume> = {};

beforeEach(() => {
  clock = new VirtualClock();
  told = [];
  out = {};
  resumes = {};
});

function nameIn(event: SupervisorEmitted): string {
  if (event.type === 'backend.crashed')
    return `${event.type} ${event.name} ${event.crashes} ${event.restartInMs}`;
  return event.type === 'backend.gaveUp'
    ? `${event.type} ${event.name} ${event.crashes}`
    : `${event.type} ${event.name}`;
}

function supervised(backends = [one, two], policyOfRestart = restart) {
  const check = fromCallback<EventObject, CheckInput, CheckEvent>(({ input }) => {
    out[input.backend] = (out[input.backend] ?? 0) + 1;
    return () => {
      out[input.backend] = (out[input.backend] ?? 0) - 1;
    };
  });
  const backend = createBackendMachine({ check, random: () => 0.5, passed: () => [] });
  const machine = createSupervisorMachine({ backend, resumeOf: (name) => resumes[name] });
  const actor = createActor(machine, { input: { backends, restart: policyOfRestart }, clock });
  actor.on('*', (event) => {
    told.push(nameIn(event));
  });
  actor.start();
  const child = (name = 'one') => actor.getSnapshot().context.children[name];
  return {
    actor,
    child,
    send: (event: SupervisorEvent) => actor.send(event),
    configure: (wanted: readonly BackendSpec[], drainMs = 1000, newRestart = policyOfRestart) =>
      actor.send({ type: 'config.changed', backends: wanted, restart: newRestart, drainMs }),
    crash: (name = 'one') => child(name)?.ref?.send({ type: 'check.crashed', error: new Error('boom') }),
    circuitOf: (name = 'one') => child(name)?.ref?.getSnapshot().value.circuit,
    /** What was told since it was last asked for. */
    news: () => told.splice(0),
  };
}

describe('a supervisor', () => {
  it('begins with its backends, each in its own life, and with what is left of a former one [R16] [R17]', () => {
    resumes = { two: resumed };
    const { child, news, circuitOf, actor } = supervised();
    expect(news()).toEqual(['backend.added one', 'backend.added two']);
    expect(child('one')).toMatchObject({ life: 1, crashes: 0, restarts: 0, restartInMs: 0 });
    expect(child('two')).toMatchObject({ life: 2, supervision: 'running' });
    expect([circuitOf('one'), circuitOf('two')]).toEqual([{ closed: 'steady' }, 'open']);
    expect(child('two')?.ref?.getSnapshot().context).toMatchObject({
      generation: 8,
      failures: 3,
      openings: 1,
    });
    expect(actor.getSnapshot().context.lives).toBe(2);
    expect(out).toEqual({ one: 1 });
  });

  it('restarts what has crashed, later each time, from what is left, and ends its check [R16] [R17]', () => {
    const { child, news, crash, circuitOf } = supervised();
    news();
    crash();
    expect(child()).toMatchObject({
      supervision: 'restarting',
      crashes: 1,
      restartInMs: 100,
      ref: undefined,
    });
    expect(out).toEqual({ one: 0, two: 1 });
    resumes = { one: resumed };
    clock.advance(99);
    expect(news()).toEqual(['backend.crashed one 1 100']);
    clock.advance(1);
    expect(news()).toEqual(['backend.restarted one']);
    expect(child()).toMatchObject({ supervision: 'running', crashes: 1, restarts: 1, life: 1 });
    expect(circuitOf()).toBe('open');
    // Only a check can crash, and while the circuit is open there is none.
    child()?.ref?.send({ type: 'circuit.release' });
    crash();
    clock.advance(200);
    expect(news()).toEqual(['backend.crashed one 2 200', 'backend.restarted one']);
    expect(child()).toMatchObject({ restarts: 2 });
  });

  it('gives up at one crash more than the intensity, and forgets each after the period [R16]', () => {
    const { child, news, crash } = supervised();
    news();
    crash();
    clock.advance(5000);
    crash();
    clock.advance(4999);
    expect(child()?.crashes).toBe(2);
    clock.advance(1);
    expect(child()?.crashes).toBe(1);
    crash();
    expect(child()?.supervision).toBe('restarting');
    clock.advance(200);
    crash();
    expect(child()).toMatchObject({ supervision: 'gaveUp', crashes: 3, restartInMs: 0, ref: undefined });
    expect(news().at(-1)).toBe('backend.gaveUp one 3');
    clock.advance(1_000_000);
    expect(child()).toMatchObject({ supervision: 'gaveUp', crashes: 1 });
    expect(news()).toEqual([]);
  });

  it('brings back what it gave up when it is asked to, in another life without crashes [R16]', () => {
    const { child, news, crash, send } = supervised([one, two], { ...restart, intensity: 0 });
    send({ type: 'backend.revive', name: 'one' });
    send({ type: 'backend.revive', name: 'nobody' });
    expect(child()).toMatchObject({ life: 1, restarts: 0 });
    crash();
    news();
    send({ type: 'backend.restart', name: 'one', life: 1 });
    expect(child()?.supervision).toBe('gaveUp');
    send({ type: 'backend.revive', name: 'one' });
    expect(news()).toEqual(['backend.restarted one']);
    expect(child()).toMatchObject({ supervision: 'running', crashes: 0, restarts: 1, life: 3 });
  });

  it('does nothing for whom is late: another life, or one that is not where it was [R16]', () => {
    const { child, news, crash, send } = supervised();
    crash();
    news();
    for (const name of ['one', 'two', 'nobody'])
      for (const life of [0, name === 'two' ? 2 : 9]) {
        send({ type: 'backend.restart', name, life });
        send({ type: 'backend.drained', name, life });
        send({ type: 'crash.forgotten', name, life });
      }
    send({ type: 'backend.drained', name: 'one', life: 1 });
    expect(child('one')).toMatchObject({ supervision: 'restarting', crashes: 1 });
    expect(child('two')).toMatchObject({ supervision: 'running', crashes: 0 });
    expect(news()).toEqual([]);
    send({ type: 'crash.forgotten', name: 'one', life: 1 });
    send({ type: 'crash.forgotten', name: 'one', life: 1 });
    expect(child('one')?.crashes).toBe(0);
  });
});

describe('a supervisor that is given another configuration', () => {
  it('starts what is new, each in a life of its own [R18]', () => {
    const { child, news, configure } = supervised([one]);
    news();
    configure([one, two, { ...one, name: 'three' }]);
    expect(news()).toEqual(['backend.added two', 'backend.added three']);
    expect([child('one')?.life, child('two')?.life, child('three')?.life]).toEqual([1, 2, 3]);
    expect(out).toEqual({ one: 1, two: 1, three: 1 });
  });

  it('drains what is gone, once, until it is drained or its time is up [R18]', () => {
    const { child, news, configure, send } = supervised();
    news();
    configure([two]);
    configure([two]);
    expect(news()).toEqual(['backend.draining one']);
    expect(child()?.supervision).toBe('draining');
    send({ type: 'backend.drained', name: 'one', life: 9 });
    clock.advance(999);
    expect(news()).toEqual([]);
    clock.advance(1);
    expect(news()).toEqual(['backend.removed one']);
    expect(child()).toBeUndefined();
    expect(out).toEqual({ one: 0, two: 1 });
    configure([]);
    send({ type: 'backend.drained', name: 'two', life: 2 });
    expect(news()).toEqual(['backend.draining two', 'backend.removed two']);
  });

  it('restarts no backend that has gone meanwhile, nor one that crashes as it drains [R16] [R18]', () => {
    const { child, news, configure, crash } = supervised();
    crash('one');
    configure([]);
    crash('two');
    news();
    expect([child('one')?.supervision, child('two')?.supervision]).toEqual(['draining', 'draining']);
    clock.advance(999);
    expect(news()).toEqual([]);
    clock.advance(1);
    expect(news()).toEqual(['backend.removed one', 'backend.removed two']);
  });

  it('replaces one of another identity, fresh, whatever it did before [R17] [R18]', () => {
    resumes = {};
    const { child, news, configure, crash, circuitOf } = supervised();
    crash('one');
    news();
    resumes = { one: resumed, two: resumed };
    configure([
      { ...one, identity: 'b' },
      { ...two, identity: 'b' },
    ]);
    expect(news()).toEqual(['backend.replaced one', 'backend.replaced two']);
    expect(child('one')).toMatchObject({ supervision: 'running', crashes: 0, restarts: 0, life: 3 });
    expect([circuitOf('one'), circuitOf('two')]).toEqual([{ closed: 'steady' }, { closed: 'steady' }]);
    expect(out).toEqual({ one: 1, two: 1 });
    // Neither the restart nor the crash of the former life touches it.
    crash('one');
    clock.advance(9999);
    expect(child('one')).toMatchObject({ crashes: 1, restarts: 1 });
  });

  it('begins one that is taken back while it drains anew [R18]', () => {
    const { child, news, configure } = supervised();
    configure([two]);
    news();
    configure([one, two]);
    expect(news()).toEqual(['backend.replaced one']);
    expect(child('one')).toMatchObject({ supervision: 'running', life: 3 });
    clock.advance(1000);
    expect(child('one')?.supervision).toBe('running');
    expect(news()).toEqual([]);
  });

  it('tells a backend its other policy, and one that is away when it is back [R18]', () => {
    const { child, news, configure, crash } = supervised();
    crash('one');
    news();
    const other = { health: policy.health };
    configure([
      { ...one, policy: other },
      { ...two, policy: other },
    ]);
    expect(child('two')?.ref?.getSnapshot().value.circuit).toBe('disabled');
    expect(child('two')?.spec.policy).toBe(other);
    clock.advance(100);
    expect(child('one')?.ref?.getSnapshot().value.circuit).toBe('disabled');
    expect(news()).toEqual(['backend.restarted one']);
    expect(child('one')).toMatchObject({ life: 1, restarts: 1 });
  });

  it('brings back what it gave up when its policy is another, and not before [R16] [R18]', () => {
    const { child, news, configure, crash } = supervised([one, two], { ...restart, intensity: 0 });
    crash('one');
    news();
    configure([one, two]);
    expect(child('one')?.supervision).toBe('gaveUp');
    configure([{ ...one, policy: { health: policy.health } }, two]);
    expect(news()).toEqual(['backend.restarted one']);
    expect(child('one')).toMatchObject({ supervision: 'running', crashes: 0 });
  });

  it('restarts from then on as the new one says [R16] [R18]', () => {
    const { child, configure, crash } = supervised();
    configure([one, two], 1000, { intensity: 1, periodMs: 500, backoffMs: 30 });
    crash('one');
    expect(child('one')?.restartInMs).toBe(30);
    clock.advance(500);
    expect(child('one')?.crashes).toBe(0);
  });
});

describe('a supervisor that is stopped', () => {
  it('ends when the calls have, with all its backends [R19]', () => {
    const { actor, send, configure, news } = supervised();
    news();
    send({ type: 'supervisor.stop', drainMs: 1000 });
    configure([]);
    expect([actor.getSnapshot().value, news()]).toEqual(['draining', []]);
    send({ type: 'calls.drained' });
    expect(actor.getSnapshot()).toMatchObject({ value: 'stopped', status: 'done' });
    expect(out).toEqual({ one: 0, two: 0 });
    expect(clock.pending).toBe(0);
  });

  it('ends when the time is up, and restarts nothing meanwhile [R16] [R19]', () => {
    const { actor, send, crash, child } = supervised();
    send({ type: 'supervisor.stop', drainMs: 1000 });
    crash('one');
    clock.advance(999);
    expect(actor.getSnapshot().value).toBe('draining');
    expect(child('one')?.supervision).toBe('restarting');
    clock.advance(1);
    expect(actor.getSnapshot().value).toBe('stopped');
    expect(clock.pending).toBe(0);
  });
});
