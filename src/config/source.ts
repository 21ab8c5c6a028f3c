import { closeSync, constants, fstatSync, openSync, readSync, statSync, type Stats } from 'node:fs';
import { ConfigError } from './problems.js';

/** The largest configuration file that is read, in bytes: 1 MiB. One byte more is refused. */
export const MAX_CONFIG_BYTES = 1024 * 1024;

/**
 * Reads a configuration file: a regular file (symbolic links are followed) of at most `MAX_CONFIG_BYTES`,
 * UTF-8 with or without a byte order mark.
 *
 * The file is looked at before it is opened, because opening a FIFO can hang and opening a device can act; and
 * once more when it is open, because it may have been replaced in between.
 *
 * @throws ConfigError `CONFIG_READ` when it is anything else, or cannot be read.
 */
export function readSource(file: string): string {
  let bytes: Buffer;
  try {
    refuse(file, statSync(file));
    const descriptor = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      refuse(file, fstatSync(descriptor));
      bytes = readBounded(descriptor);
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    throw error instanceof ConfigError ? error : unreadable(file, reasonOf(error));
  }
  if (bytes.length > MAX_CONFIG_BYTES) throw unreadable(file, tooLarge);
  return decode(file, bytes);
}

const tooLarge = `larger than ${MAX_CONFIG_BYTES / 1024 / 1024} MiB`;

function refuse(file: string, stats: Stats): void {
  if (!stats.isFile()) throw unreadable(file, `not a regular file but ${kindOf(stats)}`);
  if (stats.size > MAX_CONFIG_BYTES) throw unreadable(file, tooLarge);
}

/** Not more than one byte beyond the limit, whatever the file says about its size. */
function readBounded(descriptor: number): Buffer {
  const buffer = Buffer.allocUnsafe(MAX_CONFIG_BYTES + 1);
  let length = 0;
  while (length < buffer.length) {
    const read = readSync(descriptor, buffer, length, buffer.length - length, null);
    if (read === 0) break;
    length += read;
  }
  return buffer.subarray(0, length);
}

function decode(file: string, bytes: Buffer): string {
  const [first, second] = bytes;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) {
    throw unreadable(file, 'encoded as UTF-16; it must be UTF-8');
  }
  if (bytes.includes(0)) throw unreadable(file, 'binary: it contains a NUL byte');
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw unreadable(file, 'not valid UTF-8');
  }
}

function unreadable(file: string, reason: string): ConfigError {
  return new ConfigError('CONFIG_READ', file, [{ key: '', message: reason }]);
}

function kindOf(stats: Stats): string {
  if (stats.isDirectory()) return 'a directory';
  if (stats.isFIFO()) return 'a FIFO';
  if (stats.isSocket()) return 'a socket';
  return 'a device';
}

function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENOENT') return 'no such file';
  if (code === 'EACCES' || code === 'EPERM') return 'permission denied';
  return typeof code === 'string' ? code : 'cannot be read';
}
