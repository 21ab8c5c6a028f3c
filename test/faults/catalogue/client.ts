import { proved, testsIn } from '../row.js';
import type { Row } from '../row.js';

const http = testsIn('test/gateway/http.test.ts');
const streams = testsIn('test/gateway/streams.test.ts');
const sessions = testsIn('test/gateway/sessions.test.ts');
const stdio = testsIn('test/gateway/stdio.test.ts');
const server = testsIn('test/http/server.test.ts');
const access = testsIn('test/http/access.test.ts');
const owners = testsIn('test/http/auth/sessions.test.ts');
const here = testsIn('test/faults/client.test.ts');
const slow = testsIn('test/faults/client.faults.ts');

/** Of clients, over HTTP and over stdio. */
export const clientFaults: readonly Row[] = [
  proved('L1', 'a client goes away in mid call', [
    streams('by going away: twenty of twenty calls are aborted, the session lives [R39]'),
    testsIn('test/e2e/verdicts.test.ts')('a thousand cancellations leave the circuit closed [R06] [R08]'),
  ]),
  proved('L2', 'thousands of sessions', [
    sessions('far above the limit as many are open as the limit says [R36]'),
    sessions('at the limit with all busy a new one is refused with 503 and told when to come back [R36]'),
  ]),
  proved('L3', 'sessions that nobody ends', [
    sessions('end when idle for so long, and not while a call or a stream is open [R36]'),
    sessions('5,000 calls on one session leave nothing behind [R36]'),
  ]),
  proved('L4', 'a body of 100 MB', [
    http('a body over the limit is refused where its sender can read it, however it is sent [R36]'),
    http('a body without a declared length is cut off at the limit: 413 [R36]'),
  ]),
  proved('L5', 'JSON that is broken or missing', [
    http('%s: 400 with its code, and the session lives [R36]', 'nothing'),
    http('%s: 400 with its code, and the session lives [R36]', 'half a message'),
  ]),
  proved('L6', 'a batch of ten thousand', [
    http('is answered with a batch: 100 messages are taken, 101 are not [R36]'),
  ]),
  proved('L7', 'JSON of a depth of 100,000', [
    http('JSON of a depth that breaks stacks does not break the gateway [R36]'),
  ]),
  proved('L8', 'the wrong type of content, or none that is accepted', [
    http('%s %j: %i [R36]'),
    http('a GET that takes no events: 406; a charset or any type is taken [R36]'),
  ]),
  proved('L9', 'a foreign Host', [
    server('a foreign Host is turned away from %s before anything else [R38]'),
    access('none, or more than one, is turned away [R38]'),
  ]),
  proved('L10', 'a foreign Origin', [
    server('a foreign Origin is turned away, a local one is not [R38]'),
    access('every one of several counts [R38]'),
  ]),
  proved('L11', 'a tool called __proto__ or constructor', [
    here('%s is an unknown tool [R21] [R38]'),
    testsIn('test/gateway/names.test.ts')('names of the prototype of objects are names like any other [R23]'),
  ]),
  proved('L12', 'the id of a session that is unknown, over, or of somebody else', [
    http('that is unknown is answered with 404, a missing id with 400 [R38]'),
    owners("of another's is to %s what one that never was is, to the last byte [R38]"),
  ]),
  proved('L13', 'a request byte by byte', [
    slow('is turned away within its time, in the headers and in the body, and others are served [R36]'),
  ]),
  proved('L14', 'a client that does not read its stream', [
    streams('is cut when the client does not read; nobody else notices [R36]'),
  ]),
  proved('L15', 'a cancellation of what is unknown or over', [
    streams('by cancelling what is unknown or answered: nothing happens [R36]'),
    streams('by cancelling without end: nothing is kept of it but the last few [R36]'),
  ]),
  proved('L16', 'one id twice at a time', [
    sessions('an id in flight may not be used again; afterwards it may [R39]'),
    sessions('an id used again after its client went away does not get the old answer [R39]'),
  ]),
  proved('L17', 'ten thousand calls to an open backend', [
    slow('are refused at once, reach nobody, and fill no log [R02] [R36]'),
  ]),
  proved('L18', 'a tool whose backend is away', [
    testsIn('test/gateway/handlers.test.ts')(
      'is answered by a result for a tool, with the data of the outage in _meta [R21]',
    ),
    testsIn('test/gateway/stability.test.ts')(
      'a name in the directory is never called unknown, listed or not [R21]',
    ),
  ]),
  proved('L19', 'a request that two readers take for different ones', [
    here('%s: is refused, and its connection is closed with nothing after it answered [R38]'),
  ]),
  proved('L20', 'headers without measure', [server('headers beyond their limit are refused [R38]')]),
  proved('L21', 'over stdio the client is gone', [
    testsIn('test/e2e/stdio-front.test.ts')(
      'ends with exit code 0 when its client is gone, and writes only the protocol to stdout [R19]',
    ),
    stdio('the end of the input ends the session: calls are aborted, serving resolves [R19]'),
  ]),
  proved('L22', 'over stdio the client does not read', [
    stdio('a client that does not read is not read from, and costs no more memory [R36]'),
  ]),
];
