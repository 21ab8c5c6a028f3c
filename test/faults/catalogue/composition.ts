import { fails, proved, testsIn } from '../row.js';
import type { Row } from '../row.js';

const moments = testsIn('test/faults/moments.faults.ts');
const gateway = testsIn('test/gateway/http.test.ts');
const start = testsIn('test/e2e/start.test.ts');
const lifecycle = testsIn('test/engine/lifecycle.test.ts');
const stop = testsIn('test/engine/stop.test.ts');
const shutdown = testsIn('test/e2e/shutdown.test.ts');

const AT_EACH = '%s: its circuit opens, and closes once that is over [R03] [R36] [R39]';

/** Of several at once, or of one at a moment that matters. */
export const compositions: readonly Row[] = [
  fails(
    'C1',
    'each of five faults at six moments: connecting, in the handshake, listing, waiting, in flight, half-open',
    [
      moments(AT_EACH),
      moments(
        'is asked for again by the next check, so that its backend is back as soon as others are [R03]',
      ),
    ],
    'All but one: a tools/list that is never answered is waited for, check after check, for 30 s, though the backend has long been well again.',
  ),
  proved('C2', 'each pair of faults in one backend', [
    moments('and then %s: each call is settled, and the second opens the circuit [R08] [R39]'),
  ]),
  proved('C3', 'several backends at once, up to all', [
    gateway('succeeds with all backends down, and calls work after they recover [R24]'),
    start(
      'with every backend down lets clients in, and shows them the tools when they come [R20] [R22] [R24]',
    ),
  ]),
  proved('C4', 'a fault, and another configuration', [
    lifecycle(
      'while open leaves the present stay as long as it was, and the next takes the new length [R03] [R18]',
    ),
    lifecycle('while it restarts, or was given up, is gone at once and does not come back [R16] [R18]'),
  ]),
  proved('C5', 'a fault, and SIGTERM', [
    shutdown('with backends that hang ends within the drain time, with exit code 0 and no child left [R19]'),
    stop('of a backend that is %s leaves no timer and no check, and calls after it are refused [R19]'),
  ]),
  proved('C6', 'a fault that heals, and one that stays', [
    moments(AT_EACH),
    start(
      'of a child that exits at once for ever is tried as often as its circuit says, and no more [R03] [R16]',
    ),
  ]),
];
