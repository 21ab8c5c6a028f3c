import { notApplicable, proved, testsIn } from '../row.js';
import type { Row } from '../row.js';

const http = testsIn('test/session/http-outcome.test.ts', 'test/session/http-rows.ts');
const calls = testsIn('test/session/stdio-session.test.ts');
const life = testsIn('test/session/stdio-session-life.test.ts');
const load = testsIn('test/session/stdio-session-load.test.ts');
const notices = testsIn('test/session/http-notifications.test.ts');
const enumerate = testsIn('test/session/enumerate.test.ts');
const catalog = testsIn('test/session/catalog.test.ts');
const deadlines = testsIn('test/session/deadlines.test.ts');
const questions = testsIn('test/session/questions.test.ts');
const messages = testsIn('test/session/message.test.ts');
const names = testsIn('test/gateway/names.test.ts');
const here = testsIn('test/faults/protocol.test.ts');

const MET = '%s is %s: %s [R36]';
const FAILING = 'that ends in %s fails at once as %s: %s [R36]';
const HANDSHAKE = '%s fails at once as %s: %s [R36]';
const TAKEN = '%s is taken, and is evidence that the backend works [R08]';
const ASKED = '%s is answered by us, with its own id [R26]';
const PASSES = '%s passes as it is, and is a success [R26] [R35]';
const LATER = 'It belongs to a revision after 2025-11-25, the newest that is spoken here.';

