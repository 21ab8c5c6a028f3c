import { notApplicable, proved, testsIn } from '../row.js';
import type { Row } from '../row.js';

const http = testsIn('test/session/http-outcome.test.ts', 'test/session/http-rows.ts');
const unreachable = testsIn('test/session/http-outcome.test.ts');
const answers = testsIn('test/session/http-answers.test.ts');
const sockets = testsIn('test/session/http-sockets.test.ts');
const notices = testsIn('test/session/http-notifications.test.ts');
const load = testsIn('test/session/http-load.test.ts');
const lost = testsIn('test/session/lost-session.test.ts');
const lifecycle = testsIn('test/e2e/lifecycle.test.ts');
const here = testsIn('test/faults/network.test.ts');
const slow = testsIn('test/faults/network.faults.ts');

const MET = '%s is %s: %s [R36]';
const UNENDING =
  '%s: ends at its time limit, its socket is closed, and the next call is answered [R25] [R36]';
const HARDLY_HTTP = '%s: fails at once, and the next call is answered [R36]';
const met = (...rows: readonly string[]) => rows.map((row) => http(MET, row));

/** Of backends over HTTP. */
export const networkFaults: readonly Row[] = [
  proved('N1', 'connection refused', [unreachable('a closed port refuses the connection [R08]')]),
  proved(
    'N2',
    'a name that cannot be resolved',
    [unreachable('a host name that does not exist is unknown [R08]')],
    'A resolver that does not answer is bounded by the time limit of the call, as N4 is; no such resolver is at hand.',
  ),
  proved(
    'N3',
    'TLS that cannot be trusted, or is none',
    [
      unreachable('https against a plain port fails in the TLS handshake [R08]'),
      here('of a backend that vouches for itself is refused, and the request is not sent [R38]'),
    ],
    'An expired certificate and one of another host are left to Node, which is asked nothing special.',
  ),
  proved('N4', 'SYN after SYN is lost: connecting has a limit of its own', [
    slow('ends the call at its time limit, which counts connecting in, and cannot have run it [R25] [R39]'),
    slow('ends the call after two seconds of connecting, whatever the call may take [R25]'),
  ]),
  proved('N5', 'RST as a connection is made', [
    unreachable('a port that resets every connection is reset, not refused [R08]'),
    ...met('a reset before the answer'),
  ]),
  proved('N6', 'RST in mid headers', met('a reset in mid headers')),
  proved('N7', 'RST in mid body', met('a reset in mid body')),
  proved('N8', 'FIN before the announced length', met('an end in mid body')),
  proved('N9', 'a request is taken and never answered', [
    here(UNENDING, 'no head'),
    sockets('nor one that never accepts a notification [R36]'),
  ]),
  proved('N10', 'headers, then silence', [here(UNENDING, 'a head without a body')]),
  proved('N11', 'an answer byte by byte is bounded in all, not in each wait', [
    here(UNENDING, 'a body that comes byte by byte'),
    here(UNENDING, 'a stream of nothing but comments'),
  ]),
  notApplicable(
    'N12',
    'thirty per cent of packets are lost',
    'It needs a packet filter in the kernel (nft, tc netem), which is not there; what a caller sees of it, delay, is N13.',
  ),
  proved('N13', 'delays that vary open the circuit by policy', [
    here('that is slow for most calls opens the circuit by their share, once, though each is answered [R09]'),
  ]),
  proved('N14', 'a thousand bytes a second', [
    here(
      'of a thousand bytes a second: a long answer ends at its time limit, though bytes keep coming [R25]',
    ),
  ]),
  proved('N15', 'a partition in one direction', [
    here(
      'on which answers are lost: the call has arrived, ends at its time limit, and is not sent again [R25] [R39]',
    ),
    here('on which requests are lost: the call never arrives, and ends at its time limit [R25]'),
  ]),
  proved('N16', 'a server closes idle connections as they are used', [
    sockets('a server that announces an early end of idle ones loses no request [R36]'),
    sockets('a server that ends idle ones early without a word loses no request [R36]'),
    sockets('one that ended while the process stood still is not used [R37]'),
  ]),
  proved('N17', 'a stream is cut in the middle of an event', met('an event cut in the middle')),
  proved('N18', 'an event without its blank line', met('an event without its blank line')),
  proved('N19', 'a stream ends without the answer', [
    ...met('a stream closed before the result', 'a stream reset before the result'),
  ]),
  proved('N20', 'a stream stays open without the answer', [here(UNENDING, 'a stream without an event')]),
  proved('N21', 'a stream with ids that breaks is resumed, so many times', [
    sockets('an answer stream that breaks is resumed where the server gave ids, and the call goes on [R36]'),
    sockets('an answer stream that breaks again and again is given up after a few attempts [R36]'),
  ]),
  proved('N22', 'retry: 1 and an end at once make no storm', [
    notices('a server that ends it at once with retry: 1 is not stormed, be it called ever so often [R36]'),
  ]),
  proved('N23', 'one event without measure', met('an event over the limit', 'an event far over the limit')),
  proved('N24', 'a flood of notifications on a stream', [
    load('a flood of events before an answer is read to its end: the answer is not lost [R35] [R39]'),
    notices('more notifications a second than the limit are dropped with a warning [R36]'),
  ]),
  proved('N25', 'one body without measure', met('a body over the limit', 'a body far over the limit')),
  proved('N26', 'a gzip bomb', met('gzip unasked')),
  proved('N27', 'a content type that is wrong or missing', met('HTML', 'no content type')),
  proved(
    'N28',
    '200 with nothing, with broken JSON, with HTML',
    met('an empty 200', 'invalid JSON', 'HTML that claims to be JSON'),
  ),
  proved('N29', '202 to a request', met('202 to a request')),
  proved('N30', '204 to a request', met('204 to a request')),
  proved('N31', 'what is hardly HTTP', [
    ...met('a bad chunk', 'no HTTP', 'another protocol'),
    here(HARDLY_HTTP, 'two lengths'),
    here(HARDLY_HTTP, 'a length and chunks'),
    here(HARDLY_HTTP, 'a megabyte of headers'),
    here(HARDLY_HTTP, 'a hundred thousand headers'),
  ]),
  proved('N32', 'a redirect to another host is not followed, and gets no credential', [
    answers('a %d to another origin is not followed, and gets no credential [R38]'),
  ]),
  proved('N33', 'a redirect in a circle, or to a file', [
    here('%s is not followed: one request, and a fault at once [R38]', 'to itself'),
    here('%s is not followed: one request, and a fault at once [R38]', 'to a file'),
  ]),
  proved('N34', '401 and 403 by outgoing authentication', [
    ...met('401 without auth', '403 without auth'),
    answers('%d is no evidence against a backend that got ours [R08]'),
    testsIn('test/engine/health.test.ts')(
      'refused credentials make it unauthenticated, other failures unhealthy [R12]',
    ),
  ]),
  proved('N35', '404 on a session: a new one, and the request once more', [
    lost('%s on a live session → a new session, and the request once more [R08]', '404'),
    lost('a second refusal is not repeated [R08]'),
    lost(
      'many calls on a lost session share one new one, each sent once more, and nothing is left behind [R39]',
    ),
  ]),
  proved('N36', '404 or 405 to the standalone stream is normal', [
    notices('%d to it is fine [R13]', '404'),
    notices('%d to it is fine [R13]', '405'),
  ]),
  proved('N37', '408, 429 and 503 are overload, whose Retry-After counts within bounds', [
    answers('of a %d is carried into the delay, in seconds [R08]'),
    answers('is believed up to its limit [R36]'),
    slow('is overload, and its Retry-After goes into the delay [R08]'),
  ]),
  proved('N38', '413 is the matter of the caller', met('413')),
  proved('N39', '500, 502, 504', met('500', '502', '504')),
  proved('N40', '200 with an error page', met('HTML', 'HTML that claims to be JSON')),
  proved('N41', 'a backend is down for a while and comes back', [
    lifecycle(
      'comes back 20 s after it opened, not at the next interval, and is listed again at once [R03] [R04] [R22]',
    ),
    lost('a server that was down and came back is found again, without a reconnect of ours in between [R08]'),
  ]),
  proved('N42', 'the IPv6 address of a name is dead, the IPv4 one is not', [
    here('is reached at the live one [R08]'),
  ]),
  proved('N43', 'ports are used up: connections are used again', [
    sockets('are used again [R36]'),
    load('ten thousand calls answered in %s leave nothing behind [R36]', 'JSON'),
  ]),
  proved('N44', 'a way that carries everything twice: each caller has one answer', [
    here('that carries everything twice: the caller has one answer, and the next call its own [R39]'),
    lifecycle('was sent nothing twice, and every transition is in the log once and in order [R32] [R39]'),
  ]),
];
