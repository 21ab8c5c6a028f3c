/** One check of the suite, as it writes it; there is more in it that nobody reads here. */
export interface Check {
  readonly id: string;
  readonly status: 'SUCCESS' | 'FAILURE' | 'WARNING' | 'INFO' | 'SKIPPED';
  readonly errorMessage?: string;
}

/** How the suite reaches the fixture. */
export const WAYS = ['direct', 'http', 'stdio'] as const;
export type Way = (typeof WAYS)[number];

/** What a scenario said of one way. */
export interface Outcome {
  readonly passed: number;
  readonly failed: number;
  readonly warnings: number;
  /** Why checks failed or warned, in their order. */
  readonly said: readonly string[];
}

export interface Row {
  readonly scenario: string;
  readonly outcomes: Readonly<Record<Way, Outcome>>;
}

/** A failure that is known. One that does not fail any more has to go from the list. */
export interface ExpectedFailure {
  readonly scenario: string;
  readonly ways: readonly Way[];
  readonly why: string;
}

/** A scenario without any check that could fail is no pass: something went wrong that it did not notice. */
export function outcomeOf(checks: readonly Check[]): Outcome {
  const count = (status: Check['status']) => checks.filter((check) => check.status === status).length;
  const outcome = {
    passed: count('SUCCESS'),
    failed: count('FAILURE'),
    warnings: count('WARNING'),
    said: checks.flatMap(({ id, status, errorMessage }) =>
      status === 'FAILURE' || status === 'WARNING' ? [`${id}: ${errorMessage ?? 'no reason given'}`] : [],
    ),
  };
  return checks.length > 0 ? outcome : { ...outcome, failed: 1, said: ['no check at all'] };
}

/** What must not be, each in a sentence: failures that nobody expects, and expectations that nothing meets. */
export function faultsOf(rows: readonly Row[], expected: readonly ExpectedFailure[]): string[] {
  const isExpected = (scenario: string, way: Way) =>
    expected.some((each) => each.scenario === scenario && each.ways.includes(way));
  const failures = rows.flatMap(({ scenario, outcomes }) =>
    WAYS.filter((way) => outcomes[way].failed > 0 && !isExpected(scenario, way))
      // What fails without us says nothing about us, but then there is nothing to compare with either.
      .filter((way) => way === 'direct' || outcomes.direct.failed === 0)
      .map((way) => `${scenario} fails ${WORDS[way]}`),
  );
  const idle = expected.flatMap(({ scenario, ways }) =>
    ways
      .filter((way) => rows.every((row) => row.scenario !== scenario || row.outcomes[way].failed === 0))
      .map((way) => `${scenario} is expected to fail ${WORDS[way]}, and does not`),
  );
  return [...failures, ...idle];
}

export const WORDS: Readonly<Record<Way, string>> = {
  direct: 'directly',
  http: 'through an HTTP backend',
  stdio: 'through a stdio backend',
};
