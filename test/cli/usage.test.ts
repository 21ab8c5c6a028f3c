import { describe, expect, it } from 'vitest';
import { runProgram } from '../../src/cli/program.js';
import type { ServeOptions } from '../../src/cli/program.js';
import { command } from './fake-host.js';

/** What a command line of `serve` comes to, and what it says of itself if it is wrong. */
async function parsed(...argv: readonly string[]) {
  let options: ServeOptions | undefined;
  let err = '';
  const commands = {
    serve: (given: ServeOptions) => {
      options = given;
      return Promise.resolve(0);
    },
    validate: () => 0,
    simulate: () => Promise.resolve(0),
    schema: () => 0,
    version: 'breakwater 1.2.3',
  };
  const output = { out: () => undefined, err: (text: string) => (err += text) };
  const code = await runProgram(['serve', '--config', 'x.yaml', ...argv], commands, output);
  return { code, options, err };
}

describe('help', () => {
  it.each([
    [
      '',
      [
        'serve',
        'validate',
        'simulate',
        'schema',
        'version',
        'Exit codes: 0 done; 1 the configuration is refused',
      ],
    ],
    [
      'serve',
      [
        ...['--config <file>', '--server <name>', '--host <address>', '127.0.0.1', '--port <number>', '4483'],
        ...['--stdio', '--log-level <level>', '"debug"', '--drain-time <duration>', '10s', '--allowed-host'],
        ...['--allowed-origin', '/mcp', '/api/backends/health', 'SIGTERM'],
      ],
    ],
    ['validate', ['--config <file>', '--server <name>', 'Exit code 0']],
    [
      'simulate',
      [
        ...['--config <file>', '--scenario <file|name>', '--compare <file>', '--backend <name>', '--json'],
        ...[
          '--svg [file]',
          'crash',
          'hang',
          'slow',
          'flap',
          'errors',
          'relapse',
          'callsPerSecond',
          'is: down',
        ],
      ],
    ],
    ['schema', ['--crd', 'breakwater schema > vmcp.schema.json']],
    ['version', ['print the version']],
  ])(
    'breakwater %s --help names everything, with an example, and exits with 0 [R27]',
    async (name, parts) => {
      const { code, out, err } = await command([...(name === '' ? [] : [name]), '--help']);
      expect({ code, err }).toEqual({ code: 0, err: '' });
      for (const part of [...parts, 'Example']) expect(out).toContain(part);
      expect(out).not.toContain('default: false');
      const help = await command(name === '' ? ['help'] : ['help', name]);
      expect(help).toEqual({ code: 0, out, err: '' });
    },
  );

  it('a command line without a command is wrong usage, and gets the help on stderr [R27]', async () => {
    const { code, out, err } = await command([]);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toMatch(/^Usage: breakwater/);
  });

  it('the version is told in three ways [R27]', async () => {
    for (const argv of [['version'], ['--version'], ['-V']]) {
      const { code, out } = await command(argv);
      expect(code).toBe(0);
      expect(out).toMatch(/^breakwater \d+\.\d+\.\d+/);
    }
  });
});

describe('wrong usage', () => {
  it.each([
    [['srve'], "unknown command 'srve'", 'Did you mean serve?'],
    [['help', 'nope'], 'Usage: breakwater', ''],
    [['serve'], "required option '-c, --config <file>' not specified", ''],
    [['validate'], "required option '-c, --config <file>' not specified", ''],
    [['serve', '--config'], "option '-c, --config <file>' argument missing", ''],
    [['serve', '--config', ''], "'-c, --config <file>' argument '' is invalid. It is empty.", ''],
    [['serve', '--confg', 'x'], "unknown option '--confg'", 'Did you mean --config?'],
    [['serve', '-c', 'x', '--prt', '1'], "unknown option '--prt'", 'Did you mean --port?'],
    [['validate', '-c', 'x', '--servr', 'y'], "unknown option '--servr'", 'Did you mean --server?'],
    [['schema', '--crdd'], "unknown option '--crdd'", 'Did you mean --crd?'],
    [['validate', '-c', 'x', 'y'], "too many arguments for 'validate'", ''],
  ])('%j exits with 2 and says: %s %s [R27]', async (argv, message, suggestion) => {
    const { code, out, err } = await command(argv);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain(message);
    expect(err).toContain(suggestion);
  });
});

