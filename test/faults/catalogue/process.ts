import { fails, notApplicable, proved, testsIn } from '../row.js';
import type { Row } from '../row.js';

const calls = testsIn('test/session/stdio-session.test.ts');
const life = testsIn('test/session/stdio-session-life.test.ts');
const load = testsIn('test/session/stdio-session-load.test.ts');
const child = testsIn('test/session/child-process.test.ts');
const end = testsIn('test/session/child-process-end.test.ts');
const outage = testsIn('test/e2e/outage.test.ts');
const start = testsIn('test/e2e/start.test.ts');
const memory = testsIn('test/faults/memory.faults.ts');
const resource = testsIn('test/faults/resource.faults.ts');
const here = testsIn('test/faults/process.test.ts');
const slow = testsIn('test/faults/process.faults.ts');

const FAILING = 'that ends in %s fails at once as %s: %s [R36]';
const HANDSHAKE = '%s fails at once as %s: %s [R36]';
const NEXT = 'is followed by a new child with the next %s [R08]';

/** Of children over stdio. */
export const processFaults: readonly Row[] = [
  proved('P1', 'a child exits with calls in flight: they fail at once, and the next call has a new child', [
    calls(FAILING, 'exit'),
    life('is told without a call, and nothing restarts by itself [R08]'),
    life(NEXT, 'request'),
    life(NEXT, 'check'),
  ]),
  proved('P2', 'SIGKILL: all that is out fails at once, and it ends by itself', [
    life('fails every call that is out, at once, and is told once [R08]'),
    outage('of a child that is killed ends by itself, and no call is made twice [R16] [R39]'),
  ]),
  proved('P3', 'a child is stopped: timeout, the circuit opens, it is replaced in the end', [
    outage('of a child that hangs for good ends with a new process [R16]'),
    end('ends a child that is stopped [R19]'),
  ]),
  proved('P4', 'a stopped child goes on: what it answers late is dropped', [
    life('lets calls time out by their own deadlines, and its late answers are dropped [R25]'),
    outage('of a child that hangs ends, with the same process, when it goes on in time [R08] [R13]'),
  ]),
  proved('P5', 'a child that dies at every start is tried as often as its circuit says', [
    calls(HANDSHAKE, 'exit-at-start'),
    start(
      'of a child that exits at once for ever is tried as often as its circuit says, and no more [R03] [R16]',
    ),
  ]),
  proved('P6', 'a child dies in initialize', [
    calls(HANDSHAKE, 'init-exit'),
    calls(HANDSHAKE, 'init-garbage-exit'),
  ]),
  proved(
    'P7',
    'no such command, not executable, no such folder: said in words, without environment',
    [
      child('%s is named, its arguments and environment are not [R08]'),
      child('that may not be executed is named [R08]'),
      child('for want of its working directory says so, and does not name it [R08]'),
      start('of a command that does not exist says so, and leaves the others alone [R08] [R16]'),
    ],
    'A folder that is there and may not be entered is told as a command that may not be executed.',
  ),
  proved('P8', 'no more processes (EAGAIN): tried again by the circuit, the others live', [
    resource(
      'the user may have no more processes is started again once it may, and the other serves on [R40]',
    ),
  ]),
  proved('P9', 'no more files (EMFILE) as a child is started', [
    resource(
      'the gateway may open no more files is started again once it may, and the other serves on [R40]',
    ),
  ]),
  proved('P10', 'garbage on stdout is passed over and warned of at a bounded rate', [
    child('is a warning, and the call goes on [R36]'),
    child('in a flood is warned of at a bounded rate [R36]'),
  ]),
  proved('P11', 'half a line and an exit', [calls(FAILING, 'half-line-exit')]),
  fails(
    'P12',
    'half a line from a child that stays: noticed with the next line, which fails what waits',
    [
      slow('costs the call its time limit, and the session goes on afterwards [R36]'),
      slow('is noticed with the next line, and fails what waits at once [R36]'),
    ],
    'The call, and the one whose answer is glued to the half line, each cost their whole time limit; a line that is no JSON is a warning only.',
  ),
  proved('P13', 'a line without end is cut off at the limit', [calls(FAILING, 'infinite-line')]),
  fails(
    'P14',
    'one answer of 8 MB passes, and its parsing holds nobody up',
    [
      load('a large answer within the limit passes [R36]'),
      slow('passes whole, and the neighbour is served meanwhile [R35] [R36]'),
      memory('passes, and the neighbour is called all the while [R36]'),
      memory('holds no neighbour up for longer than a tenth of a second [R35]'),
    ],
    'One long text does not; very many small objects do, for half a second and more, since an answer is parsed in one piece where all else is served.',
  ),
  fails(
    'P15',
    'one answer over the limit: that call is refused, the backend is kept',
    [
      slow('fails its call at once as malformed, and the next is answered [R36]'),
      slow('costs no other call, and not the process [R36]'),
    ],
    'The call is refused at once and the next is answered, but by a new process: the session is given up with everything else that is out.',
  ),
  proved('P16', 'a flood on stderr is drained, and logged at a bounded rate', [
    child('in a flood is read to its end and logged at a bounded rate [R36]'),
  ]),
  proved('P17', 'a child closes its input', [
    calls('whose child closed its input fails at once, and the next one starts a new child [R08]'),
  ]),
  proved('P18', 'a child that heeds neither the end of its input nor SIGTERM', [
    end('ends a child %s, within the grace [R19]'),
    end('without grace kills at once [R19]'),
  ]),
  proved('P19', 'grandchildren that hold the pipes open end too', [
    end('ends what the child started, too [R19]'),
    end('is noticed at once, and that process ends with it [R08]'),
    end('is noticed at once even if that process left the group [R08]'),
  ]),
  proved(
    'P20',
    'the gateway is killed: its child ends with its input',
    [
      testsIn('test/faults/operator.faults.ts')(
        'leaves no child that heeds the end of its input, and the next start on its port is clean [R19] [R40]',
      ),
      end('dies with a process of ours that %s [R19]'),
    ],
    'A child that ignores the end of its input outlives SIGKILL of the gateway; nobody is left to end it.',
  ),
  proved('P21', 'a slow start keeps nobody else waiting', [
    here('keeps nobody waiting, and is listed and called once it is there [R20] [R35]'),
    testsIn('test/gateway/http.test.ts')(
      'and the lists do not wait for a backend that hangs or was never heard from [R20]',
    ),
  ]),
  proved('P22', 'initialize is never answered', [
    calls('that is never answered ends by the deadline of the call, and the child with it [R25]'),
    testsIn('test/session/connector.test.ts')(
      'gives up when the last who waits leaves, not before, and ends the child [R13]',
    ),
  ]),
  notApplicable(
    'P23',
    'a child that takes all memory',
    'Limiting it is the business of the operating system; when that kills it, it is P2. Memory of children is not shown.',
  ),
  proved('P24', 'a wrapper script between gateway and server', [
    here('is lost at once with the process that the wrapper started [R08]'),
    here('that heeds nothing is ended with its wrapper when the gateway stops [R19]'),
  ]),
];
