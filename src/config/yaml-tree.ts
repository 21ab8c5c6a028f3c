/** A YAML document as a tree in which every node knows its place in the file. */

/** Line and column, both from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

interface NodeBase {
  readonly place: Place;
  /** The node it stands in and its key or index there; that of its anchor, where it was reached by an alias. */
  readonly parent: YamlParent | undefined;
  /** Nodes in it, itself included, aliases expanded. */
  size: number;
  /** Levels below it, aliases expanded. */
  height: number;
}

export interface YamlParent {
  readonly node: YamlSequence | YamlMapping;
  readonly step: string | number;
}

/** A scalar as it was written; what it means is for its reader to say. */
export interface YamlScalar extends NodeBase {
  readonly kind: 'scalar';
  readonly text: string;
  /** Neither quoted nor a block nor tagged `!!str`: may stand for a number, a boolean or null. */
  readonly plain: boolean;
}

export interface YamlSequence extends NodeBase {
  readonly kind: 'sequence';
  readonly items: YamlNode[];
}

export interface YamlMapping extends NodeBase {
  readonly kind: 'mapping';
  readonly entries: Map<string, YamlEntry>;
}

export interface YamlEntry {
  readonly place: Place;
  readonly value: YamlNode;
}

export type YamlNode = YamlScalar | YamlSequence | YamlMapping;

export type Path = readonly (string | number)[];

/** Whether a scalar stands for null, as in YAML's core schema. */
export function isNull(node: YamlNode): boolean {
  return node.kind === 'scalar' && node.plain && /^(|~|null|Null|NULL)$/.test(node.text);
}

/** The value of a key of a mapping; undefined where there is no such key, no mapping, or null. */
export function child(node: YamlNode | undefined, key: string): YamlNode | undefined {
  const value = node?.kind === 'mapping' ? node.entries.get(key)?.value : undefined;
  return value === undefined || isNull(value) ? undefined : value;
}

/** The text of a scalar; undefined for anything else. */
export function textOf(node: YamlNode | undefined): string | undefined {
  return node?.kind === 'scalar' && !isNull(node) ? node.text : undefined;
}

/** Keys and indices from the root of the document to a node. */
export function pathOf(node: YamlNode): (string | number)[] {
  const path: (string | number)[] = [];
  for (let parent = node.parent; parent !== undefined; parent = parent.node.parent) path.unshift(parent.step);
  return path;
}

/** `backends[0].failureHandling`; keys that are not plain words are quoted: `perWorkload["a.b"]`. */
export function formatPath(path: Path): string {
  let text = '';
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`;
    else if (/^[\w/-]+$/.test(step)) text += text === '' ? step : `.${step}`;
    else text += `[${JSON.stringify(step)}]`;
  }
  return text;
}
