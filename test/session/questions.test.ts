import { describe, expect, it } from 'vitest';
import type { AskOptions, Caller, OnQuestion, Question } from '../../src/session/caller.js';
import { stdioBackend, until } from './stdio-backend.js';

/** A client that is asked by hand: each question waits until the test answers it. */
function asked() {
  const questions: {
    question: Question;
    caller: Caller | undefined;
    options: AskOptions;
    answer: (reply: Awaited<ReturnType<OnQuestion>>) => void;
  }[] = [];
  const onQuestion: OnQuestion = (question, caller, options) =>
    new Promise((answer) => questions.push({ question, caller, options, answer }));
  return { questions, onQuestion };
}

const done = { kind: 'result', result: { role: 'assistant' } } as const;
const METHOD = 'sampling/createMessage';

describe('a question of the backend', () => {
  it('goes to the client whole, and its answer back, whatever it is [R26]', async () => {
    const { questions, onQuestion } = asked();
    const { call } = stdioBackend('normal', { onQuestion });
    const params = { messages: [{ odd: true }], _meta: { own: 1 } };
    const call1 = call('ask', { method: METHOD, params });
    await until(() => questions.length === 1);
    expect(questions[0]?.question).toEqual({ method: METHOD, params });
    questions[0]?.answer(done);
    expect(await call1).toMatchObject({ result: { answers: [{ id: 'ours-0', result: done.result }] } });

    const call2 = call('ask', { method: 'custom/thing' });
    await until(() => questions.length === 2);
    questions[1]?.answer({ kind: 'error', code: -1, message: 'I will not', data: { why: 'so' } });
    expect(await call2).toMatchObject({
      result: { answers: [{ error: { code: -1, message: 'I will not', data: { why: 'so' } } }] },
    });
  });

  it('is put to whom the call was made for [R26]', async () => {
    const { questions, onQuestion } = asked();
    const { call } = stdioBackend('normal', { onQuestion });
    const caller: Caller = { ask: () => Promise.resolve(done), tell: () => undefined };
    const calling = call('ask', { method: METHOD }, { caller });
    await until(() => questions.length === 1);
    expect(questions[0]?.caller).toBe(caller);
    questions[0]?.answer(done);
    await calling;
  });

  it('keeps the call alive that waits for it, and no longer than that [R25] [R26]', async () => {
    const { questions, onQuestion } = asked();
    const { call, ready } = stdioBackend('normal', { onQuestion });
    await ready();
    const patient = call('ask', { method: METHOD }, { timeoutMs: 100 });
    await until(() => questions.length === 1);
    await new Promise((resolve) => setTimeout(resolve, 350));
    questions[0]?.answer(done);
    expect(await patient).toMatchObject({ kind: 'result' });

    const silent = call('ask', { method: METHOD, times: 2 }, { timeoutMs: 100 });
    await until(() => questions.length === 3);
    questions[1]?.answer(done);
    questions[2]?.answer(done);
    expect(await silent).toMatchObject({ kind: 'result' });
    expect(await call('never', {}, { timeoutMs: 100 })).toMatchObject({ failure: { category: 'timeout' } });
  });

  it('that nobody answers ends the call at its total limit, and is no failure of the backend [R08] [R26]', async () => {
    const { questions, onQuestion } = asked();
    const { call, ready, session } = stdioBackend('normal', { onQuestion });
    await ready();
    const reply = await call('ask', { method: METHOD }, { timeoutMs: 50, maxTotalMs: 150 });
    expect(reply).toMatchObject({ kind: 'failed', outcome: { kind: 'released' } });
    expect(reply).toHaveProperty('reason', 'the client did not answer what the backend asked it');
    questions[0]?.answer(done);
    await until(() => session.held === 0);
  });

  it('that the backend takes back is taken back from the client, and not answered [R26]', async () => {
    const { questions, onQuestion } = asked();
    const { call } = stdioBackend('normal', { onQuestion });
    const calling = call('ask-and-cancel', { method: METHOD });
    await until(() => questions[0]?.options.signal.aborted === true);
    questions[0]?.answer(done);
    expect(await calling).toMatchObject({ result: { answered: false } });
  });

  it('ends with the session, and with its own limit [R19] [R36]', async () => {
    const { questions, onQuestion } = asked();
    const { call, session } = stdioBackend('normal', { onQuestion, limits: { maxAskMs: 80 } });
    const calling = call('ask', { method: METHOD });
    await until(() => questions[0]?.options.signal.aborted === true);
    questions[0]?.answer(done);
    void call('ask', { method: METHOD });
    await until(() => questions.length >= 2);
    expect(questions.at(-1)?.options.signal.aborted).toBe(false);
    await session.close(0);
    expect(questions.at(-1)?.options.signal.aborted).toBe(true);
    expect((await calling).kind).toBe('failed');
  });

  it('tells the backend of the progress of the client only where it asked for it [R26]', async () => {
    const { questions, onQuestion } = asked();
    const { call, counts } = stdioBackend('normal', { onQuestion });
    const plain = call('ask', { method: METHOD });
    await until(() => questions.length === 1);
    expect(questions[0]?.options.onProgress).toBeUndefined();
    questions[0]?.answer(done);
    await plain;
    const calling = call('ask', { method: METHOD, params: { _meta: { progressToken: 'theirs' } } });
    await until(() => questions.length === 2);
    questions[1]?.options.onProgress?.({ progress: 1 });
    questions[1]?.answer(done);
    await calling;
    expect((await counts())['notifications/progress']).toBe(1);
  });

  it('introduces the client, whose catalog is not read once more [R26]', async () => {
    const { onQuestion } = asked();
    const { call, counts, catalogs } = stdioBackend('normal', { onQuestion });
    await call('echo');
    expect(Object.keys(await counts()).sort()).toEqual([
      'initialize',
      'notifications/initialized',
      'tools/call',
    ]);
    expect(catalogs).toEqual([]);
  });
});
