/** The literal parts of a URI template at its two ends; what lies between them is not looked at. */
interface Ends {
  readonly head: string;
  readonly tail: string;
}

/**
 * The template that a URI most likely came from: both its literal ends match, and no other matches more characters.
 * At a tie the first. Templates are data of backends, so they are compared as text in linear time, never compiled:
 * a template that matches too much costs a "not found" from its backend, one that explodes would cost the gateway.
 *
 * @param templates sorted, so that equal sets give equal answers
 */
export function matchTemplate(uri: string, templates: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestLength = -1;
  for (const template of templates) {
    const { head, tail } = endsOf(template);
    const length = head.length + tail.length;
    const matches = uri.length >= length && uri.startsWith(head) && uri.endsWith(tail);
    if (matches && length > bestLength) {
      best = template;
      bestLength = length;
    }
  }
  return best;
}

function endsOf(template: string): Ends {
  const open = template.indexOf('{');
  const close = template.lastIndexOf('}');
  if (open === -1 || close < open) return { head: template, tail: '' };
  return { head: template.slice(0, open), tail: template.slice(close + 1) };
}
