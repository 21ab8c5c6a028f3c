import { describe, expect, it } from 'vitest';
import { newAdminToken } from '../../../src/http/admin-token.js';
import { ACTIONS, AdminDesk } from '../../../src/http/live/controls.js';
import type { Controls } from '../../../src/http/live/controls.js';

/** A desk, what it did, and what it logged. */
function desk(token?: string) {
  const done: string[] = [];
  const logged: unknown[][] = [];
  const log = new Proxy({} as never, {
    get: (_, level) => (what: unknown, message: unknown) => logged.push([level, what, message]),
  });
  const control = (action: string) => (backend: string) => done.push(`${action} ${backend}`);
  const controls = Object.fromEntries(
    ACTIONS.map((action) => [action, control(action)]),
  ) as unknown as Controls;
  const own = new AdminDesk(controls, log, token);
  const ask = (backend: string, action: string, authorization?: string) =>
    own.ask(backend, action, ['one', 'two'], { address: '127.0.0.1', userAgent: 'test', authorization });
  return { done, logged, ask };
}

describe('the controls', () => {
  it.each(ACTIONS)('%s with the token is done, and logged with who and what [R10] [R38]', (action) => {
    const { ask, done, logged } = desk('secret');
    expect(ask('two', action, 'Bearer secret')).toEqual({ kind: 'done', backend: 'two', action });
    expect(done).toEqual([`${action} two`]);
    expect(logged).toEqual([
      ['info', { action, backend: 'two', address: '127.0.0.1', userAgent: 'test' }, 'a control was used'],
    ]);
  });

  it.each([
    undefined,
    '',
    'secret',
    'Basic secret',
    'Bearer',
    'Bearer ',
    'Bearer secre',
    'Bearer secret1',
    'Bearer Secret',
  ])('are refused to who says %j, and that is logged without what was said [R30] [R38]', (authorization) => {
    const { ask, done, logged } = desk('secret');
    expect(ask('one', 'reset', authorization)).toMatchObject({
      kind: 'refused',
      code: 'ADMIN_TOKEN_REQUIRED',
    });
    expect(done).toEqual([]);
    expect(logged).toHaveLength(1);
    expect(JSON.stringify(logged)).not.toMatch(/secre|Basic/i);
  });

  it('are refused to everybody where there is no token [R38]', () => {
    const { ask, done } = desk();
    for (const said of [undefined, 'Bearer ', 'Bearer undefined'])
      expect(ask('one', 'reset', said)).toMatchObject({ kind: 'refused', code: 'CONTROLS_OFF' });
    expect(done).toEqual([]);
  });

  it('know their actions and backends, and tell them only to who may use them [R10]', () => {
    const { ask } = desk('secret');
    expect(ask('one', 'explode', 'Bearer secret')).toMatchObject({ kind: 'unknown', code: 'UNKNOWN_ACTION' });
    expect(ask('three', 'reset', 'Bearer secret')).toEqual({
      kind: 'unknown',
      code: 'UNKNOWN_BACKEND',
      message: 'no backend "three"; one of one, two',
    });
    expect(ask('three', 'explode')).toMatchObject({ kind: 'refused' });
  });

  it('have a token of 128 bits, another each time [R38]', () => {
    expect(Buffer.from(newAdminToken(), 'base64url')).toHaveLength(16);
    expect(newAdminToken()).not.toBe(newAdminToken());
  });
});