/** Of what is said, whatever carries it. */
export const protocolFaults: readonly Row[] = [
  proved('R1', 'a revision that is not spoken', [
    calls(HANDSHAKE, 'init-version'),
    http('%s is %s: %s [R08]', 'a revision that we do not speak'),
  ]),
  proved('R2', 'initialize without a result', [calls(HANDSHAKE, 'init-no-result')]),
  notApplicable('R3', 'server/discover is not answered', `Nobody is asked for it. ${LATER}`),
  proved('R4', 'both result and error', [calls(FAILING, 'both'), http(MET, 'both result and error')]),
  proved('R5', 'neither result nor error', [
    calls(FAILING, 'neither'),
    http(MET, 'neither result nor error'),
  ]),
  proved('R6', 'no jsonrpc', [calls(FAILING, 'no-jsonrpc'), http(MET, 'no jsonrpc')]),
  proved('R7', 'a batch for an answer: taken, as revision 2025-03-26 has it, or refused at once', [
    calls(TAKEN, 'batch'),
    http(MET, 'a batch'),
    http(MET, 'an empty batch'),
  ]),
  proved('R8', 'an error with id null: of the only call that is out, or of none', [
    calls(TAKEN, 'null-id'),
    calls('with id null belongs to nobody when several requests are out [R36]'),
    http(MET, 'an error with id null'),
  ]),
  proved('R9', 'an unknown id, and an id twice', [
    calls('whose answer has an unknown id ends by its own deadline [R36]'),
    calls(TAKEN, 'duplicate-id'),
  ]),
  proved('R10', 'the id as a string', [calls(FAILING, 'string-id'), http(MET, 'the id as a string')]),
  proved('R11', 'the id of another request on the answer to this one', [
    http(MET, 'the id of another request'),
  ]),
  proved('R12', 'a byte order mark', [calls(TAKEN, 'bom'), http(MET, 'a byte order mark')]),
  proved('R13', 'CRLF, and byte by byte', [calls(TAKEN, 'crlf'), calls(TAKEN, 'bytewise')]),
  proved('R14', 'bytes that are no UTF-8', [calls(TAKEN, 'bad-utf8')]),
  proved('R15', 'JSON of great depth', [
    calls(FAILING, 'deep'),
    load('holds for an answer: %s [R36]'),
    catalog('for too deep an entry is refused, and does no harm [R36]'),
  ]),
  proved('R16', '__proto__ as a key', [messages('with __proto__ keys is data and changes no object [R36]')]),
  proved('R17', 'content of an unknown type passes', [
    load('unknown fields, _meta and odd content stay as they were [R35]'),
  ]),
  proved('R18', 'a result without content passes', [
    here(PASSES, 'without content'),
    here(PASSES, 'whose content is null'),
  ]),
  proved('R19', 'isError is a success of the backend', [
    calls(TAKEN, 'is-error'),
    testsIn('test/e2e/verdicts.test.ts')('a thousand results with isError leave the circuit closed [R08]'),
  ]),
  proved('R20', 'a result that its output schema does not allow passes', [
    here(PASSES, 'that its output schema does not allow'),
  ]),
  proved('R21', 'an output schema that does not compile', [
    load('a reply that its outputSchema would take for ever to match passes at once [R35]'),
  ]),
  proved('R22', 'a pattern that takes for ever is not matched', [
    load('a reply that its outputSchema would take for ever to match passes at once [R35]'),
    testsIn('test/gateway/uri-template.test.ts')(
      'templates and URIs made to explode a pattern are compared in linear time [R35]',
    ),
  ]),
  proved('R23', 'a schema that leads elsewhere is not followed', [
    here('that leads elsewhere is not followed, before the call or after it [R35] [R38]'),
  ]),
  proved('R24', 'one tool name twice in one backend', [
    enumerate('without a name are dropped, of those with one name the first is kept [R36]'),
    enumerate('that repeat a name of an earlier page are dropped [R36]'),
  ]),
  proved('R25', 'one tool name in two backends', [
    names('every tool is prefixed, in conflict or not, and the list is sorted [R23]'),
    names('a unique name stays bare; of several the first in the order has it, the rest lose it [R23]'),
    names('a name that several claim goes to none of them [R23]'),
  ]),
  proved('R26', 'ten thousand tools: so many as the limit says, paged', [
    catalog('of ten thousand tools holds as many as maxItems %s admits [R36]'),
    testsIn('test/gateway/page.test.ts')('comes in ten pages of 1,000 [R26]'),
  ]),
  proved('R27', 'one bad tool costs itself alone', [
    enumerate('without a name are dropped, of those with one name the first is kept [R36]'),
    catalog('of a backend in mode %s holds %j [R36]', 'list-odd'),
  ]),
  proved('R28', 'tools: null', [
    enumerate('takes %j for no list, which is a fault [R36]'),
    catalog('is not published, and fails the check again and again [R36]'),
  ]),
  proved('R29', 'pages that repeat their cursor', [
    enumerate('end with a warning where the cursor repeats: %s [R36]'),
    catalog('of a backend in mode %s holds %j [R36]', 'list-loop'),
  ]),
  proved('R30', 'pages without end', [
    enumerate('are read up to a limit: %s [R36]'),
    enumerate('are kept up to a limit: %s [R36]'),
    catalog('for want of an answer ends by its own time [R36]'),
  ]),
  proved('R31', 'a list changes while it is read', [
    catalog('while it is read is read again [R22]'),
    notices('during a reading is followed by another one [R22]'),
  ]),
  proved('R32', 'list_changed in a flood', [
    catalog('in a flood is read once per gap [R36]'),
    notices('that come in a flood cost one reading per gap [R36]'),
  ]),
  proved('R33', 'notifications in a flood', [
    load('of notifications is passed on at a bounded rate, and the call goes on [R36]'),
    load('begins above the limit: %s [R36]'),
  ]),
  proved('R34', 'progress after the answer, and of nobody', [
    life("are not touched by progress after the answer or with a stranger's token [R25]"),
    deadlines('of another call, or of one that is over, changes nothing [R39]'),
  ]),
  proved('R35', 'progress without end', [
    life('are put off up to the total [R25]'),
    deadlines('keeps a call alive up to its total limit and no longer [R25]'),
  ]),
  proved('R36', 'a request of the server that is not ours to do', [
    load(ASKED),
    load('of requests to us is answered up to so many at once, and the rest is dropped [R36]'),
  ]),
  proved('R37', 'a request of the server with our id', [
    here('is answered apart from it, and the call gets its own answer [R39]'),
  ]),
  proved('R38', 'a question that no client answers', [
    questions(
      'that nobody answers ends the call at its total limit, and is no failure of the backend [R08] [R26]',
    ),
    questions('ends with the session, and with its own limit [R19] [R36]'),
  ]),
  notApplicable('R39', 'input_required without end', `There is no such result here. ${LATER}`),
  notApplicable('R40', 'headers that contradict the body', `There are no such headers here. ${LATER}`),
  notApplicable('R41', 'a ttlMs that cannot be meant', `Lists have no such field here. ${LATER}`),
  proved('R42', 'ping is missing: another cheap question takes its place', [
    life('asks for a list where ping is not known, and remembers that [R13]'),
    life('takes any answer for a sign of life where neither ping nor a list is there [R13]'),
  ]),
  proved('R43', 'a second handshake is refused: none is tried', [
    life('pings a live session and does not shake hands again [R13]'),
  ]),
  proved('R44', 'a cancelled call is answered all the same', [
    deadlines('an answer after the caller left changes nothing [R39]'),
  ]),
  proved('R45', 'an answer on the stream of another call', [
    http(MET, 'an event with the id of another request'),
  ]),
];
