import type { Locate } from './decode.js';
import type { ConfigFile } from './file-shape.js';
import type { Notice, Severity } from './problems.js';
import type { Path } from './yaml-tree.js';

/**
 * What is understood and not supported. It refuses where leaving it out would let someone in or let someone do
 * more: authentication and authorisation of clients. Everything else is left out with a word: a rate limit or
 * an audit log that is missing admits nobody, and a backend without its credentials answers for itself.
 */
export function unsupportedNotices(file: ConfigFile, locate: Locate): Notice[] {
  const notices: Notice[] = [];
  const note = (severity: Severity, path: Path, message: string) => {
    const { key, line } = locate(path);
    notices.push({ severity, key, line, message });
  };
  for (const [key, message] of BLOCKS) {
    const block = file[key];
    const isOff = Array.isArray(block) ? block.length === 0 : block !== undefined && isSwitchedOff(block);
    if (block !== undefined && !isOff) note('ignored', [key], message);
  }
  telemetryNotes(file.telemetry, note);
  outgoingNotes(file, note);
  const provider = file.sessionStorage?.provider ?? 'memory';
  if (provider !== 'memory') {
    const message = `${provider} is not supported: sessions are kept in memory and end with the process`;
    note('ignored', ['sessionStorage', 'provider'], message);
  }
  for (const [index, { caBundlePath }] of (file.backends ?? []).entries()) {
    if ((caBundlePath ?? '') === '') continue;
    const message = 'not supported: only authorities known to Node are trusted (see NODE_EXTRA_CA_CERTS)';
    note('ignored', ['backends', index, 'caBundlePath'], message);
  }
  for (const [index, { toolConfigRef }] of (file.aggregation?.tools ?? []).entries()) {
    if (toolConfigRef === undefined) continue;
    const message = 'has no meaning outside of Kubernetes: say what is listed in filter and overrides';
    note('ignored', ['aggregation', 'tools', index, 'toolConfigRef'], message);
  }
  return notices;
}

const BLOCKS = [
  ['compositeTools', 'composite tools are not supported: they are not listed'],
  ['compositeToolRefs', 'composite tools are not supported: they are not listed'],
  ['optimizer', 'the optimizer is not supported: clients see all tools'],
  ['codeMode', 'code mode is not supported'],
  ['rateLimiting', 'rate limiting is not supported: calls are not limited'],
  ['audit', 'the audit log is not supported: nothing is written'],
  ['passthroughHeaders', 'not supported: no header of a client is sent to a backend'],
] as const satisfies readonly (readonly [keyof ConfigFile, string])[];

function isSwitchedOff(block: object): boolean {
  return 'enabled' in block && block.enabled === false;
}

type Note = (severity: Severity, path: Path, message: string) => void;

/** What says only that metrics can be scraped, or that something is off, is done. */
function telemetryNotes(telemetry: ConfigFile['telemetry'], note: Note): void {
  const asked = Object.entries(telemetry ?? {}).filter(
    ([key, value]) => key !== 'enablePrometheusMetricsPath' && value !== undefined && value !== false,
  );
  if (asked.length === 0) return;
  const message =
    'nothing is pushed: metrics are there to be scraped on /metrics, and an OpenTelemetry SDK that is loaded ' +
    'into the process (node --import) gets spans and metrics';
  note('ignored', ['telemetry'], message);
}

function outgoingNotes({ outgoingAuth, backends = [] }: ConfigFile, note: Note): void {
  if (outgoingAuth === undefined) return;
  if (outgoingAuth.source === 'discovered') {
    const message =
      'nothing is discovered outside of Kubernetes: backends and credentials are those of this file';
    note('ignored', ['outgoingAuth', 'source'], message);
  }
  const strategies: [Path, string | undefined][] = [
    [['outgoingAuth', 'default'], outgoingAuth.default?.type],
    ...Object.entries(outgoingAuth.backends ?? {}).map(([name, strategy]): [Path, string | undefined] => [
      ['outgoingAuth', 'backends', name],
      strategy?.type,
    ]),
  ];
  for (const [path, type = 'unauthenticated'] of strategies) {
    if (isSupportedStrategy(type)) continue;
    const message = `the strategy ${type} is not supported: calls are sent without credentials`;
    note('ignored', [...path, 'type'], message);
  }
  for (const { name = '', transport } of backends) {
    if (transport !== 'stdio' || !Object.hasOwn(outgoingAuth.backends ?? {}, name)) continue;
    const message = 'not used: a stdio backend takes its credentials from its env';
    note('warning', ['outgoingAuth', 'backends', name], message);
  }
}

/** Whether credentials of this kind are sent (or none, where none are meant). */
export function isSupportedStrategy(type: string): boolean {
  return type === 'unauthenticated' || type === 'header_injection';
}
