/** What has to be said about a case that a library fails. */
export interface Note {
  /** Its documentation says that this is what it does. */
  readonly byDesign?: true;
  readonly text: string;
  readonly source: string;
}

const COCKATIEL = 'https://github.com/connor4312/cockatiel';
const OPOSSUM = 'https://github.com/nodeshift/opossum';
const MOLLITIA = 'https://genesys.github.io/mollitia/guide/api/modules/breaker/sliding-count';

/** By library and case. */
export const notes: Readonly<Record<string, Readonly<Record<string, Note>>>> = {
  Breakwater: {
    C15b: {
      byDesign: true,
      text: 'The health check is the probe, so that no user pays for it. Where calls go on failing the circuit opens again, with a backoff for longer each time, since only calls that succeed end that.',
      source: 'README, R04',
    },
    D4c: {
      byDesign: true,
      text: 'Half-open begins by an event of its own. A caller that never lets the event loop turn keeps timers waiting, and every socket: no probe could be answered.',
      source: 'README, R03',
    },
  },
  cockatiel: {
    B1b: {
      text: 'With its timeout policy inside the breaker it passes (B1a).',
      source: `${COCKATIEL}#timeoutduration-strategy`,
    },
    B3: {
      text: 'A comment in its source: "It\'s an error, but not one the circuit is meant to retry, so for our purposes it\'s a success." B4a and B5b follow from it.',
      source: `${COCKATIEL}/blob/master/src/CircuitBreakerPolicy.ts`,
    },
    B8: {
      byDesign: true,
      text: 'Calls that come while the probe is out wait for it, and are then made.',
      source: `${COCKATIEL}#breakerexecutefn-signal`,
    },
    C6b: {
      byDesign: true,
      text: '"Break if more than 20% of requests fail": the threshold itself is not enough.',
      source: `${COCKATIEL}#samplingbreaker`,
    },
    C10: {
      text: 'The strategy in the settings holds the count. Two breakers need two, which nothing says.',
      source: `${COCKATIEL}#circuitbreakerpolicy--halfopenafter-breaker-initialstate-`,
    },
    C14b: {
      byDesign: true,
      text: 'The backoff is for "consecutive failing half-open checks": any success ends it.',
      source: `${COCKATIEL}#circuitbreakerpolicy--halfopenafter-breaker-initialstate-`,
    },
    D4b: {
      byDesign: true,
      text: 'The timer of a timeout keeps the process alive, unless `dangerouslyUnref` is called.',
      source: `${COCKATIEL}#timeoutdangerouslyunref`,
    },
    E1: {
      byDesign: true,
      text: 'Whoever ends an isolation means to "allow calls again", whatever the circuit was before it.',
      source: `${COCKATIEL}#breakerisolate`,
    },
  },
  opossum: {
    B1b: {
      text: 'With its timeout, which it has unless told otherwise, it passes (B1a).',
      source: `${OPOSSUM}#usage`,
    },
    C3: {
      byDesign: true,
      text: 'The rate is failures by "the number of times the circuit has been fired", refusals included.',
      source: `${OPOSSUM}#calculating-errorthresholdpercentage`,
    },
    C4a: {
      byDesign: true,
      text: 'As C3: a call counts when it begins.',
      source: `${OPOSSUM}#calculating-errorthresholdpercentage`,
    },
    C6b: {
      byDesign: true,
      text: 'The README shows the comparison, which is `>`; its first example says "when 50% of requests fail".',
      source: `${OPOSSUM}#calculating-errorthresholdpercentage`,
    },
    C7: {
      text: 'Its `errorFilter` can excuse them; they then count as successes.',
      source: 'https://nodeshift.dev/opossum/',
    },
    C13: {
      text: 'Not with `rollingPercentilesEnabled: false`.',
      source: 'https://nodeshift.dev/opossum/',
    },
    C15a: {
      byDesign: true,
      text: 'One health check that fails opens the circuit, whatever the threshold.',
      source: `${OPOSSUM}/pull/76`,
    },
    D4c: {
      byDesign: true,
      text: 'Half-open begins by a timer, which such a caller keeps waiting.',
      source: `${OPOSSUM}/issues/580`,
    },
  },
  mollitia: {
    C9b: {
      text: 'What its `onError` excuses counts as a success.',
      source: MOLLITIA,
    },
    D4c: {
      byDesign: true,
      text: 'As opossum: half-open begins by a timer.',
      source: MOLLITIA,
    },
  },
};
