import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { whereIs } from './suite.js';
import type { Installed } from './suite.js';
import type { Check } from './verdict.js';

/** The command line of the official Inspector, a client that others than we have written. */
export const INSPECTOR = { name: '@modelcontextprotocol/inspector', version: '2.12.0' } as const;
const COMMAND_MS = 30_000;

/** What it is told to do, as its own arguments. */
export const COMMANDS = [
  '--method tools/list',
  '--method tools/call --tool-name test_simple_text',
  '--method tools/call --tool-name test_error_handling',
  '--method resources/list',
  '--method resources/read --uri test://static-text',
  '--method prompts/list',
  '--method prompts/get --prompt-name test_simple_prompt',
] as const;

const run = promisify(execFile);

export function installInspector(signal: AbortSignal): Promise<Installed> {
  return whereIs(INSPECTOR, 'mcp-inspector', signal);
}

/** What it prints for a command; lists sorted by name, since a gateway sorts them. */
export async function printed(
  { node, main }: Installed,
  command: string,
  url: string,
  signal: AbortSignal,
): Promise<string> {
  const args = [main, '--cli', url, '--transport', 'http', ...command.split(' ')];
  try {
    const { stdout } = await run(node, args, { timeout: COMMAND_MS, killSignal: 'SIGKILL', signal });
    return stdout;
  } catch (error) {
    signal.throwIfAborted();
    // It ends with another code for a result that is an error, and prints it all the same.
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    return stdout === '' ? `failed: ${stderr}` : stdout;
  }
}

/** Whether it printed the same as without us. */
export function checkOf(command: string, output: string, direct: string): Check {
  const id = `inspector ${command}`;
  if (output.startsWith('failed: ')) return { id, status: 'FAILURE', errorMessage: output };
  return sorted(output) === sorted(direct)
    ? { id, status: 'SUCCESS' }
    : { id, status: 'FAILURE', errorMessage: 'it prints something else than without the gateway' };
}

function sorted(output: string): string {
  const value = JSON.parse(output) as Record<string, unknown>;
  return JSON.stringify(value, (_, each: unknown) =>
    Array.isArray(each) && each.every((item) => typeof (item as { name?: unknown }).name === 'string')
      ? [...(each as { name: string }[])].sort((one, other) => (one.name < other.name ? -1 : 1))
      : each,
  );
}
