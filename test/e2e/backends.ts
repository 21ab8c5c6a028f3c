import { join } from 'node:path';
import { FILESYSTEM, MEMORY } from './processes.js';

/** Entries of `backends` in a configuration. */

/** The server called everything, wherever it listens, and two as children, which keep their files in a folder. */
export function threeServers(everythingPort: number, folder: string): object[] {
  return [
    httpBackend('everything', everythingPort),
    memory(folder),
    nodeBackend('filesystem', [FILESYSTEM, folder]),
  ];
}

export function httpBackend(name: string, port: number): object {
  return { name, transport: 'streamable-http', url: `http://127.0.0.1:${port}/mcp` };
}

/** A Node program as a child. */
export function nodeBackend(name: string, args: readonly string[], env: Record<string, string> = {}): object {
  return { name, transport: 'stdio', command: process.execPath, args, env };
}

export function memory(folder: string): object {
  return nodeBackend('memory', [MEMORY], { MEMORY_FILE_PATH: join(folder, 'memory.jsonl') });
}
