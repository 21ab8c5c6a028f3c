import { Ajv } from 'ajv';
import { load } from 'js-yaml';
import { describe, expect, it, vi } from 'vitest';
import { sample } from '../config/sample.js';
import { FakeVmcp } from '../http/fake-vmcp.js';
import { command, fileOf, serve, started } from './fake-host.js';

const TOKEN = 'hush-hush-token';
const env = { BREAKWATER_TOKEN: TOKEN };
const operational = 'operational: {failureHandling: {partialFailureMode: fail}}';
const bearer = sample({
  incomingAuth: 'incomingAuth: {type: bearer, bearer: {tokenEnv: BREAKWATER_TOKEN}}',
  operational,
});
const OIDC =
  '{type: oidc, oidc: {issuer: "http://127.0.0.1:9/realm", audience: vmcp, scopes: [read, write]}}';
const oidc = sample({ incomingAuth: `incomingAuth: ${OIDC}`, operational });

describe('serve with a token for all', () => {
  it.each([false, true])(
    'lets in who has it, and keeps it out of the log (terminal: %s) [R38] [R30]',
    async (isTerminal) => {
      const serving = serve(fileOf(bearer), ['--log-level', 'info'], { env, isTerminal });
      const base = await started(serving);
      const ask = (headers = {}) => fetch(`${base}/mcp`, { method: 'POST', headers });
      expect((await ask()).status).toBe(401);
      expect((await ask({ Authorization: 'Bearer wrong' })).status).toBe(401);
      expect((await ask({ Authorization: `Bearer ${TOKEN}` })).status).toBe(200);
      const [, { log } = { log: undefined }] = serving.created[0] ?? [];
      log?.warn({ said: TOKEN }, `a backend says ${TOKEN}`);
      serving.host.events.emit('SIGTERM', 'SIGTERM');
      expect(await serving.exitCode).toBe(0);
      expect(serving.host.stderr.text).toContain('a backend says [redacted]');
      expect(serving.host.stderr.text).not.toContain(TOKEN);
    },
  );

  it('is refused without it, at its key and line, and nothing is made [R29] [R38]', async () => {
    const file = fileOf(bearer);
    const serving = serve(file);
    expect(await serving.exitCode).toBe(1);
    const { text } = serving.host.stderr;
    expect(text).toContain(`${file}:3: incomingAuth.bearer.tokenEnv: `);
    expect(text).toContain('environment variable BREAKWATER_TOKEN not set or empty');
    expect(serving.created).toEqual([]);
  });
});

describe('serve with an issuer', () => {
  it('that is away starts, says so, and answers 503 [R38] [R29]', async () => {
    const serving = serve(fileOf(oidc));
    await started(serving);
    await vi.waitFor(() =>
      expect(serving.host.stderr.text).toContain('the keys of the issuer cannot be had'),
    );
    const header = Buffer.from('{"alg":"ES256","kid":"a"}').toString('base64url');
    const headers = { Authorization: `Bearer ${header}.e30.AAAA` };
    const listening = serving.host.stderr.entries().find(({ msg }) => msg === 'listening');
    expect(listening).toMatchObject({ incomingAuth: 'oidc' });
    const url = String(listening?.['url']);
    const answer = await fetch(url, { method: 'POST', headers });
    expect(answer.status).toBe(503);
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    expect((await fetch(new URL('/readyz', url))).status).toBe(200);
    serving.host.events.emit('SIGTERM', 'SIGTERM');
    expect(await serving.exitCode).toBe(0);
  });
});

