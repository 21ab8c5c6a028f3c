import { CIRCUIT, defect, GATE, OPENING, SETUP } from './defect.js';
import type { Defect } from './defect.js';

const WINDOW = 'machines/window.ts';
const TALLY = 'src/engine/tally.ts';
const BATCH = 'src/engine/batch.ts';

/** Group C of the catalogue, and what else the optional policies can get wrong. */
export const DEFECTS_OF_POLICIES: readonly Defect[] = [
  defect('C1', 'old successes survive idleness', TALLY, 'this.#ring[place] = 0;\n    }', '}'),
  {
    id: 'C2',
    what: 'old failures survive idleness',
    patches: [
      {
        file: WINDOW,
        from: 'recent.filter((mark) => mark.step > step - stepsOf(rate).steps)',
        to: '[...recent]',
      },
      { file: WINDOW, from: 'mark.step > step - steps ? sum + mark.count : sum', to: 'sum + mark.count' },
    ],
  },
  defect(
    'C3',
    'refused calls dilute the rate',
    GATE,
    '      this.refused += 1;',
    '      this.refused += 1;\n      this.tally?.succeeded();',
  ),
  defect(
    'C4',
    'a call that is out is not slow before it has ended',
    BATCH,
    'this.ledger.noteSlow(generation);',
    'break;',
  ),
  defect(
    'C5b',
    'windows are not emptied when a stay ends',
    SETUP,
    'probeSuccesses: 0, marks: [], counting,',
    'probeSuccesses: 0, counting,',
  ),
  defect(
    'C5c',
    'successes of an older stay are counted',
    TALLY,
    'before?.counting === counting ? before :',
    'before ? before :',
  ),
  defect(
    'C6b',
    'a rate is reached only above its threshold',
    WINDOW,
    '/ calls >= threshold',
    '/ calls > threshold',
  ),
  defect(
    'C6c',
    'a rate wants one call more than the minimum',
    WINDOW,
    'calls >= minimumCalls',
    'calls > minimumCalls',
  ),
  defect(
    'C7',
    'a call that finds no room counts as a failure',
    GATE,
    'if (this.inFlight < this.maxInFlight) return undefined;',
    "if (this.inFlight < this.maxInFlight) return undefined;\n    this.send({ type: 'call.failed', generation: this.generation, failure: { category: 'overloaded' } });",
  ),
  defect(
    'C7b',
    'one call more than there is room for is admitted',
    GATE,
    'if (this.inFlight < this.maxInFlight) return undefined;',
    'if (this.inFlight <= this.maxInFlight) return undefined;',
  ),
  defect(
    'C11',
    'a window is one step shorter than it says',
    WINDOW,
    'mark.step > step - steps ?',
    'mark.step > step - steps + 1 ?',
  ),
  defect(
    'C12',
    'a rate is judged on a count',
    WINDOW,
    'matching / calls >= threshold',
    'matching >= threshold',
  ),
  defect(
    'C14',
    'a failed probe does not lengthen the next stay',
    CIRCUIT,
    "'check.failed': { target: 'open', actions: reopens },",
    "'check.failed': { target: 'open', actions: ['countFailure'] },",
  ),
  defect(
    'C14b',
    'one recovery makes up for all openings',
    SETUP,
    'forgetOpening: assign({ openings: ({ context }) => context.openings - 1 })',
    'forgetOpening: assign({ openings: 0 })',
  ),
  defect(
    'C14c',
    'openings are forgotten though calls fail',
    CIRCUIT,
    "{ guard: 'isFailing', target: 'recovering', reenter: true },",
    '',
  ),
  defect(
    'C14d',
    'an operator does not make the circuit forget its openings',
    CIRCUIT,
    "const resets = ['clearFailures', 'forgetOpenings', 'resumeChecks'] as const;",
    "const resets = ['clearFailures', 'resumeChecks'] as const;",
  ),
  defect(
    'C14e',
    'chance makes an open time shorter than the shortest',
    OPENING,
    'Math.max(openMs, lengthMs(openings) * share, askedMs)',
    'Math.max(lengthMs(openings) * share * 0.9, askedMs)',
  ),
  defect(
    'C14f',
    'the longest open time cuts what the backend asked for',
    OPENING,
    'Math.max(openMs, lengthMs(openings) * share, askedMs)',
    'Math.min(maxOpenMs, Math.max(openMs, lengthMs(openings) * share, askedMs))',
  ),
  defect(
    'C15b',
    'a check that has succeeded is no sample',
    'src/engine/check.ts',
    'gate?.noteCheckSucceeded();',
    '',
  ),
  defect(
    'C17b',
    'a call that was released is a sample',
    BATCH,
    'this.#leave();\n    this.ledger.settleRelease',
    'this.#answered(generation);\n    this.ledger.settleRelease',
  ),
  defect(
    'C18',
    'a call that was slow counts as quick when it ends',
    BATCH,
    'if (!this.#isSlow) this.ledger.noteQuick',
    'this.ledger.noteQuick',
  ),
  defect(
    'C19',
    'failures in a row do not trip beside a rate',
    SETUP,
    'areTooMany(context) ||',
    '(context.policy.circuit?.rates === undefined && areTooMany(context)) ||',
  ),
  defect(
    'C20',
    'other rates inherit what the former have counted',
    SETUP,
    '...(!sameRates && { marks: [], counting: counting + 1 }),',
    '',
  ),
  defect(
    'E10',
    'what is only observed is heard',
    GATE,
    'return new GatePermit((this.#unheard ??= unheardBy(this)), generation);',
    'return new GatePermit(this, generation);',
  ),
  defect(
    'E11',
    'an isolation is only observed',
    'machines/policy.ts',
    "(observing && circuit !== 'isolated')",
    'observing',
  ),
];
