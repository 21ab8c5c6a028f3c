/** What an expression of PromQL asks for. Not a parser: it takes away what is no name, and what is left must be known. */
export interface Asked {
  readonly metrics: readonly string[];
  readonly labels: readonly string[];
  /** Values that labels are compared with, without variables of a dashboard. */
  readonly values: readonly { readonly label: string; readonly value: string }[];
  /** Labels that the expression makes itself. */
  readonly made: readonly string[];
}

const NO_METRICS = new Set(['and', 'or', 'unless', 'bool', 'offset', 'inf', 'nan']);
const GROUPING = /\b(?:by|without|on|ignoring|group_left|group_right)\s*\(([^)]*)\)/g;
const MATCHERS = /\{([^}]*)\}/g;
const MATCHER = /([a-zA-Z_]\w*)\s*(=~|!~|!=|=)\s*"([^"]*)"/g;
const MADE = /\blabel_replace\(.*?,\s*"(\w+)"/g;

/** @throws where brackets do not match, or braces hold something else than matchers */
export function askedBy(expr: string): Asked {
  assertBalanced(expr);
  const labels: string[] = [];
  const values: { label: string; value: string }[] = [];
  const made = [...expr.matchAll(MADE)].map(([, label = '']) => label);
  for (const [whole, inside = ''] of expr.matchAll(MATCHERS)) {
    const found = [...inside.matchAll(MATCHER)];
    if (inside.replaceAll(MATCHER, '').replaceAll(/[\s,]/g, '') !== '')
      throw new Error(`${whole} in ${expr}`);
    for (const [, label = '', , text = ''] of found) {
      labels.push(label);
      if (!text.includes('$')) values.push(...text.split('|').map((value) => ({ label, value })));
    }
  }
  for (const [, names = ''] of expr.matchAll(GROUPING)) {
    labels.push(...names.split(',').flatMap((name) => name.trim() || []));
  }
  const bare = expr
    .replaceAll(MATCHERS, '')
    .replaceAll(GROUPING, '')
    .replaceAll(/"[^"]*"/g, '')
    .replaceAll(/\[[^\]]*\]/g, '')
    .replaceAll(/\b[a-z_]+\s*\(/g, '(')
    .replaceAll(/\b(?:sum|max|min|count|avg)\b/g, '');
  const metrics = [...bare.matchAll(/[a-zA-Z_:][\w:]*/g)].map(([name]) => name);
  return { metrics: metrics.filter((name) => !NO_METRICS.has(name)), labels, values, made };
}

function assertBalanced(expr: string): void {
  const closing: Readonly<Record<string, string>> = { '(': ')', '{': '}', '[': ']' };
  const open: string[] = [];
  for (const char of expr.replaceAll(/"[^"]*"/g, '')) {
    const close = closing[char];
    if (close !== undefined) open.push(close);
    else if (Object.values(closing).includes(char) && open.pop() !== char)
      throw new Error(`brackets: ${expr}`);
  }
  if (open.length > 0) throw new Error(`brackets: ${expr}`);
}
