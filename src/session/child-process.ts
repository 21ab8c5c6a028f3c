import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { getDefaultEnvironment } from '@modelcontextprotocol/sdk/client/stdio.js';
import type { Log } from '../logging/log.js';
import type { Channel, ChannelEvents } from './channel.js';
import { LineReader } from './line-reader.js';
import type { OutgoingAnswer, OutgoingNotification, OutgoingRequest } from './message.js';
import type { Fault } from './outcome.js';
import { FaultError, fault, faultOfSpawnError } from './outcome.js';
import { readPaced } from './paced-reading.js';
import { abandonGroup, adoptGroup, signalGroup } from './process-group.js';
import { RateGate } from './rate-gate.js';
import type { SessionLimits } from './session-limits.js';

const NOT_JSON = new SyntaxError('not JSON');
/** After a child's exit its last words may still be in the pipe; no longer than this are they waited for. */
const LAST_WORDS_MS = 20;
/** How long after SIGKILL a child is given up on: one stuck in the kernel may not hold a shutdown. */
const KILLED_MS = 1_000;

export interface Command {
  readonly command: string;
  readonly args: readonly string[];
  /** Added to the short list of variables that the SDK deems safe (`PATH`, `HOME`, …); nothing else is inherited. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd?: string | undefined;
}

/**
 * A child process, one JSON message per line on its stdin and stdout. Started without a shell, as the leader of its
 * own process group, so that what it starts ends with it.
 *
 * Source: MCP 2025-11-25, "Transports", stdio.
 */
export class ChildProcessChannel implements Channel {
  readonly exchanges = 0;
  #child: ChildProcessWithoutNullStreams | undefined;
  #exited: Promise<void> = Promise.resolve();
  #lastWords: NodeJS.Timeout | undefined;
  /** Its output ended, and all of it has been read. */
  #heardOut = false;
  /** Set as soon as the channel ends, by itself or by us. */
  #over = false;

  constructor(
    readonly command: Command,
    readonly limits: SessionLimits,
    readonly log: Log,
    readonly events: ChannelEvents,
  ) {}

  get pid(): number | undefined {
    return this.#over ? undefined : this.#child?.pid;
  }

  open(): Promise<void> {
    const { command, args, env, cwd } = this.command;
    return new Promise((resolve, reject) => {
      const refuse = (error: unknown): void => {
        this.#over = true;
        const cwdMissing = cwd !== undefined && !existsSync(cwd);
        reject(new FaultError(faultOfSpawnError(error, command, cwdMissing)));
      };
      let child: ChildProcessWithoutNullStreams;
      try {
        child = spawn(command, args, {
          env: { ...getDefaultEnvironment(), ...env },
          ...(cwd === undefined ? {} : { cwd }),
          stdio: ['pipe', 'pipe', 'pipe'],
          shell: false,
          // A process group of its own; on Windows it would open a window instead.
          detached: process.platform !== 'win32',
          windowsHide: true,
        });
      } catch (error) {
        refuse(error);
        return;
      }
      child.once('error', refuse);
      const { pid } = child;
      if (pid === undefined) return;
      this.#child = child;
      adoptGroup(pid);
      this.#exited = new Promise((gone) => child.once('exit', () => gone()));
      this.#follow(child, pid);
      child.once('spawn', resolve);
    });
  }

  request(message: OutgoingRequest): void {
    const found = this.#write(message);
    if (found !== undefined) this.events.onFault(message.id, found);
  }

  post(message: OutgoingNotification | OutgoingAnswer): Promise<void> {
    const found = this.#write(message);
    return found === undefined ? Promise.resolve() : Promise.reject(new FaultError(found));
  }

  release(): void {
    // All requests share the pipe.
  }

  initialized(): void {
    // Nothing to open: a child may speak unasked from the start.
  }

