import { notApplicable, proved, testsIn } from '../row.js';
import type { Row } from '../row.js';

const rules = testsIn('test/config/rules.test.ts');
const yaml = testsIn('test/config/yaml.test.ts');
const source = testsIn('test/config/source.test.ts');
const backends = testsIn('test/config/backends.test.ts');
const numbers = testsIn('test/config/engine-config.test.ts');
const policies = testsIn('test/config/policy-rules.test.ts');
const notices = testsIn('test/config/notices.test.ts');
const validate = testsIn('test/cli/validate.test.ts');
const here = testsIn('test/faults/configuration.test.ts');

const READ_ONCE = 'The file is read once, at the start; nothing watches it.';

/** Of the file that says how to serve. */
export const configurationFaults: readonly Row[] = [
  proved(
    'G1',
    'YAML that is none: an exit code, and line and column',
    [yaml('a syntax error names its line [R27]'), validate('%j is refused at line %i: %s [R27]')],
    'The exit code of a refused file is 1; 2 is wrong usage.',
  ),
  proved('G2', 'a key that is unknown', [
    rules('all are told at once, each with its place and its nearest neighbour [R27]'),
    rules('they are found in lists, in maps and with null values [R27]'),
  ]),
  proved('G3', 'one key twice', [yaml('duplicate keys are refused, all at once, with both places [R27]')]),
  proved(
    'G4',
    'one backend twice, or nearly',
    [
      backends('the first is used, with a warning [R27]'),
      backends('names that differ in case are two backends, with a warning [R27]'),
    ],
    'The reference takes both, so they are warnings here, and no check is orphaned.',
  ),
  proved('G5', 'a variable that is missing, empty, or no header', [
    backends('%s with %j is refused: %s [R27]'),
    backends('all that are missing are told at once [R27]'),
    validate('the variable that is missing is named, the values of others are not [R30]'),
    testsIn('test/session/http-outcome.test.ts')('a header that HTTP does not know is not quoted [R30]'),
  ]),
  proved('G6', 'numbers that cannot be meant', [
    rules('%s does not fit: %s [R27]'),
    rules('%s is refused with its place: %s, %s [R27]'),
    numbers('%s is refused wherever a number stands [R09]'),
  ]),
  proved('G7', 'a number of 2⁵³ + 1', [
    rules('%s does not fit: %s [R27]', 'unhealthyThreshold: 9007199254740993'),
  ]),
  proved('G8', 'values that contradict each other', [
    rules('%s is refused with its place: %s, %s [R27]', 'healthCheckTimeout: 30s'),
    policies('%s is refused at %s: %s [R09] [R28]'),
    notices('a default timeout that is not less than the interval is shortened, with a warning [R27]'),
    notices('a circuit that opens before health turns unhealthy is a warning [R27]'),
  ]),
  proved('G9', 'names that every object has', [
    yaml('__proto__ is refused as a key and as the name of a backend [R27]'),
    yaml('constructor and toString are names like any other [R27]'),
    testsIn('test/config/traps.test.ts')(
      'a backend, a timeout, credentials and tools of %s are those of a backend so named [R27]',
    ),
  ]),
  proved('G10', 'byte order mark and CRLF are fine; tabs, UTF-16 and NUL are told', [
    source('a regular file, a link to one, and a byte order mark are read [R27]'),
    source('what is not UTF-8 text is refused [R27]'),
    here('with lines that end in CRLF is the same [R27]'),
    here('with %s is refused at its line [R27]'),
  ]),
  proved('G11', 'two documents', [yaml('several documents are refused, empty ones are not counted [R27]')]),
  proved('G12', 'an alias bomb', [
    yaml('an alias bomb is refused at once [R27]'),
    yaml('the same by merging is refused [R27]'),
  ]),
  proved('G13', 'nesting of 20,000', [yaml('deep nesting is refused, with and without aliases [R27]')]),
  proved('G14', 'a hundred thousand keys', [
    yaml('a hundred thousand keys are parsed in seconds, not in minutes [R27]'),
  ]),
  proved('G15', 'a huge file, a directory, a FIFO, a device', [
    source('what is not a regular file is refused without being opened [R27]'),
    source('1 MiB is read and one byte more is refused, as is far more [R27]'),
  ]),
  proved(
    'G16',
    'a symbolic link',
    [source('a regular file, a link to one, and a byte order mark are read [R27]')],
    `A link that is swapped later is not noticed. ${READ_ONCE}`,
  ),
  proved(
    'G17',
    'a file that may not be read',
    [
      source('a file that may not be read is refused [R27]'),
      validate('a file that is not there, and a folder, are refused with 1 [R27]'),
    ],
    `One that is deleted later is not missed. ${READ_ONCE}`,
  ),
  notApplicable('G18', 'a file that is written in two steps', `${READ_ONCE} Half a file is G1.`),
  proved('G19', 'a file of nothing, of comments, of one word', [
    source('an empty file, comments alone, a scalar and a list are refused [R27]'),
  ]),
  proved('G20', 'secrets that stand in the file', [
    backends('in an address are refused without repeating them [R30]'),
    backends('in the wrong place are not repeated [R30]'),
    backends('never show in what is printed of a configuration, its notices or its errors [R30]'),
  ]),
  proved('G21', 'what a shell would expand is not expanded', [
    testsIn('test/session/child-process.test.ts')('gets its arguments as they are: there is no shell [R08]'),
  ]),
];
