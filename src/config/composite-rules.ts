import type { Fault } from './fault.js';
import type { ConfigFile } from './file-shape.js';
import type { Path } from './yaml-tree.js';

type Tool = NonNullable<ConfigFile['compositeTools']>[number];
type Step = NonNullable<Tool['steps']>[number];

/**
 * The reference's rules for composite tools, which are not run here: names, parameters and the shape of their
 * steps. Templates and JSON Schemas are not looked into.
 */
export function compositeToolsFault(tools: readonly Tool[]): Fault | undefined {
  const seen = new Set<string>();
  for (const [index, tool] of tools.entries()) {
    const path: Path = ['compositeTools', index];
    const name = tool.name ?? '';
    if (seen.has(name)) {
      return { path: [...path, 'name'], message: `duplicate composite tool name: ${name}` };
    }
    seen.add(name);
    const faults = toolFaults(tool, path, `compositeTools[${index}]`);
    const [first] = faults;
    if (first === undefined) continue;
    const message = `validation failed: ${faults.map((fault) => fault.message).join('; ')}`;
    return { path: first.path, message };
  }
  return undefined;
}

function toolFaults(tool: Tool, path: Path, key: string): Fault[] {
  const faults: Fault[] = [];
  const steps = tool.steps ?? [];
  for (const field of ['name', 'description'] as const) {
    if ((tool[field] ?? '') === '') faults.push({ path, message: `${key}.${field} is required` });
  }
  if (steps.length === 0) faults.push({ path, message: `${key}.steps must have at least one step` });
  if ((tool.timeout ?? 0n) < 0n) {
    faults.push({ path: [...path, 'timeout'], message: `${key}.timeout cannot be negative` });
  }
  const parameters = parametersFault(tool.parameters, `${key}.parameters`);
  if (parameters !== undefined) faults.push({ path: [...path, 'parameters'], message: parameters });
  const step = stepsFault(steps, [...path, 'steps'], `${key}.steps`);
  if (step) faults.push(step);
  return faults;
}

function parametersFault(parameters: unknown, key: string): string | undefined {
  if (parameters === undefined) return undefined;
  if (typeof parameters !== 'object' || parameters === null) return `${key}: must be a mapping`;
  if (Object.keys(parameters).length === 0) return undefined;
  const type = 'type' in parameters ? parameters.type : undefined;
  if (type === undefined) return `${key}: must have 'type' field (should be 'object' for JSON Schema)`;
  if (typeof type !== 'string') return `${key}: 'type' field must be a string`;
  return type === 'object' ? undefined : `${key}: 'type' must be 'object' (got '${type}')`;
}

function stepsFault(steps: readonly Step[], path: Path, key: string): Fault | undefined {
  const ids = new Set<string>();
  for (const [index, { id = '' }] of steps.entries()) {
    const at: Path = [...path, index, 'id'];
    if (id === '') return { path: at, message: `${key}[${index}].id is required` };
    if (ids.has(id)) return { path: at, message: `${key}[${index}].id "${id}" is duplicated` };
    ids.add(id);
  }
  for (const [index, step] of steps.entries()) {
    const message = stepFault(step, ids, `${key}[${index}]`);
    if (message !== undefined) return { path: [...path, index], message };
  }
  const cycle = cycleIn(steps);
  return cycle === undefined
    ? undefined
    : { path, message: `${key}: dependency cycle detected involving step "${cycle}"` };
}

function stepFault(step: Step, ids: ReadonlySet<string>, key: string): string | undefined {
  const { tool = '', message = '', onError } = step;
  const type = step.type ?? '';
  if (type === '' && tool !== '' && message !== '') {
    return `${key} cannot have both tool and message fields - use explicit type to clarify intent`;
  }
  if (!['', 'tool', 'elicitation', 'forEach'].includes(type)) {
    return `${key}.type must be one of: tool, elicitation, forEach`;
  }
  if ((type === '' || type === 'tool') && tool === '') return `${key}.tool is required when type is tool`;
  if (type === 'elicitation' && message === '') {
    return `${key}.message is required when type is elicitation`;
  }
  const unknown = step.dependsOn?.find((id) => !ids.has(id));
  if (unknown !== undefined) return `${key}.dependsOn references unknown step "${unknown}"`;
  const action = onError?.action ?? '';
  if (!['', 'abort', 'continue', 'retry'].includes(action)) {
    return `${key}.onError.action must be one of: abort, continue, retry`;
  }
  if (action === 'retry' && (onError?.retryCount ?? 0) < 1) {
    return `${key}.onError.retryCount must be at least 1 when action is retry`;
  }
  return undefined;
}

/** A step that depends on itself, by whatever way; found by taking away what depends on nothing left. */
function cycleIn(steps: readonly Step[]): string | undefined {
  const left = new Map(steps.map(({ id = '', dependsOn = [] }) => [id, dependsOn]));
  for (let before = -1; before !== left.size;) {
    before = left.size;
    for (const [id, needs] of left) if (!needs.some((need) => left.has(need))) left.delete(id);
  }
  return left.keys().next().value;
}
