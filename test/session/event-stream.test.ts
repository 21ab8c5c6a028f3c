import { describe, expect, test } from 'vitest';
import type { ServerSentEvent } from '../../src/session/event-stream.js';
import { EventStream } from '../../src/session/event-stream.js';

interface Read {
  readonly events: ServerSentEvent[];
  readonly tooLarge: number;
  readonly lastEventId: string | undefined;
  readonly retryMs: number | undefined;
}

/** What is read of a text that arrives in chunks of so many bytes. */
function read(text: string, chunkBytes = Infinity, maxBytes = 1_000): Read {
  const events: ServerSentEvent[] = [];
  let tooLarge = 0;
  const stream = new EventStream(
    maxBytes,
    (event) => events.push(event),
    () => (tooLarge += 1),
  );
  const bytes = Buffer.from(text);
  const step = Math.min(chunkBytes, Math.max(bytes.length, 1));
  for (let at = 0; at < bytes.length; at += step) stream.push(bytes.subarray(at, at + step));
  return { events, tooLarge, lastEventId: stream.lastEventId, retryMs: stream.retryMs };
}

const message = (data: string): ServerSentEvent => ({ event: 'message', data });

describe('an event stream', () => {
  test.each<[string, string, readonly ServerSentEvent[]]>([
    ['one event', 'data: a\n\n', [message('a')]],
    ['CRLF', 'data: a\r\n\r\ndata: b\r\n\r\n', [message('a'), message('b')]],
    ['no space after the colon', 'data:a\n\n', [message('a')]],
    ['one space of two', 'data:  a\n\n', [message(' a')]],
    ['several data lines', 'data: a\ndata:\ndata: b\n\n', [message('a\n\nb')]],
    [
      'a named event',
      'event: endpoint\ndata: /x\n\ndata: y\n\n',
      [{ event: 'endpoint', data: '/x' }, message('y')],
    ],
    ['comments', ': ping\n\n:\ndata: a\n: b\n\n', [message('a')]],
    ['unknown fields', 'foo: bar\ndata: a\nbaz\n\n', [message('a')]],
    ['a byte order mark', '\uFEFFdata: a\n\n', [message('a')]],
    ['characters of several bytes', 'data: äöü €🌊\n\n', [message('äöü €🌊')]],
    ['a colon in the data', 'data: {"a":1}\n\n', [message('{"a":1}')]],
    ['an event without data', 'event: x\nid: 1\n\n', []],
    ['an event without its blank line', 'data: a\n\ndata: b\n', [message('a')]],
    ['a line cut in the middle', 'data: a\n\ndata: b', [message('a')]],
    ['nothing', '', []],
  ])('reads %s the same, whole or byte by byte [R36]', (_, text, events) => {
    expect(read(text).events).toEqual(events);
    for (const bytes of [1, 2, 3, 7]) expect(read(text, bytes)).toEqual(read(text));
  });

  test('remembers the last id and retry, and no other value than a number [R36]', () => {
    expect(read('id: 1\nid: 2\nretry: 5\nretry: soon\nretry: -1\n')).toMatchObject({
      lastEventId: '2',
      retryMs: 5,
    });
    expect(read('id: 1\nid: a\0b\n')).toMatchObject({ lastEventId: '1' });
    expect(read('data: a\n\n')).toMatchObject({ lastEventId: undefined, retryMs: undefined });
  });
});

describe('the limit of an event', () => {
  test.each<[string, string, number]>([
    ['at it', `data: ${'x'.repeat(100)}\n\n`, 0],
    ['at it, with CRLF', `data: ${'x'.repeat(100)}\r\n\r\n`, 0],
    ['at it, over several lines', `data: ${'x'.repeat(49)}\ndata: ${'x'.repeat(50)}\n\n`, 0],
    ['one above it', `data: ${'x'.repeat(101)}\n\n`, 1],
    ['one above it in bytes, not in characters', `data: ${'x'.repeat(99)}ä\n\n`, 1],
    ['one above it, over several lines', `data: ${'x'.repeat(50)}\ndata: ${'x'.repeat(50)}\n\n`, 1],
    ['far above it', `data: ${'x'.repeat(100_000)}\n\n`, 1],
    ['far above it in empty lines', `${'data:\n'.repeat(10_000)}\n`, 1],
    ['far above it without an end', 'x'.repeat(100_000), 1],
  ])('%s: over it, it is told once and nothing more is read [R36]', (_, text, times) => {
    for (const bytes of [1, 64, Infinity]) {
      const { tooLarge, events } = read(`${text}data: next\n\n`, bytes, 100);
      expect(tooLarge).toBe(times);
      expect(events.length).toBe(times === 0 ? 2 : 0);
    }
  });

  test('counts each event anew [R36]', () => {
    expect(read(`data: ${'x'.repeat(90)}\n\n`.repeat(50), 33, 100)).toMatchObject({ tooLarge: 0 });
  });
});
