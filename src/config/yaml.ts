import {
  EVENT_ID,
  SCALAR_STYLE,
  YAMLException,
  dump,
  getScalarValue,
  parseEvents,
  type Event,
} from 'js-yaml';
import type { Problem } from './problems.js';
import {
  formatPath,
  isNull,
  pathOf,
  type Place,
  type YamlEntry,
  type YamlMapping,
  type YamlNode,
  type YamlSequence,
} from './yaml-tree.js';

/**
 * The only door to the YAML parser (JSON is YAML too). It makes a tree in which every node knows its place, and
 * which is bounded: what a small file can expand to is counted before anything walks it.
 */

/** Nesting, nodes and aliases that one file may have; each counted with aliases expanded. */
const MAX_DEPTH = 100;
const MAX_NODES = 200_000;

export interface ParsedYaml {
  /** One per document that is not empty. */
  readonly documents: readonly YamlNode[];
  /** Not empty: the documents are not to be used. */
  readonly problems: readonly Problem[];
}

/** Parses every document of a text. Never throws: what is wrong is in `problems`. */
export function parseYaml(text: string): ParsedYaml {
  const places = new Places(text);
  try {
    const events = parseEvents(text, { maxDepth: MAX_DEPTH });
    return new TreeBuilder(text, places).build(events);
  } catch (error) {
    if (error instanceof YAMLException) {
      const { mark } = error;
      const place = mark === undefined ? {} : { line: mark.line + 1, column: mark.column + 1 };
      return { documents: [], problems: [{ key: '', ...place, message: error.reason }] };
    }
    if (error instanceof Refused) return { documents: [], problems: [error.problem] };
    return { documents: [], problems: [{ key: '', message: 'cannot be parsed' }] };
  }
}

/** Prints plain data as YAML. */
export function printYaml(data: unknown): string {
  return dump(data, { lineWidth: 110, noRefs: true });
}

/** A fault after which the rest of the file means nothing. */
class Refused extends Error {
  constructor(readonly problem: Problem) {
    super(problem.message);
  }
}

/** Turns offsets into lines and columns. */
class Places {
  readonly #starts: number[] = [0];

  constructor(text: string) {
    for (const { index, 0: eol } of text.matchAll(/\r\n|\n|\r/g)) this.#starts.push(index + eol.length);
  }

  at(offset: number): Place {
    let low = 0;
    let high = this.#starts.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((this.#starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: offset - (this.#starts[low] ?? 0) + 1 };
  }
}

interface Frame {
  readonly node: YamlSequence | YamlMapping;
  readonly anchor: string | undefined;
  /** In a mapping: the key whose value comes next. */
  key: { readonly text: string; readonly place: Place; readonly merge: boolean } | undefined;
  /** Values of `<<`, applied when the mapping ends: keys written out win over merged ones. */
  readonly merges: { readonly node: YamlNode; readonly place: Place }[];
}

const STRING_TAGS: ReadonlySet<string> = new Set(['!', '!!str', '!<tag:yaml.org,2002:str>']);
const PLAIN_TAGS: ReadonlySet<string> = new Set(['!!int', '!!float', '!!bool', '!!null']);
const COLLECTION_TAGS: ReadonlySet<string> = new Set(['!', '!!map', '!!seq']);

class TreeBuilder {
  readonly #text: string;
  readonly #places: Places;
  readonly #documents: YamlNode[] = [];
  readonly #problems: Problem[] = [];
  #frames: Frame[] = [];
  #anchors = new Map<string, YamlNode | 'open'>();
  #nodes = 0;
  #last: Place = { line: 1, column: 1 };

  constructor(text: string, places: Places) {
    this.#text = text;
    this.#places = places;
  }

