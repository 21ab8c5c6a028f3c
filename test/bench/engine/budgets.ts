/** The budgets of the engine, one row each. A row without a limit is there for scale. */
import type { SubjectName } from './subjects.js';

/** What was found of a subject, over all its processes. */
export type Results = (subject: SubjectName, figure: string) => number;

interface Budget {
  readonly what: string;
  readonly unit: '×' | 'ns' | 'B' | 'ms' | '';
  /** At most this, in its unit. */
  readonly limit?: number;
  readonly ours: (results: Results) => number;
  /** Each rival's figure in the same unit. */
  readonly rivals?: (results: Results) => Readonly<Record<string, number>>;
}

/** One line of the table. `met` is undefined where nothing was promised. */
export interface Row {
  readonly what: string;
  readonly unit: string;
  readonly limit: number | undefined;
  readonly ours: number;
  readonly rivals: Readonly<Record<string, number>>;
  readonly met: boolean | undefined;
}

const ratio = (subject: SubjectName) => (results: Results) => results(subject, 'ratio');
const bytes = (subject: SubjectName) => (results: Results) => results(subject, 'bytes');
const ms = (figure: string) => (results: Results) => results('fleet', figure);

const cheapestCockatiel = (results: Results) =>
  Math.min(
    ...(['cockatiel', 'cockatielSampling', 'cockatielCount'] as const).map((kind) => ratio(kind)(results)),
  );
const rivalCalls = (results: Results) => ({
  'cockatiel consecutive': ratio('cockatiel')(results),
  'cockatiel sampling': ratio('cockatielSampling')(results),
  'cockatiel count': ratio('cockatielCount')(results),
  'opossum lean': ratio('opossum')(results),
  'opossum default': ratio('opossumDefault')(results),
});

const calls: readonly Budget[] = [
  { what: 'permit, closed', unit: '×', limit: 1.3, ours: ratio('permit'), rivals: rivalCalls },
  {
    what: 'permit, closed, 1,000,000 calls in its window',
    unit: '×',
    limit: 1.3,
    ours: ratio('permitWindowCalls'),
  },
  { what: 'permit, closed, an hour in its window', unit: '×', limit: 1.3, ours: ratio('permitWindowTime') },
  { what: 'permit, closed, slow calls watched', unit: '×', ours: ratio('permitTimed') },
  {
    what: 'permit, closed: what it adds, over what the cheapest cockatiel adds',
    unit: '×',
    limit: 0.1,
    ours: (results) => (ratio('permit')(results) - 1) / (cheapestCockatiel(results) - 1),
  },
  {
    what: 'execute, closed, without a time limit',
    unit: '×',
    limit: 1.75,
    ours: ratio('executeUntimed'),
    rivals: (results) => ({ ...rivalCalls(results), 'empty async wrapper': ratio('wrapper')(results) }),
  },
  {
    what: 'execute, closed, without a time limit, 1,000,000 calls in its window',
    unit: '×',
    ours: ratio('executeWindow'),
  },
  {
    what: 'execute, closed, without a time limit, slow calls watched',
    unit: '×',
    limit: 2.2,
    ours: ratio('executeTimed'),
  },
  {
    what: 'execute, closed, with its time limit',
    unit: '×',
    ours: ratio('execute'),
    rivals: (results) => ({
      'cockatiel with timeout': ratio('cockatielTimeout')(results),
      'opossum default': ratio('opossumDefault')(results),
    }),
  },
  { what: 'execute, closed, whose operation asks for the signal', unit: '×', ours: ratio('executeSignal') },
];

const failures: readonly Budget[] = [
  { what: 'refusal while open, permit', unit: 'ns', limit: 5, ours: (results) => results('refusal', 'ns') },
  {
    what: 'refusal while open, error, over the cheaper rival',
    unit: '×',
    limit: 1 / 3,
    ours: (results) =>
      ratio('refusalError')(results) /
      Math.min(ratio('refusalCockatiel')(results), ratio('refusalOpossum')(results)),
  },
  {
    what: 'refusal while open, error',
    unit: '×',
    ours: ratio('refusalError'),
    rivals: (results) => ({
      cockatiel: ratio('refusalCockatiel')(results),
      'opossum lean': ratio('refusalOpossum')(results),
    }),
  },
  {
    what: 'failure while closed, events apart, over a bare rejection',
    unit: '×',
    limit: 1.6,
    ours: ratio('failureApart'),
    rivals: (results) => ({
      cockatiel: ratio('failureCockatiel')(results),
      'opossum lean': ratio('failureOpossum')(results),
    }),
  },
  {
    what: 'failure while closed, 1,000,000 calls in its window, over one with 10',
    unit: '×',
    limit: 1.2,
    ours: (results) => ratio('failureWindowMany')(results) / ratio('failureWindowFew')(results),
  },
  {
    what: 'failure while closed, an hour in its window, over one with 10 calls',
    unit: '×',
    limit: 1.2,
    ours: (results) => ratio('failureWindowTime')(results) / ratio('failureWindowFew')(results),
  },
  {
    what: 'failure while closed, 10 calls in its window, over one without a window',
    unit: '×',
    ours: (results) => ratio('failureWindowFew')(results) / ratio('failureUnwatched')(results),
  },
  { what: 'failure while closed, with its event, permit', unit: '×', ours: ratio('failure') },
  { what: 'failure while closed, with its event, execute', unit: '×', ours: ratio('failureExecute') },
  {
    what: 'machine events per healthy call',
    unit: '',
    limit: 0,
    ours: (results) => results('events', 'perCall'),
  },
  {
    what: 'machine events per trip cycle',
    unit: '',
    limit: 4,
    ours: (results) => results('events', 'perTrip'),
  },
];

const sizes: readonly Budget[] = [
  { what: 'memory per backend, hot state', unit: 'B', limit: 600, ours: bytes('memoryHot') },
  {
    what: 'memory per backend, with its actor',
    unit: 'B',
    limit: 6 * 1024,
    ours: bytes('memoryActor'),
    rivals: (results) => ({
      'cockatiel consecutive': bytes('memoryCockatiel')(results),
      'cockatiel sampling': bytes('memoryCockatielSampling')(results),
      'opossum default': bytes('memoryOpossum')(results),
    }),
  },
  {
    // One object per call would be 16 bytes or more; compiled code and the like are far below this.
    what: 'memory left behind per call, over ten million',
    unit: 'B',
    limit: 0.1,
    ours: bytes('memoryGrowth'),
  },
  {
    what: '10,000 backends: validate and start',
    unit: 'ms',
    limit: 1000,
    ours: ms('startMs'),
    rivals: (results) => ({ 'bare actors': results('bareActors', 'startMs') }),
  },
  { what: '10,000 backends: add one, validated', unit: 'ms', limit: 1, ours: ms('addMs') },
  { what: '10,000 backends: remove one, validated', unit: 'ms', limit: 1, ours: ms('removeMs') },
  { what: '10,000 backends: reconfigure all, one of them added', unit: 'ms', ours: ms('wholeMs') },
  { what: '10,000 backends: stop', unit: 'ms', limit: 2000, ours: ms('stopMs') },
];

export function judge(results: Results): Row[] {
  return [...calls, ...failures, ...sizes].map(({ what, unit, limit, ours, rivals }) => {
    const figure = ours(results);
    const met = limit === undefined ? undefined : figure <= limit;
    return { what, unit, limit, ours: figure, rivals: rivals?.(results) ?? {}, met };
  });
}
