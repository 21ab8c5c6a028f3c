/** Attributes of an element; what is undefined is left out. */
type Attributes = Readonly<Record<string, string | number | undefined>>;

/** Characters of a text that are drawn. */
const MAX_TEXT = 120;

/** One element of SVG. Its content is markup: texts in it have been through `escaped`. */
export function element(name: string, attributes: Attributes, ...content: readonly string[]): string {
  const written = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}="${typeof value === 'number' ? short(value) : escaped(value ?? '')}"`)
    .join('');
  return content.length === 0 ? `<${name}${written}/>` : `<${name}${written}>${content.join('')}</${name}>`;
}

/** A line of text. */
export function text(x: number, y: number, of: string, attributes: Attributes = {}): string {
  return element('text', { x, y, ...attributes }, escaped(of));
}

/** A rectangle that says what it is when it is pointed at. */
export function bar(
  box: Readonly<Record<'x' | 'y' | 'width' | 'height', number>> & { readonly rx?: number },
  className: string,
  title: string,
): string {
  return element('rect', { ...box, class: className }, element('title', {}, escaped(title)));
}

/** Text from anywhere, fit for XML: cut, and without what XML 1.0 or a reader could not bear. */
export function escaped(of: string): string {
  const cut = of.length > MAX_TEXT ? `${of.slice(0, MAX_TEXT)}…` : of;
  return cut
    .replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}]/gu, '�')
    .replace(/[&<>"']/g, (char) => `&#${char.codePointAt(0) ?? 0};`);
}

/** Tenths of a pixel are enough. */
function short(value: number): string {
  return String(Math.round(value * 10) / 10);
}