describe('options of serve', () => {
  it('have defaults [R27]', async () => {
    const { options } = await parsed();
    expect(options).toEqual({
      config: 'x.yaml',
      host: '127.0.0.1',
      port: 4483,
      isPortGiven: false,
      stdio: false,
      drainMs: 10_000,
      allowedHosts: [],
      allowedOrigins: [],
    });
  });

  it.each([
    ['0', 0],
    ['65535', 65_535],
    ['00080', 80],
  ])('the port %s is %i [R27]', async (text, port) => {
    expect((await parsed('--port', text)).options).toMatchObject({ port, isPortGiven: true });
  });

  it.each(['65536', '99999', '-1', '+1', '1.5', '0x50', '', ' ', 'http', '1e3', '123456'])(
    'the port %j is refused with the range [R27]',
    async (text) => {
      const { code, options, err } = await parsed('--port', text);
      expect({ code, options }).toEqual({ code: 2, options: undefined });
      expect(err).toContain('It is not a port, a number from 0 to 65535.');
    },
  );

  it.each([
    ['0', 0],
    ['0s', 0],
    ['1.5s', 1500],
    ['1m30s', 90_000],
    ['1h', 3_600_000],
  ])('the drain time %s is %i ms [R19]', async (text, drainMs) => {
    expect((await parsed('--drain-time', text)).options).toMatchObject({ drainMs });
  });

  it.each([
    ['10', 'It is not a duration like 10s or 1m30s.'],
    ['1d', 'It is not a duration like 10s or 1m30s.'],
    ['', 'It is not a duration like 10s or 1m30s.'],
    ['-1s', 'It must be from 0 to 1h.'],
    ['1h1ns', 'It must be from 0 to 1h.'],
  ])('the drain time %j is refused: %s [R19]', async (text, message) => {
    const { code, err } = await parsed('--drain-time', text);
    expect(code).toBe(2);
    expect(err).toContain(message);
  });

  it('hosts and origins may be repeated [R38]', async () => {
    const { options } = await parsed(
      ...['--allowed-host', 'a.lan', '--allowed-host', 'b.lan:80', '--allowed-host', '[::1]:8080'],
      ...['--allowed-origin', 'https://a.example', '--allowed-origin', 'http://b.example:81'],
    );
    expect(options).toMatchObject({
      allowedHosts: ['a.lan', 'b.lan:80', '[::1]:8080'],
      allowedOrigins: ['https://a.example', 'http://b.example:81'],
    });
  });

  it.each(['', '*', 'a/b', 'http://a', 'a:b', 'a:65536', 'a b', 'a@b', '::1'])(
    'the host %j is refused [R38]',
    async (text) => {
      const { code, err } = await parsed('--allowed-host', text);
      expect(code).toBe(2);
      expect(err).toContain('It is not a host name, with or without port.');
    },
  );

  it.each([
    '',
    '*',
    'null',
    'a.example',
    'https://a.example/path',
    'ftp://a.example',
    'https://u:p@a.example',
  ])('the origin %j is refused [R38]', async (text) => {
    const { code, err } = await parsed('--allowed-origin', text);
    expect(code).toBe(2);
    expect(err).toContain('It is not an origin like https://example.com.');
  });

  it('an empty address is refused: it would listen on every one [R38]', async () => {
    for (const text of ['', ' ']) {
      const { code, options, err } = await parsed('--host', text);
      expect({ code, options }).toEqual({ code: 2, options: undefined });
      expect(err).toContain('It is empty.');
    }
  });

  it('a level that is none is refused with those there are [R27]', async () => {
    const { code, err } = await parsed('--log-level', 'trace');
    expect(code).toBe(2);
    expect(err).toContain('Allowed choices are debug, info, warn, error, silent.');
  });
});
