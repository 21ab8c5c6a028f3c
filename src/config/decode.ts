import { distance } from 'fastest-levenshtein';
import { z } from 'zod';
import type { Fault } from './fault.js';
import { ConfigFile } from './file-shape.js';
import { written } from './leaf.js';
import type { Problem } from './problems.js';
import { formatPath, isNull, pathOf, type Path, type Place, type YamlNode } from './yaml-tree.js';

/** Where a key stands in the file, or would stand: then it is the place of what surrounds it. */
export interface Location extends Place {
  /** Its path in the file. */
  readonly key: string;
  /** Whether the file has it. */
  readonly present: boolean;
}

/** From a path in the configuration to its place in the file, which differs where the file is a manifest. */
export type Locate = (path: Path) => Location;

/** Reads a tree into the shape of a configuration file. Everything that does not fit is told at once. */
export function decode(root: YamlNode): { file: ConfigFile } | { problems: Problem[] } {
  return decodeAs(ConfigFile, root);
}

/** Reads a tree into the shape of another file whose scalars are those of `leaf.ts`. */
export function decodeAs<File>(
  shape: z.ZodType<File>,
  root: YamlNode,
): { file: File } | { problems: Problem[] } {
  if (root.kind !== 'mapping') {
    return { problems: [{ key: '', ...root.place, message: 'expected a mapping at the top of the file' }] };
  }
  const result = shape.safeParse(inputOf(root));
  if (result.success) return { file: result.data };
  const locate = locator(root);
  const problems = result.error.issues.flatMap((issue) => problemsOf(issue, shape, locate));
  return { problems: byLine(problems) };
}

/** How to find paths of the configuration under this root. */
export function locator(root: YamlNode): Locate {
  return (path) => {
    let node = root;
    let place = root.place;
    for (const [index, step] of path.entries()) {
      const entry = stepInto(node, step);
      if (entry === undefined) {
        return { key: formatPath([...pathOf(node), ...path.slice(index)]), ...place, present: false };
      }
      node = entry.value;
      place = entry.place;
    }
    return { key: formatPath(pathOf(node)), ...place, present: !isNull(node) };
  };
}

/** In the order of the file. */
export function byLine(problems: readonly Problem[]): Problem[] {
  return problems.toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0));
}

/** Faults as problems of the file. */
export function located(faults: readonly Fault[], locate: Locate): Problem[] {
  return faults.map(({ path, ...rest }) => {
    const { key, line, column } = locate(path);
    return { key, line, column, ...rest };
  });
}

function stepInto(node: YamlNode, step: string | number): { value: YamlNode; place: Place } | undefined {
  if (node.kind === 'mapping' && typeof step === 'string') return node.entries.get(step);
  if (node.kind !== 'sequence' || typeof step !== 'number') return undefined;
  const value = node.items[step];
  return value && { value, place: value.place };
}

/** Null means absent, as in the reference's decoder; the key stays, so that an unknown one is still seen. */
function inputOf(node: YamlNode): unknown {
  if (node.kind === 'scalar') return isNull(node) ? undefined : written(node.text, node.plain);
  if (node.kind === 'sequence') return node.items.map(inputOf);
  return Object.fromEntries([...node.entries].map(([key, { value }]) => [key, inputOf(value)]));
}

function problemsOf(issue: z.core.$ZodIssue, shape: z.ZodType, locate: Locate): Problem[] {
  const path = issue.path.map((step) => (typeof step === 'symbol' ? String(step) : step));
  if (issue.code !== 'unrecognized_keys') {
    const { key, line, column } = locate(path);
    return [{ key, line, column, message: issue.message }];
  }
  return issue.keys.map((unknown) => {
    const { key, line, column } = locate([...path, unknown]);
    return { key, line, column, ...unknownKey(unknown, knownKeys(shape, path)) };
  });
}

const HINTS: ReadonlyMap<string, string> = new Map([
  ['mcpServers', 'the mcpServers format of desktop clients is not read yet'],
  ['partialFailureMode', 'it holds for the whole server: set it in operational.failureHandling'],
  ['statusReportingInterval', 'it holds for the whole server: set it in operational.failureHandling'],
]);

/** What to say of a key that is not known, with the nearest of those that are. */
export function unknownKey(key: string, known: readonly string[]): Pick<Problem, 'message' | 'suggestion'> {
  const hint = HINTS.get(key);
  const message = `unknown key "${key}"${hint === undefined ? '' : `: ${hint}`}`;
  const suggestion = hint === undefined ? nearest(key, known) : undefined;
  return suggestion === undefined ? { message } : { message, suggestion };
}

/** The nearest of the values that would be right, as part of a fault; nothing when none is near. */
export function suggest(value: string | undefined, known: readonly string[]): { suggestion?: string } {
  const suggestion = value === undefined || value === '' ? undefined : nearest(value, known);
  return suggestion === undefined ? {} : { suggestion };
}

/** The nearest name, whatever its case and its separators; undefined when none is near. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  const bare = (text: string) => text.toLowerCase().replaceAll(/[-_ ]/g, '');
  const [best] = known
    .map((candidate) => ({ candidate, far: distance(bare(name), bare(candidate)) }))
    .sort((a, b) => a.far - b.far);
  return best !== undefined && best.far <= Math.max(2, name.length / 2) ? best.candidate : undefined;
}

function knownKeys(shape: z.ZodType, path: Path): string[] {
  let schema: unknown = shape;
  for (const step of path) {
    schema = unwrap(schema);
    if (schema instanceof z.ZodObject) schema = schema.shape[step as string];
    else if (schema instanceof z.ZodArray) schema = schema.element;
    else if (schema instanceof z.ZodRecord) schema = schema.valueType;
  }
  schema = unwrap(schema);
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
}

function unwrap(schema: unknown): unknown {
  return schema instanceof z.ZodOptional ? unwrap(schema.unwrap()) : schema;
}
