import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { readPaced } from '../../src/session/paced-reading.js';
import { stall } from './stdio-backend.js';

it('what takes long is read over many turns, in order, and to its end before it is said to be over [R35] [R39]', async () => {
  const sent = Buffer.from(Array.from({ length: 65_536 }, (_, index) => index % 251));
  const stream = new PassThrough();
  const pieces: Buffer[] = [];
  const turns: number[] = [];
  let turn = 0;
  let ended = false;
  const next = (): void => {
    turn += 1;
    if (!ended) setImmediate(next);
  };
  next();
  const takenAtEnd = new Promise<number>((resolve) => {
    const take = (piece: Buffer): void => {
      stall(1);
      pieces.push(Buffer.from(piece));
      turns.push(turn);
    };
    readPaced(stream, take, () => {
      ended = true;
      resolve(Buffer.concat(pieces).length);
    });
  });
  stream.end(sent);
  expect(await takenAtEnd).toBe(sent.length);
  expect(Buffer.concat(pieces).equals(sent)).toBe(true);
  // A turn is 1 ms, as long as one piece at least.
  const perTurn = turns.map((one) => turns.filter((other) => other === one).length);
  expect(Math.max(...perTurn)).toBeLessThanOrEqual(3);
});

it('what goes on flooding in small pieces, each of which fits a turn, gets its share of the time and no more [R35]', async () => {
  const stream = new PassThrough();
  let taken = 0;
  const isOver = new Promise<void>((resolve) =>
    readPaced(
      stream,
      () => {
        stall(0.5);
        taken += 0.5;
      },
      resolve,
    ),
  );
  const from = performance.now();
  const flood = setInterval(() => stream.write('x'.repeat(512)), 0);
  await new Promise((resolve) => setTimeout(resolve, 600));
  clearInterval(flood);
  // A fifth of it, and what it may have at once; a machine that is busy gives it less.
  expect(taken / (performance.now() - from)).toBeLessThan(0.35);
  stream.end();
  await isOver;
});
