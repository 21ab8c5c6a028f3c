import { notApplicable, proved, testsIn } from '../row.js';
import type { Row } from '../row.js';

const engine = (file: string) => testsIn(`test/engine/${file}.test.ts`);
const slow = testsIn('test/faults/clock.faults.ts');
const life = testsIn('test/session/stdio-session-life.test.ts');
const requests = testsIn('test/session/requests.test.ts');
const circuit = engine('circuit');
const health = engine('health');

const WALL =
  'that %s: every stay is as long as ever, by both clocks of the log, and the neighbour unmoved [R03] [R37]';

/** Of time, and of turns in the event loop. */
export const clockFaults: readonly Row[] = [
  proved('K1', 'the wall clock jumps', [
    slow(WALL, 'jumps back an hour, on by a day, and on by ten years'),
    engine('lifecycle')('may jump either way in any state, and moves nothing [R03] [R37]'),
  ]),
  proved('K2', 'the wall clock goes to and fro', [slow(WALL, 'goes to and fro by two seconds every 10 ms')]),
  proved('K3', 'the event loop stands still: no false timeout', [
    life('that pass while the event loop stands still lose against an answer in the pipe [R37]'),
    requests('that passed during a pause of %d ms loses against an answer in the pipe [R37]'),
    testsIn('test/session/connector.test.ts')(
      'whose time passes while the event loop stands still takes the answer in the pipe [R37]',
    ),
    engine('system-clock')('held up for longer, lets what has arrived speak first [R37]'),
  ]),
  proved('K4', 'the gateway is stopped for longer than every time limit', [
    slow('then takes the answers that have come meanwhile, and nothing opens [R37]'),
    slow('makes up for no checks: one at most is made at once [R13] [R37]'),
  ]),
  proved('K5', 'delays longer than the longest timer', [
    engine('system-clock')('a delay longer than the longest timer is kept to the millisecond [R03]'),
    requests('of a month does not pass at once, nor does one of Infinity [R25]'),
  ]),
  proved('K6', 'delays that are no number', [
    testsIn('test/config/engine-config.test.ts')('%s is refused wherever a number stands [R09]'),
    engine('deadlines')('a delay that is no number is an error that says so [R03]'),
    engine('clock')('Infinity is never, NaN is an error, and removing twice changes nothing [R03]'),
  ]),
  proved(
    'K7',
    'an interval of nothing',
    [
      testsIn('test/config/notices.test.ts')(
        '%s is a warning with its line: %s, %s [R27]',
        'healthCheckInterval: 0s',
      ),
      testsIn('test/config/backends.test.ts')(
        '%s is refused by the same rules: %s, %s [R28]',
        '{healthCheckInterval: 0s}',
      ),
    ],
    'In the file zero means the default, as in the reference, and is warned of; for one backend it is refused.',
  ),
  proved('K8', 'checks of many backends are spread', [
    health('are spread by up to a tenth of the interval [R13]'),
    health('no more than the configured number run at once in the engine [R13]'),
  ]),
  proved('K9', 'a timer that fires after the stop', [
    engine('stop')(
      'of a backend that is %s leaves no timer and no check, and calls after it are refused [R19]',
    ),
  ]),
  proved('K10', 'a probe that outlives half-open', [
    circuit('a probe that never settles is given up, and cannot wedge half-open [R06]'),
    circuit('a check that never ends is ended by its timeout and fails [R06]'),
  ]),
  notApplicable(
    'K11',
    'a machine that sends itself events without end in one turn',
    'No machine here sends itself an event without a delay; how many events a healthy call and a cycle cost is tested.',
  ),
  proved(
    'K12',
    'a long garbage collection',
    [life('that pass while the event loop stands still lose against an answer in the pipe [R37]')],
    'For a deadline it is the pause of K3, whatever its cause.',
  ),
];
