/** How text is set: sizes in pixels. Widths are those of the widest of the usual fonts, so that text always fits. */
export const FONTS = {
  heading: { size: 20, lineHeight: 26, mono: false, bold: true },
  title: { size: 14, lineHeight: 20, mono: false, bold: true },
  prose: { size: 11.5, lineHeight: 16, mono: false, bold: false },
  code: { size: 11, lineHeight: 16, mono: true, bold: false },
} as const;

export type Font = keyof typeof FONTS;

/** A word, or what is never broken, and what it is. */
export interface Span {
  readonly text: string;
  readonly kind: 'title' | 'heading' | 'prose' | 'cause' | 'guard' | 'action' | 'note';
  /** The transition that the word stands for. */
  readonly transition?: string;
}

export interface Line {
  readonly spans: readonly Span[];
  readonly font: Font;
  /** From the left edge of the text. */
  readonly indent: number;
}

const NARROW = new Set("iljtfrI.,:;'|!()[]/ ");
const WIDE = new Set('mwMWQO%@&—');

/** Width of a text in pixels, at most. */
function widthOf(text: string, font: Font): number {
  const { size, mono, bold } = FONTS[font];
  if (mono) return text.length * size * 0.6025;
  const units = Array.from(text).reduce(
    (sum, char) => sum + (NARROW.has(char) ? 0.39 : WIDE.has(char) ? 0.95 : /[A-Z]/.test(char) ? 0.7 : 0.62),
    0,
  );
  return units * size * (bold ? 1.09 : 1);
}

/** Width of a line, its indent included. */
function lineWidth({ spans, font, indent }: Line): number {
  return indent + widthOf(spans.map(({ text }) => text).join(' '), font);
}

/** Lines of at most so many pixels; a word that is longer stands by itself. Later lines are indented. */
export function wrap(spans: readonly Span[], font: Font, maxWidth: number, indent = 0): readonly Line[] {
  const lines: Line[] = [];
  let current: Span[] = [];
  for (const span of spans) {
    const line = { spans: [...current, span], font, indent: lines.length > 0 ? indent : 0 };
    if (current.length > 0 && lineWidth(line) > maxWidth) {
      lines.push({ ...line, spans: current });
      current = [span];
    } else current = [...line.spans];
  }
  if (current.length > 0) lines.push({ spans: current, font, indent: lines.length > 0 ? indent : 0 });
  return lines;
}

/** The same, in lines of much the same length. */
export function balanced(spans: readonly Span[], font: Font, maxWidth: number): readonly Line[] {
  const atMost = wrap(spans, font, maxWidth);
  let best = atMost;
  for (let width = maxWidth - 4; width > maxWidth / 2; width -= 4) {
    const lines = wrap(spans, font, width);
    if (lines.length > atMost.length || Math.max(...lines.map(lineWidth)) > maxWidth) break;
    best = lines;
  }
  return best;
}

/** Each word of a text as a span. */
export function words(text: string, kind: Span['kind']): readonly Span[] {
  return text.split(' ').map((word) => ({ text: word, kind }));
}

export interface Block {
  readonly lines: readonly Line[];
  readonly width: number;
  readonly height: number;
}

export function blockOf(lines: readonly Line[]): Block {
  return {
    lines,
    width: Math.ceil(Math.max(0, ...lines.map(lineWidth))),
    height: lines.reduce((sum, { font }) => sum + FONTS[font].lineHeight, 0),
  };
}