  build(events: readonly Event[]): ParsedYaml {
    for (const event of events) this.#take(event);
    return { documents: this.#documents.filter((node) => !isNull(node)), problems: this.#problems };
  }

  #take(event: Event): void {
    switch (event.type) {
      case EVENT_ID.DOCUMENT:
        this.#anchors = new Map();
        return;
      case EVENT_ID.SCALAR: {
        const tag = this.#slice(event.tagStart, event.tagEnd);
        if (tag !== '' && !STRING_TAGS.has(tag) && !PLAIN_TAGS.has(tag))
          this.#unknownTag(tag, event.tagStart);
        const style = event.style;
        const quoted = style === SCALAR_STYLE.SINGLE_QUOTED || style === SCALAR_STYLE.DOUBLE_QUOTED;
        if (event.valueStart >= 0) this.#last = this.#places.at(event.valueStart - (quoted ? 1 : 0));
        const plain = PLAIN_TAGS.has(tag) || (tag === '' && style === SCALAR_STYLE.PLAIN);
        const text = getScalarValue(this.#text, event);
        this.#value({ kind: 'scalar', text, plain, ...this.#fresh() }, this.#anchorOf(event));
        return;
      }
      case EVENT_ID.SEQUENCE:
      case EVENT_ID.MAPPING: {
        const tag = this.#slice(event.tagStart, event.tagEnd);
        if (tag !== '' && !COLLECTION_TAGS.has(tag)) this.#unknownTag(tag, event.tagStart);
        this.#last = this.#places.at(event.start);
        if (this.#awaitsKey()) this.#refuse('a key must be a scalar');
        const anchor = this.#anchorOf(event);
        if (anchor !== undefined) this.#anchors.set(anchor, 'open');
        const base = this.#fresh();
        const node: Frame['node'] =
          event.type === EVENT_ID.SEQUENCE
            ? { kind: 'sequence', items: [], ...base }
            : { kind: 'mapping', entries: new Map(), ...base };
        this.#frames.push({ node, anchor, key: undefined, merges: [] });
        return;
      }
      case EVENT_ID.ALIAS:
        this.#last = this.#places.at(event.anchorStart);
        this.#alias(this.#slice(event.anchorStart, event.anchorEnd));
        return;
      case EVENT_ID.POP: {
        const frame = this.#frames.pop();
        if (frame !== undefined) this.#close(frame);
        return;
      }
    }
  }

  #alias(name: string): void {
    const node = this.#anchors.get(name);
    if (node === undefined) this.#refuse(`unknown alias *${name}`);
    else if (node === 'open') this.#refuse(`the alias *${name} stands inside its own anchor`);
    else {
      // The anchor's nodes are shared, not copied, but whoever walks the tree meets them again.
      this.#count(node.size);
      if (this.#frames.length + node.height > MAX_DEPTH) this.#refuse(tooDeep);
      this.#value(node, undefined);
    }
  }

  #close(frame: Frame): void {
    const { node } = frame;
    for (const merge of frame.merges) this.#merge(node as YamlMapping, merge.node, merge.place);
    const children =
      node.kind === 'sequence' ? node.items : [...node.entries.values()].map(({ value }) => value);
    for (const child of children) {
      node.size += child.size;
      node.height = Math.max(node.height, child.height + 1);
    }
    this.#value(node, frame.anchor);
  }

  #value(node: YamlNode, anchor: string | undefined): void {
    if (anchor !== undefined) this.#anchors.set(anchor, node);
    const frame = this.#frames.at(-1);
    if (frame === undefined) {
      this.#documents.push(node);
      return;
    }
    const { node: parent, key } = frame;
    if (parent.kind === 'sequence') parent.items.push(node);
    else if (key === undefined) frame.key = this.#keyOf(node);
    else {
      frame.key = undefined;
      if (key.merge) frame.merges.push({ node, place: key.place });
      else this.#set(parent, key.text, { place: key.place, value: node });
    }
  }

  #keyOf(node: YamlNode): NonNullable<Frame['key']> {
    if (node.kind !== 'scalar') return this.#refuse('a key must be a scalar');
    return { text: node.text, place: node.place, merge: node.plain && node.text === '<<' };
  }

  #set(mapping: YamlMapping, key: string, entry: YamlEntry): void {
    const first = mapping.entries.get(key);
    if (key !== '__proto__' && first === undefined) {
      mapping.entries.set(key, entry);
      return;
    }
    const message =
      first === undefined
        ? '"__proto__" cannot be used as a key'
        : `duplicate key "${key}", first used in line ${first.place.line}`;
    this.#problems.push({ key: formatPath([...pathOf(mapping), key]), ...entry.place, message });
  }

  #merge(into: YamlMapping, from: YamlNode, place: Place): void {
    if (from.kind === 'sequence') {
      for (const item of from.items) {
        if (item.kind !== 'mapping') this.#refuse('<< takes mappings only', place);
        else this.#merge(into, item, place);
      }
      return;
    }
    if (from.kind !== 'mapping') return this.#refuse('<< takes a mapping', place);
    for (const [key, entry] of from.entries) {
      if (into.entries.has(key)) continue;
      this.#count(entry.value.size);
      into.entries.set(key, entry);
    }
  }

  #awaitsKey(): boolean {
    const frame = this.#frames.at(-1);
    return frame?.node.kind === 'mapping' && frame.key === undefined;
  }

  #fresh(): Omit<YamlSequence, 'kind' | 'items'> {
    this.#count(1);
    const frame = this.#frames.at(-1);
    const step = frame?.node.kind === 'sequence' ? frame.node.items.length : frame?.key?.text;
    const parent = frame === undefined || step === undefined ? undefined : { node: frame.node, step };
    return { place: this.#last, parent, size: 1, height: 0 };
  }

  #count(nodes: number): void {
    this.#nodes += nodes;
    if (this.#nodes > MAX_NODES)
      this.#refuse(`more than ${MAX_NODES} values, counting what aliases stand for`);
  }

  #anchorOf(event: { anchorStart: number; anchorEnd: number }): string | undefined {
    return event.anchorStart < 0 ? undefined : this.#slice(event.anchorStart, event.anchorEnd);
  }

  #slice(start: number, end: number): string {
    return start < 0 ? '' : this.#text.slice(start, end);
  }

  #unknownTag(tag: string, offset: number): never {
    return this.#refuse(`the tag ${tag} is not supported`, this.#places.at(offset));
  }

  #refuse(message: string, place: Place = this.#last): never {
    throw new Refused({ key: '', ...place, message });
  }
}

const tooDeep = `nested deeper than ${MAX_DEPTH} levels, counting what aliases stand for`;
