import { describe, expect, it } from 'vitest';
import type { Unavailable } from '../../src/gateway/backend.js';
import { unavailableError, unavailableListError, unavailableResult } from '../../src/gateway/unavailable.js';

const open: Unavailable = {
  backend: 'a',
  code: 'CIRCUIT_OPEN',
  reason: 'its circuit is open',
  category: 'timeout',
  retryAfterMs: 11_001,
};
const text = (unavailable: Unavailable) => unavailableError(unavailable).message;

describe('a backend that cannot be used', () => {
  it('is a tool result that names backend, reason and when to retry, with the same in _meta [R21]', () => {
    expect(unavailableResult(open)).toEqual({
      content: [
        {
          type: 'text',
          text: 'Backend "a" is unavailable: its circuit is open. Nothing was sent to it. Try again in 12 s.',
        },
      ],
      isError: true,
      _meta: { 'breakwater/unavailable': open },
    });
  });

  it('is a JSON-RPC error with the same text and data for what has no isError [R21]', () => {
    expect(unavailableError(open)).toMatchObject({ code: -32050, message: text(open), data: open });
  });

  it.each([
    [undefined, 'It is not known when it will be back.'],
    [0, 'Try again in 1 s.'],
    [1000, 'Try again in 1 s.'],
    [1001, 'Try again in 2 s.'],
  ])('is worth another try after %s ms: %s [R21]', (retryAfterMs, advice) => {
    const { backend, code, reason } = open;
    const unavailable = { backend, code, reason, ...(retryAfterMs !== undefined && { retryAfterMs }) };
    expect(text(unavailable)).toContain(advice);
  });

  it('was not reached by a call that failed before it could be processed [R39]', () => {
    const { backend } = open;
    const failed = text({ backend, code: 'CALL_FAILED', reason: 'it refused the connection' });
    expect(failed).toBe(
      'Backend "a" is unavailable: this call to it failed, it refused the connection. It was not processed. ' +
        'It may be tried again now.',
    );
  });

  it('is not said to be untouched when the call may have run [R39]', () => {
    const reason = 'the call timed out after 30 s';
    const failed = text({ ...open, code: 'CALL_FAILED', reason, mayHaveRun: true });
    expect(failed).toContain(
      'this call to it failed, the call timed out after 30 s. Whether it took effect is not known. ' +
        'Find out before you try again in 12 s.',
    );
    expect(failed).not.toContain('Nothing was sent');
  });

  it('is named with the others where a list would be incomplete [R24]', () => {
    const { message, data } = unavailableListError([open]);
    expect(message).toContain('unavailable backend "a" (its circuit is open). partialFailureMode is fail.');
    expect(data).toEqual({ unavailable: [open] });
  });
});
