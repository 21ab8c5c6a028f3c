import { open, proved, testsIn } from './row.js';
import type { Row } from './row.js';

const access = testsIn('test/http/access.test.ts');
const server = testsIn('test/http/server.test.ts');
const http = testsIn('test/gateway/http.test.ts');
const sessions = testsIn('test/gateway/sessions.test.ts');
const gate = testsIn('test/http/auth/gate.test.ts');
const owners = testsIn('test/http/auth/sessions.test.ts');
const keys = testsIn('test/http/auth/issuer-keys.test.ts');
const child = testsIn('test/session/child-process.test.ts');
const answers = testsIn('test/session/http-answers.test.ts');
const redaction = testsIn('test/logging/redaction.test.ts');
const json = testsIn('test/logging/json-log.test.ts');
const controls = testsIn('test/http/live/controls.test.ts');
const visibility = testsIn('test/gateway/visibility.test.ts');
const protocol = testsIn('test/faults/protocol.test.ts');

/** Who would do harm through a gateway for MCP, and what shows that he cannot. */
export const threats: readonly Row[] = [
  proved('T1', 'DNS rebinding, and an address that everybody can reach', [
    access('"%s" is turned away [R38]'),
    access('none, or more than one, is turned away [R38]'),
    server('a foreign Host is turned away from %s before anything else [R38]'),
    testsIn('test/faults/operator.faults.ts')('does not start, or warns of it [R38]'),
  ]),
  proved('T2', 'a POST from a page of elsewhere', [
    server('a foreign Origin is turned away, a local one is not [R38]'),
    http('%s %j: %i [R36]', 'a body of another type'),
  ]),
  proved('T3', 'answers of one client reach another', [
    testsIn('test/faults/client.faults.ts')(
      'each get their own answers, of two backends, in any order [R39]',
    ),
    sessions('the same ids in a hundred clients at once never cross [R39]'),
    testsIn('test/gateway/streams.test.ts')(
      'progress reaches the caller only, though tokens are the same [R26]',
    ),
  ]),
  proved('T4', 'the id of a session is taken for a proof of who somebody is', [
    owners("of another's is to %s what one that never was is, to the last byte [R38]"),
    owners('is not opened for anybody by an id of their own making [R38]'),
  ]),
  proved('T5', 'patterns that take for ever', [
    testsIn('test/session/stdio-session-load.test.ts')(
      'a reply that its outputSchema would take for ever to match passes at once [R35]',
    ),
    testsIn('test/gateway/uri-template.test.ts')(
      'templates and URIs made to explode a pattern are compared in linear time [R35]',
    ),
    redaction('no text is slow to look through, whatever it is made of [R35]'),
  ]),
  proved('T6', 'an error that nobody catches ends the server', [
    testsIn('test/cli/lifecycle.test.ts')('an unhandled rejection is logged, and the server goes on [R40]'),
    server('a gateway that throws costs that one request [R31]'),
    testsIn('test/engine/robustness.test.ts')(
      'whose classify throws crashes its backend alone, as a defect [R16]',
    ),
  ]),
  proved('T7', 'JSON that two readers take for different things', [
    protocol('%s, of a client: is none, and nothing reaches the backend [R38]'),
    protocol('used twice: the last counts, for the gateway and for the backend alike [R38]'),
    protocol('%s, of a backend: is no answer, at once [R36]'),
  ]),
  proved('T8', 'a command that the wire makes longer', [
    child('gets its arguments as they are: there is no shell [R08]'),
    child('inherits the short list of safe variables and nothing else [R08]'),
  ]),
  proved('T9', 'a command that the wire adds', [
    controls('know their actions and backends, and tell them only to who may use them [R10]'),
    gate('%s is nothing, and only who has a token is told what there is [R38]'),
    gate('the controls ask for the admin token themselves, and take no other [R38]'),
  ]),
  proved('T10', 'requests to where we should not go', [
    answers('a %d to another origin is not followed, and gets no credential [R38]'),
    testsIn('test/session/legacy-sse.test.ts')(
      'of another origin is refused, and no credential goes there: %s [R38]',
    ),
    keys('cannot send us to %s, whatever is allowed [R38]'),
    keys('at %s may not be elsewhere [R38]'),
    protocol('that leads elsewhere is not followed, before the call or after it [R35] [R38]'),
  ]),
  proved('T11', 'the token of a client reaches a backend', [
    owners('never comes to a backend, by whatever the client does [R38] [R30]'),
  ]),
  proved('T12', 'headers that carry headers', [
    answers('configured headers do not replace those of the protocol [R38]'),
    testsIn('test/session/http-outcome.test.ts')('a header that HTTP does not know is not quoted [R30]'),
    owners('never comes to a backend, by whatever the client does [R38] [R30]'),
  ]),
  open(
    'T13',
    'a tool that becomes another under its name',
    'That no backend can take the name of another is tested (R23). What a tool says of itself is not pinned: that it has changed is told to clients by list_changed, and to nobody else.',
  ),
  open(
    'T14',
    'text in a description that people do not see',
    'It is shown in logs and reports as codes (R36); to clients it passes unchanged, as R26 wants, and nothing flags it.',
  ),
  proved('T15', 'secrets in logs, errors and reports', [
    testsIn('test/e2e/canaries.test.ts')('number %i, %s, is shown nowhere [R30]'),
    redaction('are taken out of texts, keys, lists, messages, stacks and causes [R30]'),
    testsIn('test/cli/serve.test.ts')(
      'secrets of the configuration do not reach the log, whatever is logged (terminal: %s) [R30]',
    ),
    testsIn('test/session/http-outcome.test.ts', 'test/session/http-rows.ts')('%s is %s: %s [R36]'),
    testsIn('test/http/reports.test.ts')('contains no secret of an address [R30]'),
    testsIn('test/metrics/gateway.test.ts')(
      'neither address nor credentials of a backend are in it, whatever fails [R30]',
    ),
  ]),
  proved('T16', 'a text that makes a line of the log', [
    json('is one line, without characters that move, hide or reorder text, and means the same [R36]'),
    testsIn('test/cli/events.test.ts')('an error of a backend cannot make a second line [R36]'),
  ]),
  proved('T17', 'too much of anything', [
    testsIn('test/e2e/limits.test.ts')(
      'limits of the configuration hold for clients and for backends [R36] [R28]',
    ),
    http('a body of exactly the limit is taken, one byte more is 413 [R36]'),
    http('is answered with a batch: 100 messages are taken, 101 are not [R36]'),
    sessions('far above the limit as many are open as the limit says [R36]'),
    testsIn('test/session/http-outcome.test.ts', 'test/session/http-rows.ts')(
      '%s is %s: %s [R36]',
      'a body at the limit',
    ),
    testsIn('test/session/http-outcome.test.ts', 'test/session/http-rows.ts')(
      '%s is %s: %s [R36]',
      'a body over the limit',
    ),
    testsIn('test/session/stdio-session-load.test.ts')('holds for an answer: %s [R36]'),
    testsIn('test/session/enumerate.test.ts')('are read up to a limit: %s [R36]'),
    testsIn('test/engine/policies.test.ts')(
      'admits as many calls at once as it says, and refuses the next [R09]',
    ),
  ]),
  proved('T18', 'pollution of prototypes', [
    testsIn('test/session/message.test.ts')('with __proto__ keys is data and changes no object [R36]'),
    testsIn('test/config/yaml.test.ts')('__proto__ is refused as a key and as the name of a backend [R27]'),
    testsIn('test/faults/client.test.ts')('%s is an unknown tool [R21] [R38]'),
  ]),
  open(
    'T19',
    'what comes with the dependencies',
    'They are pinned to exact versions and no script of theirs runs at install; there are more than ten, and no bill of materials is made.',
  ),
  proved(
    'T20',
    'a child that can do what the gateway can',
    [
      child('inherits the short list of safe variables and nothing else [R08]'),
      child('runs in its working directory [R08]'),
      testsIn('test/session/child-process-end.test.ts')('ends what the child started, too [R19]'),
    ],
    'Its user is that of the gateway.',
  ),
  proved('T21', 'tools that not everybody should call', [
    visibility('cannot be called, and the backend is not contacted [R21]'),
    visibility('an empty filter lists nothing [R23]'),
  ]),
  open(
    'T22',
    'who called what, without a gap',
    'Uses of the controls are logged with who and what; calls are counted, and traced where an SDK is loaded, but no log of them is kept.',
  ),
  proved('T23', 'what can be learnt from a refusal', [
    owners("of another's is to %s what one that never was is, to the last byte [R38]"),
    gate('%s is nothing, and only who has a token is told what there is [R38]'),
  ]),
  proved('T24', 'what the endpoints tell of what is behind', [
    gate('%s is for clients and for the operator [R38] [R31]'),
    testsIn('test/http/server.test.ts')('%s says ok while the process lives, whatever fails [R31]'),
  ]),
];
