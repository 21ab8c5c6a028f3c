import { describe, expect, it } from 'vitest';
import { isDeeperThan, isRecord, readMessage } from '../../src/session/message.js';

const rpc = (more: object) => ({ jsonrpc: '2.0', ...more });
const error = { code: -32000, message: 'no' };

describe('an incoming message', () => {
  it.each([
    ['a result', rpc({ id: 1, result: { x: 1 } }), { kind: 'result', id: 1, result: { x: 1 } }],
    ['a result with id 0', rpc({ id: 0, result: {} }), { kind: 'result', id: 0, result: {} }],
    ['an error', rpc({ id: 1, error }), { kind: 'error', id: 1, ...error }],
    [
      'an error with data, even null',
      rpc({ id: 1, error: { ...error, data: null } }),
      { kind: 'error', id: 1, ...error, data: null },
    ],
    ['an error with id null', rpc({ id: null, error }), { kind: 'error', id: undefined, ...error }],
    ['an error without id', rpc({ error }), { kind: 'error', id: undefined, ...error }],
    ['a request', rpc({ id: 'a', method: 'ping' }), { kind: 'request', id: 'a', method: 'ping', params: {} }],
    [
      'a request with a number',
      rpc({ id: 3, method: 'x', params: { a: 1 } }),
      { kind: 'request', id: 3, method: 'x', params: { a: 1 } },
    ],
    [
      'a notification',
      rpc({ method: 'n', params: { a: 1 } }),
      { kind: 'notification', method: 'n', params: { a: 1 } },
    ],
    [
      'a notification with params that are none',
      rpc({ method: 'n', params: [1] }),
      { kind: 'notification', method: 'n', params: {} },
    ],
  ])('%s is read as such [R36]', (_, value, read) => {
    expect(readMessage(value)).toEqual(read);
  });

  it.each([
    ['both result and error', rpc({ id: 1, result: {}, error }), 1],
    ['neither', rpc({ id: 1 }), 1],
    ['no jsonrpc', { id: 1, result: {} }, 1],
    ['another jsonrpc', { jsonrpc: '1.0', id: 1, result: {} }, 1],
    ['a result that is no object', rpc({ id: 1, result: 7 }), 1],
    ['a result that is an array', rpc({ id: 1, result: [] }), 1],
    ['a result that is null', rpc({ id: 1, result: null }), 1],
    ['an error without code', rpc({ id: 1, error: { message: 'no' } }), 1],
    ['an error with a broken code', rpc({ id: 1, error: { code: 1.5, message: 'no' } }), 1],
    ['an error without message', rpc({ id: 1, error: { code: 1 } }), 1],
    ['an error that is text', rpc({ id: 1, error: 'no' }), 1],
    ['a result without id', rpc({ result: {} }), undefined],
    ['a result with id null', rpc({ id: null, result: {} }), undefined],
    ['our id as text', rpc({ id: '2', result: {} }), 2],
    ['our id as text, with an error', rpc({ id: '2', error }), 2],
    ['an id that is not ours', rpc({ id: 'x2', result: {} }), undefined],
    ['an id that only looks like a number', rpc({ id: ' 2', result: {} }), undefined],
    ['a request without jsonrpc', { id: 1, method: 'x' }, 1],
    ['a number', 42, undefined],
    ['null', null, undefined],
    ['an array', [rpc({ id: 1, result: {} })], undefined],
    ['text', 'x', undefined],
  ])('%s is malformed, and belongs to the request it names [R36]', (_, value, id) => {
    expect(readMessage(value)).toEqual({ kind: 'malformed', id });
  });

  it('with __proto__ keys is data and changes no object [R36]', () => {
    const read = readMessage(JSON.parse('{"jsonrpc":"2.0","id":1,"result":{"__proto__":{"polluted":true}}}'));
    expect(JSON.stringify(read)).toContain('"__proto__":{"polluted":true}');
    expect('polluted' in {}).toBe(false);
  });
});

describe('the depth of a value', () => {
  const nested = (levels: number): unknown => JSON.parse('['.repeat(levels) + ']'.repeat(levels));

  it.each([
    ['a scalar has no level', 7, 0, false],
    ['null has no level', null, 0, false],
    ['an empty array has one', [], 0, true],
    ['at the limit', nested(10), 10, false],
    ['one over it', nested(11), 10, true],
    ['far over it, without overflowing the stack', nested(1_000_000), 10, true],
    ['the deepest branch counts', { a: 1, b: { c: [{}] } }, 3, true],
  ])('%s [R36]', (_, value, levels, deeper) => {
    expect(isDeeperThan(value, levels)).toBe(deeper);
  });
});

it('a record is an object that is neither null nor an array [R36]', () => {
  expect([{}, [], null, undefined, 'x', 1].map(isRecord)).toEqual([true, false, false, false, false, false]);
});
