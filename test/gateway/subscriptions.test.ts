import { describe, expect, it } from 'vitest';
import type { Client, OwnSessions } from '../../src/gateway/backend.js';
import { NO_OWN_SESSIONS } from '../../src/gateway/backend.js';
import { DEFAULT_LIMITS } from '../../src/limits.js';
import { Subscriptions } from '../../src/gateway/subscriptions.js';
import { exchange, FakeBackend } from './fake-backend.js';

const URI = 'test://a';

function clientWith(told: unknown[] = []): Client & { told: unknown[] } {
  return { ...exchange().client, told, tell: (_, params) => told.push(params) };
}

/** A backend with which some clients have sessions of their own. */
function backendWith(...owners: Client[]): FakeBackend {
  const own: OwnSessions = { ...NO_OWN_SESSIONS, isFor: (client) => owners.includes(client) };
  return Object.assign(new FakeBackend('a'), { own });
}

describe('subscriptions', () => {
  it('an update goes to who subscribed to it, or to what it is a part of, on the same session [R26]', () => {
    const [shared, other, own] = [clientWith(), clientWith(), clientWith()];
    const backend = backendWith(own);
    const all = new Subscriptions(DEFAULT_LIMITS.maxSubscriptions);
    all.add(shared, backend, URI);
    all.add(own, backend, URI);
    all.add(other, backend, 'test://b');
    all.updated(backend, { uri: URI }, undefined);
    all.updated(backend, { uri: `${URI}/part` }, own);
    all.updated(backend, { uri: 'test://unknown' }, undefined);
    all.updated(backend, { uri: 7 }, undefined);
    all.updated(new FakeBackend('b'), { uri: URI }, undefined);
    expect(shared.told).toEqual([{ uri: URI }]);
    expect(own.told).toEqual([{ uri: `${URI}/part` }]);
    expect(other.told).toEqual([]);
  });

  it('a backend hears that updates are not wanted when the last on the session leaves [R26]', () => {
    const [one, two, own] = [clientWith(), clientWith(), clientWith()];
    const backend = backendWith(own);
    const all = new Subscriptions(DEFAULT_LIMITS.maxSubscriptions);
    for (const client of [one, two, own]) all.add(client, backend, URI);
    expect(all.remove(one, URI)).toBeUndefined();
    expect(all.remove(one, URI)).toBeUndefined();
    expect(all.remove(own, URI)).toBe(backend);
    expect(all.remove(two, URI)).toBe(backend);
    all.updated(backend, { uri: URI }, undefined);
    expect([one.told, two.told]).toEqual([[], []]);
  });

  it('a client that is gone leaves none behind, and its own session goes with it [R26]', () => {
    const [one, two, own] = [clientWith(), clientWith(), clientWith()];
    const backend = backendWith(own);
    const all = new Subscriptions(DEFAULT_LIMITS.maxSubscriptions);
    for (const client of [one, two, own]) all.add(client, backend, URI);
    expect(all.end(own)).toEqual([]);
    expect(all.end(one)).toEqual([]);
    expect(all.end(two)).toEqual([{ backend, uri: URI }]);
    expect(all.end(two)).toEqual([]);
    expect(all.of(backend, undefined)).toEqual([]);
  });

  it('a new session is asked for what those on it want, each once [R26]', () => {
    const [one, two, own] = [clientWith(), clientWith(), clientWith()];
    const backend = backendWith(own);
    const all = new Subscriptions(DEFAULT_LIMITS.maxSubscriptions);
    for (const client of [one, two]) all.add(client, backend, URI);
    all.add(own, backend, 'test://b');
    all.add(one, new FakeBackend('b'), 'test://c');
    expect(all.of(backend, undefined)).toEqual([URI]);
    expect(all.of(backend, own)).toEqual(['test://b']);
  });

  it('are bounded for each client [R36]', () => {
    const client = clientWith();
    const all = new Subscriptions(DEFAULT_LIMITS.maxSubscriptions);
    for (let index = 1; index < DEFAULT_LIMITS.maxSubscriptions; index += 1)
      all.add(client, new FakeBackend('a'), `test://${index}`);
    expect(all.hasRoom(client, 'test://last')).toBe(true);
    all.add(client, new FakeBackend('a'), 'test://last');
    expect(all.hasRoom(client, 'test://more')).toBe(false);
    expect(all.hasRoom(client, 'test://last')).toBe(true);
    expect(all.hasRoom(clientWith(), 'test://more')).toBe(true);
  });
});
