import { beforeEach, describe, expect, it } from 'vitest';
import { Outbox } from '../../src/engine/outbox.js';

let said: unknown[] = [];
let outbox = new Outbox((error) => said.push(error));
const say = (word: string) => () => {
  said.push(word);
};

beforeEach(() => {
  said = [];
  outbox = new Outbox((error) => said.push(error));
});

describe('the outbox', () => {
  it('delivers in order, once, when the outermost entry has ended [R32]', () => {
    const result = outbox.run(() => {
      outbox.post(say('one'));
      outbox.run(() => {
        outbox.post(say('two'));
      });
      expect(said).toEqual([]);
      return 42;
    });
    expect(result).toBe(42);
    expect(said).toEqual(['one', 'two']);
    outbox.run(() => undefined);
    expect(said).toEqual(['one', 'two']);
  });

  it('delivers after an entry that throws, and throws what it threw [R32]', () => {
    const boom = new Error('boom');
    expect(() =>
      outbox.run(() => {
        outbox.post(say('one'));
        throw boom;
      }),
    ).toThrow(boom);
    expect(said).toEqual(['one']);
  });

  it('delivers to the end what a letter leads to, each after those before it [R32]', () => {
    outbox.run(() => {
      outbox.post(() => {
        outbox.run(() => {
          outbox.post(say('three'));
        });
        said.push('one');
      });
      outbox.post(say('two'));
    });
    expect(said).toEqual(['one', 'two', 'three']);
  });

  it('does chores before any further letter, those of a chore and of a letter too [R32]', () => {
    outbox.run(() => {
      outbox.post(() => {
        said.push('letter');
        outbox.run(() => {
          outbox.prepare(say('chore of a letter'));
        });
      });
      outbox.post(say('last letter'));
      outbox.prepare(() => {
        outbox.run(() => {
          outbox.prepare(say('chore of a chore'));
          outbox.post(say('letter of a chore'));
        });
        said.push('chore');
      });
      outbox.prepare(say('last chore'));
    });
    expect(said).toEqual([
      'chore',
      'last chore',
      'chore of a chore',
      'letter',
      'chore of a letter',
      'last letter',
      'letter of a chore',
    ]);
  });

  it('reports what a letter or a chore throws, and goes on with the others [R32]', () => {
    const boom = new Error('boom');
    const fail = () => {
      throw boom;
    };
    outbox.run(() => {
      outbox.prepare(fail);
      outbox.prepare(say('chore'));
      outbox.post(fail);
      outbox.post(say('letter'));
    });
    expect(said).toEqual([boom, 'chore', boom, 'letter']);
    outbox.run(() => {
      outbox.post(say('later'));
    });
    expect(said.at(-1)).toBe('later');
  });

  it('goes on when the report of an error fails too [R32]', () => {
    const mute = new Outbox(() => {
      throw new Error('no log');
    });
    mute.run(() => {
      mute.post(() => {
        throw new Error('boom');
      });
      mute.post(say('next'));
    });
    expect(said).toEqual(['next']);
  });
});
