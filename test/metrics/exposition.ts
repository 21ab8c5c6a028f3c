/** A strict reader of the text exposition format, version 0.0.4. It throws where Prometheus would, and where it warns. */

type Labels = Readonly<Record<string, string>>;

export interface Sample {
  readonly name: string;
  readonly labels: Labels;
  readonly value: number;
}

interface Family {
  readonly name: string;
  readonly type: string;
  readonly samples: Sample[];
}

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*';
const HELP = new RegExp(`^# HELP (${NAME}) ([^\\n]+)$`);
const TYPE = new RegExp(`^# TYPE (${NAME}) (counter|gauge|histogram)$`);
const SAMPLE = new RegExp(`^(${NAME})(?:\\{(.*)\\})? (\\S+)$`);
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\["\\n])*)"(,|$)/y;
const VALUE = /^(?:[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?|\+Inf|-Inf|NaN)$/;

/** What was scraped. */
export class Scrape {
  readonly families = new Map<string, Family>();
  readonly samples: readonly Sample[];

  constructor(readonly text: string) {
    if (!text.endsWith('\n')) throw new Error('the last line does not end');
    let help: string | undefined;
    let family: Family | undefined;
    const seen = new Set<string>();
    for (const line of text.split('\n')) {
      if (line === '') continue;
      const helped = HELP.exec(line);
      const typed = TYPE.exec(line);
      if (helped) help = helped[1];
      else if (typed) {
        const [, name = '', type = ''] = typed;
        if (help !== name) throw new Error(`no HELP before ${line}`);
        if (this.families.has(name)) throw new Error(`${name} stands twice`);
        if ((type === 'counter') !== name.endsWith('_total')) throw new Error(`a ${type} is called ${name}`);
        family = { name, type, samples: [] };
        this.families.set(name, family);
      } else if (!family) throw new Error(`no TYPE before ${line}`);
      else {
        const sample = sampleOf(line);
        const identity = identityOf(sample);
        if (seen.has(identity)) throw new Error(`a series stands twice: ${line}`);
        seen.add(identity);
        assertBelongs(sample, family);
        family.samples.push(sample);
      }
    }
    for (const each of this.families.values()) if (each.type === 'histogram') assertHistogram(each);
    this.samples = [...this.families.values()].flatMap(({ samples }) => samples);
  }

  /** Of exactly this series; undefined where there is none. */
  value(name: string, labels: Labels = {}): number | undefined {
    const wanted = identityOf({ name, labels });
    return this.samples.find((sample) => identityOf(sample) === wanted)?.value;
  }

  /** The series of a name that are not 0: `{state="open"}` → 1. */
  counted(name: string, keep: (labels: Labels) => boolean = () => true): Readonly<Record<string, number>> {
    const found = this.samples.filter((each) => each.name === name && each.value !== 0 && keep(each.labels));
    return Object.fromEntries(
      found.map(({ labels, value }) => [
        Object.entries(labels)
          .filter(([label]) => label !== 'backend')
          .map(([, text]) => text)
          .join(' '),
        value,
      ]),
    );
  }

  /** What a histogram has counted. */
  count(name: string, labels: Labels): number | undefined {
    return this.value(`${name}_count`, labels);
  }
}

function sampleOf(line: string): Sample {
  const [, name = '', labelText = '', valueText = ''] = SAMPLE.exec(line) ?? [];
  if (name === '') throw new Error(`not a sample: ${line}`);
  if (!VALUE.test(valueText)) throw new Error(`not a value: ${line}`);
  const labels: Record<string, string> = {};
  LABEL.lastIndex = 0;
  while (LABEL.lastIndex < labelText.length) {
    const [, label = '', text = ''] = LABEL.exec(labelText) ?? [];
    if (label === '') throw new Error(`not labels: ${line}`);
    if (label in labels) throw new Error(`a label stands twice: ${line}`);
    labels[label] = text.replaceAll(/\\(.)/g, (_, escaped) => (escaped === 'n' ? '\n' : String(escaped)));
  }
  return { name, labels, value: Number(valueText.replace('Inf', 'Infinity')) };
}

function identityOf({ name, labels }: Pick<Sample, 'name' | 'labels'>): string {
  return JSON.stringify([name, Object.entries(labels).sort(([one], [other]) => (one < other ? -1 : 1))]);
}

function assertBelongs({ name, value, labels }: Sample, family: Family): void {
  const suffixes = family.type === 'histogram' ? ['_bucket', '_sum', '_count'] : [''];
  if (!suffixes.some((suffix) => name === family.name + suffix)) {
    throw new Error(`${name} stands under ${family.name}`);
  }
  if (family.type !== 'gauge' && !(value >= 0)) throw new Error(`${name} is ${value}`);
  if (name.endsWith('_bucket') !== 'le' in labels) throw new Error(`${name} and le do not go together`);
}

/** Of each set of labels: buckets that rise up to +Inf, which is the count, and a sum. */
function assertHistogram({ name, samples }: Family): void {
  const bare = ({ labels }: Sample) =>
    JSON.stringify(Object.entries(labels).filter(([label]) => label !== 'le'));
  for (const set of new Set(samples.map(bare))) {
    const members = samples.filter((sample) => bare(sample) === set);
    const buckets = members.filter((sample) => 'le' in sample.labels);
    const bounds = buckets.map(({ labels }) => Number(labels['le']?.replace('Inf', 'Infinity')));
    const counts = buckets.map(({ value }) => value);
    const isRising = (numbers: number[]) => numbers.every((each, at) => each >= (numbers[at - 1] ?? -1));
    const isWhole = members.some((sample) => sample.name === `${name}_sum`) && bounds.at(-1) === Infinity;
    const count = members.find((sample) => sample.name === `${name}_count`)?.value;
    if (!isWhole || !isRising(bounds) || !isRising(counts) || counts.at(-1) !== count) {
      throw new Error(`the histogram ${name} of ${set} is not whole`);
    }
  }
}