  /** Closes its stdin, then sends SIGTERM, then SIGKILL, each after a third of the grace, to the whole group. */
  async close(graceMs: number): Promise<void> {
    this.#over = true;
    clearTimeout(this.#lastWords);
    const child = this.#child;
    if (child?.pid === undefined) return;
    if (child.exitCode === null && child.signalCode === null)
      await this.#endProcess(child, child.pid, graceMs);
    abandonGroup(child.pid);
    child.stdin.destroy();
    child.stdout.destroy();
    child.stderr.destroy();
  }

  async #endProcess(child: ChildProcessWithoutNullStreams, pid: number, graceMs: number): Promise<void> {
    const step = graceMs / 3;
    if (step > 0) {
      child.stdin.end();
      if (await this.#exitsWithin(step)) return;
      signalGroup(pid, 'SIGTERM');
      if (await this.#exitsWithin(step)) return;
    }
    signalGroup(pid, 'SIGKILL');
    await this.#exitsWithin(KILLED_MS);
  }

  async #exitsWithin(ms: number): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<boolean>((resolve) => {
      timer = setTimeout(() => resolve(false), ms);
    });
    const exited = await Promise.race([this.#exited.then(() => true), late]);
    clearTimeout(timer);
    return exited;
  }

  #follow(child: ChildProcessWithoutNullStreams, pid: number): void {
    const stdout = new LineReader(
      this.limits.maxMessageBytes,
      (line) => this.#receive(line),
      () => {
        this.#lose(fault('too-large', 'it wrote a message larger than the limit'));
        return 'stop';
      },
    );
    readPaced(
      child.stdout,
      (piece) => stdout.push(piece),
      () => {
        this.#heardOut = true;
        this.#end(child);
      },
    );
    this.#logStderr(child);
    // A child that is going shows it here too. One that only closed its input would never answer again.
    child.stdin.on('error', () => this.#end(child));
    for (const stream of [child.stdout, child.stderr]) stream.on('error', () => undefined);
    child.once('exit', () => {
      abandonGroup(pid);
      this.#end(child);
    });
  }

  /** Its output or input ended, or it exited: gone when it wrote its last and exited, or shortly after one of them. */
  #end(child: ChildProcessWithoutNullStreams): void {
    const exited = child.exitCode !== null || child.signalCode !== null;
    if (exited && this.#heardOut) this.#lose(exitFault(child));
    else if (!this.#over) this.#lastWords ??= setTimeout(() => this.#lose(exitFault(child)), LAST_WORDS_MS);
  }

  #logStderr(child: ChildProcessWithoutNullStreams): void {
    const gate = new RateGate(this.limits.maxLogLinesPerSecond);
    const stderr = new LineReader(
      this.limits.maxLogLineBytes,
      (line, cut) => {
        if (line === '') return;
        const { passes, held } = gate.take();
        if (!passes) return;
        const more = { ...(cut ? { cut } : {}), ...(held > 0 ? { linesDropped: held } : {}) };
        this.log.info({ stream: 'stderr', ...more }, line);
      },
      () => 'cut',
    );
    // Read even when nothing is logged: a child whose stderr is full stands still.
    readPaced(
      child.stderr,
      (piece) => stderr.push(piece),
      () => stderr.flush(),
    );
  }

  #receive(line: string): void {
    if (this.#over || line.trim() === '') return;
    let value: unknown;
    try {
      // Told apart first: an error for each line of a chatty program would be what costs most.
      if (!/^[\s\uFEFF]*[[{]/.test(line)) throw NOT_JSON;
      value = JSON.parse(line.startsWith('\uFEFF') ? line.slice(1) : line);
    } catch {
      this.events.onWarning('it wrote a line to stdout that is not JSON');
      return;
    }
    this.events.onMessage(value);
  }

  #write(message: OutgoingRequest | OutgoingNotification | OutgoingAnswer): Fault | undefined {
    const stdin = this.#child?.stdin;
    if (this.#over || !stdin?.writable) return fault('child-exited', 'its process no longer reads');
    if (stdin.writableLength > this.limits.maxMessageBytes) {
      return fault('input-blocked', 'its process does not read its input');
    }
    stdin.write(`${JSON.stringify(message)}\n`);
    return undefined;
  }

  #lose(found: Fault): void {
    if (this.#over) return;
    this.#over = true;
    clearTimeout(this.#lastWords);
    this.events.onLost(found);
  }
}

function exitFault(child: ChildProcessWithoutNullStreams): Fault {
  if (child.signalCode !== null) {
    return fault('child-exited', `its process was ended by ${child.signalCode}`);
  }
  if (child.exitCode !== null) {
    return fault('child-exited', `its process exited with code ${child.exitCode}`);
  }
  const closed = child.stdout.readableEnded ? 'closed its output' : 'no longer reads';
  return fault('child-exited', `its process ${closed}`);
}
