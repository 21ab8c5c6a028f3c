import { beforeEach, describe, expect, it } from 'vitest';
import { Turns } from '../../src/engine/turns.js';

let begun: string[] = [];
let turns = new Turns(2);
const take = (name: string, isUrgent?: boolean) => turns.take(() => begun.push(name), isUrgent);
const settled = () => Promise.resolve();

beforeEach(() => {
  begun = [];
  turns = new Turns(2);
});

describe('turns', () => {
  it('begin later than they were taken, no more at once than allowed, in order [R13]', async () => {
    const [one, two] = [take('one'), take('two')];
    take('three');
    take('four');
    expect(begun).toEqual([]);
    await settled();
    expect(begun).toEqual(['one', 'two']);
    two();
    await settled();
    expect(begun).toEqual(['one', 'two', 'three']);
    one();
    await settled();
    expect(begun).toEqual(['one', 'two', 'three', 'four']);
  });

  it('that are urgent come before all that are not, and after those who hold one [R13]', async () => {
    const holders = [take('one'), take('two')];
    take('three');
    take('urgent', true);
    take('urgent too', true);
    await settled();
    for (const giveUp of holders) giveUp();
    await settled();
    expect(begun).toEqual(['one', 'two', 'urgent', 'urgent too']);
  });

  it('given up while waiting, or before they have begun, never begin [R13]', async () => {
    const early = take('early');
    take('two');
    const waiting = take('waiting');
    const urgent = take('urgent', true);
    take('five');
    early();
    waiting();
    urgent();
    await settled();
    expect(begun).toEqual(['two', 'five']);
  });

  it('given up at the end of the line let nobody before it begin [R13]', async () => {
    for (const name of ['one', 'two', 'three']) take(name);
    const last = take('four');
    last();
    await settled();
    expect(begun).toEqual(['one', 'two']);
  });

  it('given up twice make room for one [R13]', async () => {
    const one = take('one');
    for (const name of ['two', 'three', 'four']) take(name);
    await settled();
    one();
    one();
    await settled();
    expect(begun).toEqual(['one', 'two', 'three']);
  });

  it('of a higher limit begin at once; a lower one interrupts none and admits fewer [R13] [R18]', async () => {
    const givers = ['one', 'two', 'three', 'four', 'five'].map((name) => take(name));
    turns.limit = 3;
    await settled();
    expect(begun).toEqual(['one', 'two', 'three']);
    turns.limit = 1;
    givers[0]!();
    givers[1]!();
    await settled();
    expect(begun).toEqual(['one', 'two', 'three']);
    givers[2]!();
    await settled();
    expect(begun).toEqual(['one', 'two', 'three', 'four']);
  });
});
