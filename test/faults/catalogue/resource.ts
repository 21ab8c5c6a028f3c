import { fails, notApplicable, proved, testsIn } from '../row.js';
import type { Row } from '../row.js';

const built = testsIn('test/cli/built.test.ts');
const sink = testsIn('test/logging/sink.test.ts');
const disk = testsIn('test/cli/patient-stream.test.ts');
const slow = testsIn('test/faults/resource.faults.ts');

const memory = testsIn('test/faults/memory.faults.ts');

const NO_STATE_FILE = 'There is no state file.';

/** Of the machine beneath. */
export const resourceFaults: readonly Row[] = [
  proved(
    'S1',
    'no more files: new work is shed with its reason, old work goes on, and all is well once there are more',
    [
      slow('the gateway may open no more files is started again once it may, and the other serves on [R40]'),
      slow('are let in once it may again; the one that is there is served all along [R40]'),
      slow('fails at once and says why; the backend is back when files may be opened again [R40]'),
      slow('is not said to have perhaps run: nothing was sent [R39] [R40]'),
    ],
  ),
  fails(
    'S2',
    'a heap that is nearly full',
    [
      memory('outlives answers over the limit, twenty at once, and the other backend serves on [R36] [R40]'),
      memory('outlives one answer within the limit whose objects take many times its bytes [R36] [R40]'),
    ],
    'The bytes of a message are bounded, and not what they come to: one of 12 MB, of four million empty objects, ends a process with a heap of 128 MB. Nor is bounded what all that are out come to together.',
  ),
  proved(
    'S3',
    'a disk that is full',
    [
      built('serves on while the log has no room, and ends in order [R40]'),
      disk('waits while the disk is full, and goes on where it stopped when there is room [R40]'),
      disk('a full disk costs lines beyond the limit, and says how many [R40]'),
    ],
    `The log is all that is written. ${NO_STATE_FILE}`,
  ),
  notApplicable(
    'S4',
    'a folder that is read-only',
    'No file is written, to any folder; the log goes to stderr.',
  ),
  notApplicable('S5', 'a state file that is damaged', NO_STATE_FILE),
  notApplicable(
    'S6',
    'a restart while a circuit is open',
    `${NO_STATE_FILE} A restarted actor keeps what was left of the wait; a restarted process begins anew.`,
  ),
  proved('S7', 'a log that is blocked, or whose reader is gone', [
    built('a reader of the log that goes away costs the log, and not the server [R40]'),
    sink('keeps 1 MiB and drops the rest without waiting; the next line through says how many [R40]'),
    sink('is waited for at the end, but not longer than told [R40]'),
  ]),
  proved('S8', 'a storm of scrapes', [
    slow('is answered, each with a page of the same size, and calls go on [R31] [R40]'),
  ]),
  proved('S9', 'a machine that is busy with other things', [
    slow('opens no circuit, and every call is answered [R37] [R40]'),
  ]),
  notApplicable('S10', 'a worker thread dies', 'There are no worker threads.'),
];
