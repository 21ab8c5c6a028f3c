import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.js';
import { ConfigError } from '../../src/config/problems.js';
import { MAX_CONFIG_BYTES } from '../../src/config/source.js';
import { sample } from './sample.js';

const folder = mkdtempSync(join(tmpdir(), 'config-source-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

function written(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

function messageOf(path: string): string {
  try {
    loadConfig(path, { env: {} });
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  return 'accepted';
}

describe('reading a configuration file', () => {
  it('a regular file, a link to one, and a byte order mark are read [R27]', () => {
    const plain = written('plain.yaml', sample());
    symlinkSync(plain, join(folder, 'link.yaml'));
    expect(loadConfig(plain, { env: {} }).name).toBe('test-vmcp');
    expect(loadConfig(join(folder, 'link.yaml'), { env: {} }).name).toBe('test-vmcp');
    expect(loadConfig(written('bom.yaml', `\uFEFF${sample()}`), { env: {} }).name).toBe('test-vmcp');
    const windows = written('crlf.yaml', sample().replaceAll('\n', '\r\n'));
    expect(loadConfig(windows, { env: {} }).name).toBe('test-vmcp');
  });

  it('JSON is read [R27]', () => {
    const json = {
      name: 'json',
      groupRef: 'g',
      incomingAuth: { type: 'anonymous' },
      outgoingAuth: { source: 'inline' },
      aggregation: { conflictResolution: 'prefix', conflictResolutionConfig: { prefixFormat: 'x' } },
    };
    const file = written('config.json', JSON.stringify(json, null, '\t'));
    expect(loadConfig(file, { env: {} }).name).toBe('json');
  });

  it('what is not a regular file is refused without being opened [R27]', () => {
    const fifo = join(folder, 'fifo');
    execFileSync('mkfifo', [fifo]);
    expect(messageOf(fifo)).toBe(`failed to read config file: ${fifo}: not a regular file but a FIFO`);
    expect(messageOf(folder)).toMatch(/not a regular file but a directory$/);
    expect(messageOf('/dev/zero')).toMatch(/not a regular file but a device$/);
    expect(messageOf(join(folder, 'absent'))).toMatch(/no such file$/);
    expect(messageOf(join(folder, 'plain.yaml', 'below'))).toMatch(/ENOTDIR$/);
  });

  it('a file that may not be read is refused [R27]', ({ skip }) => {
    const secret = written('secret.yaml', sample());
    chmodSync(secret, 0);
    skip(process.getuid?.() === 0, 'root may read everything');
    expect(messageOf(secret)).toMatch(/permission denied$/);
  });

  it('1 MiB is read and one byte more is refused, as is far more [R27]', () => {
    const text = `${sample()}\n#`;
    const full = text + '-'.repeat(MAX_CONFIG_BYTES - text.length);
    expect(messageOf(written('full.yaml', full))).toBe('accepted');
    expect(messageOf(written('over.yaml', `${full}-`))).toMatch(/larger than 1 MiB$/);
    expect(messageOf(written('far-over.yaml', full + full))).toMatch(/larger than 1 MiB$/);
  });

  it('what is not UTF-8 text is refused [R27]', () => {
    const utf16 = Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(sample(), 'utf16le')]);
    expect(messageOf(written('utf16.yaml', utf16))).toMatch(/encoded as UTF-16; it must be UTF-8$/);
    expect(messageOf(written('binary', Buffer.from([1, 0, 2])))).toMatch(/binary: it contains a NUL byte$/);
    expect(messageOf(written('latin1.yaml', Buffer.from('name: caf\xe9', 'latin1')))).toMatch(
      /not valid UTF-8$/,
    );
    expect(messageOf(written('control.yaml', 'name: "\u0001"'))).toMatch(/^failed to parse YAML: /);
  });

  it('an empty file, comments alone, a scalar and a list are refused [R27]', () => {
    expect(messageOf(written('empty', ''))).toBe('failed to parse YAML: the file is empty');
    expect(messageOf(written('comments', '# nothing\n---\n'))).toBe(
      'failed to parse YAML: the file is empty',
    );
    expect(messageOf(written('scalar', 'hello'))).toMatch(/expected a mapping at the top of the file$/);
    expect(messageOf(written('list', '- a'))).toMatch(/expected a mapping at the top of the file$/);
  });
});
