import { notApplicable, proved, testsIn } from '../row.js';
import type { Row } from '../row.js';

const supervision = testsIn('test/engine/supervision.test.ts');
const lifecycle = testsIn('test/engine/lifecycle.test.ts');
const configure = testsIn('test/engine/configure.test.ts');
const circuit = testsIn('test/engine/circuit.test.ts');
const shutdown = testsIn('test/e2e/shutdown.test.ts');
const signals = testsIn('test/cli/lifecycle.test.ts');
const controls = testsIn('test/http/live/controls.test.ts');
const built = testsIn('test/cli/built.test.ts');

const BY_CALL = 'By `reconfigure` of the engine; the command line reads its file once.';
const NO_STATE_FILE = 'There is no state file.';

/** Of those who run it. */
export const operatorFaults: readonly Row[] = [
  proved(
    'O1',
    'another configuration with calls in flight',
    [
      supervision('starts what was added and does not touch what was not changed [R18]'),
      supervision('another policy is taken over without a restart [R18]'),
    ],
    BY_CALL,
  ),
  proved(
    'O2',
    'a backend is removed in mid call',
    [
      supervision('drains what was removed: calls in flight end, new ones are refused [R18]'),
      supervision('a removed backend whose calls do not end is removed after the drain time [R18]'),
    ],
    BY_CALL,
  ),
  proved(
    'O3',
    'an open backend gets another address',
    [
      supervision('another identity starts fresh, and outcomes of the old one are stale [R07] [R17]'),
      testsIn('test/config/backends.test.ts')(
        'make another backend when they change, as do address and command [R30]',
      ),
    ],
    BY_CALL,
  ),
  proved(
    'O4',
    'removed and added again',
    [
      lifecycle('and added again while it drains starts fresh, and its old calls are its own [R07] [R18]'),
      configure('twice while it drains is refused, and configuring it again starts it fresh [R07] [R18]'),
    ],
    BY_CALL,
  ),
  proved(
    'O5',
    'a hundred configurations at once',
    [
      testsIn('test/faults/operator.test.ts')(
        'of a storm of configurations the last one holds, and who is the same in all of them is not touched [R18]',
      ),
    ],
    BY_CALL,
  ),
  proved(
    'O6',
    'a bad configuration while running',
    [supervision('an invalid one is refused with its errors, and the old one goes on [R18]')],
    BY_CALL,
  ),
  proved('O7', 'SIGTERM with calls in flight', [
    shutdown('lets a call in flight finish, turns new ones away, and leaves no process [R19]'),
    shutdown('with backends that hang ends within the drain time, with exit code 0 and no child left [R19]'),
    signals('while it drains, /readyz says so and calls in flight go on [R19]'),
    testsIn('test/http/server.test.ts')('closing ends an open stream and an idle connection [R19]'),
  ]),
  proved('O8', 'a second signal', [
    shutdown('that comes twice ends at once, children included [R19]'),
    signals('a second %s ends at once with %i, and children are killed [R19]'),
  ]),
  proved('O9', 'SIGKILL: the next start is clean', [
    testsIn('test/faults/operator.faults.ts')(
      'leaves no child that heeds the end of its input, and the next start on its port is clean [R19] [R40]',
    ),
  ]),
  proved('O10', 'isolate, release, reset: they dominate, and are logged', [
    circuit('isolation keeps everything away until released, and recovery is tested [R10]'),
    circuit('reset closes an open circuit and checks at once [R10]'),
    lifecycle('while isolated keeps the isolation, whatever it is [R10] [R18]'),
    controls('%s with the token is done, and logged with who and what [R10] [R38]'),
  ]),
  notApplicable('O11', 'two gateways on one state file', NO_STATE_FILE),
  proved(
    'O12',
    'the port is in use',
    [
      built('a port in use is exit code 1 and clear words [R40]'),
      testsIn('test/cli/serve.test.ts')(
        'a port in use ends it with 1 and what to do, and nothing is started [R40]',
      ),
    ],
    'With exit code 1; 2 is wrong usage.',
  ),
  notApplicable(
    'O13',
    'the level of the log changes, or the log is rotated',
    'The level is set at the start, and stderr is rotated by whoever reads it; no signal asks for either.',
  ),
  notApplicable('O14', 'the state file of an older version', NO_STATE_FILE),
];