describe('serve --stdio', () => {
  const NOTE = 'the client on stdin needs no token';

  it('says that its client needs no token [R38]', async () => {
    const serving = serve(fileOf(bearer), ['--stdio'], { env });
    expect(await serving.exitCode).toBe(0);
    const said = serving.host.stderr.entries().filter(({ msg }) => String(msg).includes(NOTE));
    expect(said).toEqual([expect.objectContaining({ level: 'warn', key: 'incomingAuth' })]);
    expect(serving.vmcp.asked).toContain('stdio');
  });

  it('asks for one on the port it was given [R38]', async () => {
    const vmcp = new FakeVmcp();
    vmcp.onStdio = () => new Promise(() => undefined);
    const serving = serve(fileOf(bearer), ['--stdio', '--port', '0'], { env, vmcp });
    const base = await started(serving);
    expect((await fetch(`${base}/mcp`, { method: 'POST' })).status).toBe(401);
    serving.host.events.emit('SIGTERM', 'SIGTERM');
    expect(await serving.exitCode).toBe(0);
  });

  it('of anonymous has nothing to say, nor has a server without it [R38]', async () => {
    const anonymous = serve(fileOf(sample({ operational })), ['--stdio']);
    await anonymous.exitCode;
    const served = serve(fileOf(bearer), [], { env });
    await started(served);
    served.host.events.emit('SIGTERM', 'SIGTERM');
    await served.exitCode;
    expect(anonymous.host.stderr.text + served.host.stderr.text).not.toContain(NOTE);
  });

  it('is explained by the help [R38]', async () => {
    const { out } = await command(['serve', '--help']);
    expect(out).toContain('With --stdio the client needs none: it started the server.');
  });
});

describe('validate', () => {
  it.each([
    [bearer, 'bearer (token from BREAKWATER_TOKEN)'],
    [oidc, 'oidc (issuer http://127.0.0.1:9/realm, audience vmcp, scopes read write)'],
    [oidc.replace(', scopes: [read, write]', ''), 'oidc (issuer http://127.0.0.1:9/realm, audience vmcp)'],
    [sample({ operational }), 'anonymous'],
    [sample({ operational, incomingAuth: 'incomingAuth: {type: local}' }), 'local'],
  ])('shows who may come in (%#) [R29] [R30]', async (text, shown) => {
    const { code, out } = await command(['validate', '--config', fileOf(text)], env);
    expect(code).toBe(0);
    expect(out).toContain(`  Incoming Auth: ${shown}\n`);
    expect(out).not.toContain(TOKEN);
    expect(out.includes('refuses to start')).toBe(shown === 'local');
  });

  it('refuses a manifest that only says where its issuer is described [R29]', async () => {
    const manifest = `
apiVersion: toolhive.stacklok.dev/v1beta1
kind: VirtualMCPServer
metadata: {name: a}
spec:
  groupRef: {name: g}
  incomingAuth:
    type: oidc
    oidcConfigRef: {name: production, audience: a}
`;
    const file = fileOf(manifest);
    const { code, out } = await command(['validate', '--config', file]);
    expect(code).toBe(0);
    expect(out).toContain(`${file}:8: refuses: spec.incomingAuth.type: incoming authentication "oidc"`);
    expect(await serve(file).exitCode).toBe(1);
  });
});

describe('the schema', () => {
  it('knows the keys, and which are needed [R27] [R28]', async () => {
    const { out } = await command(['schema']);
    const accepts = new Ajv({ strict: true }).compile(JSON.parse(out) as object);
    for (const text of [bearer, oidc]) expect(accepts(load(text)), JSON.stringify(accepts.errors)).toBe(true);
    for (const wrong of [
      '{type: token}',
      '{type: bearer, bearer: {}}',
      '{type: bearer, bearer: {token: x}}',
    ]) {
      expect(accepts(load(sample({ incomingAuth: `incomingAuth: ${wrong}` })))).toBe(false);
    }
    expect(out).toContain('Extension. One token that all clients share.');
  });
});

describe('on a terminal', () => {
  it('clients are told where their token goes, by the name of its variable [R30]', async () => {
    const env = { CLIENT_TOKEN: 'a-token-of-clients' };
    const text = 'incomingAuth: {type: bearer, bearer: {tokenEnv: CLIENT_TOKEN}}';
    const serving = serve(fileOf(sample({ incomingAuth: text })), [], { isTerminal: true, env });
    await started(serving);
    const shown = serving.host.stderr.text;
    expect(shown).toContain('--header "Authorization: Bearer $CLIENT_TOKEN"');
    expect(shown.split('"headers":{"Authorization":"Bearer ${env:CLIENT_TOKEN}"}')).toHaveLength(3);
    expect(shown).not.toContain('a-token-of-clients');
    serving.host.events.emit('SIGTERM', 'SIGTERM');
    await serving.exitCode;
  });
});
