import { describe, expect, it } from 'vitest';
import { findScenario } from '../../src/simulate/scenario-file.js';
import { drawSimulation } from '../../src/simulate/drawing.js';
import { simulate } from '../../src/simulate/simulate.js';
import { failureHandling, load } from '../config/sample.js';
import { DEFAULTS, scenario } from './simulated.js';

const OFF = failureHandling('circuitBreaker: {enabled: false}');

async function drawn(texts: readonly string[], asked: Parameters<typeof simulate>[1]): Promise<string> {
  return drawSimulation(
    await simulate(
      texts.map((text) => load(text)),
      asked,
    ),
  );
}

/** Refuses what an XML parser would: tags that do not match, attributes without quotes, bare `&` and `<`. */
function refuseMalformed(svg: string): void {
  const open: string[] = [];
  const rest = svg.replaceAll(
    /<(\/?)([a-z]+)((?: [\w:-]+="[^"<&]*(?:&#\d+;[^"<&]*)*")*)(\/?)>/gi,
    (_, end, name, __, empty) => {
      if (end) expect(open.pop()).toBe(name);
      else if (!empty) open.push(name as string);
      return '';
    },
  );
  expect(open).toEqual([]);
  expect(rest).not.toMatch(/[<>]|&(?!#\d+;)/);
}

describe('the picture of a simulation', () => {
  it.each(['crash', 'hang', 'slow', 'flap', 'errors', 'relapse'])(
    'of %s is well-formed, and needs nothing from elsewhere [R31]',
    async (name) => {
      const svg = await drawn([DEFAULTS], findScenario(name));
      refuseMalformed(svg);
      expect(svg).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" viewBox="0 0 1160 \d+"/);
      expect(svg).not.toMatch(/<script|href|url\((?!#)|@import|<image|<foreignObject/);
    },
  );

  it('shows every lane, the times, the figures and what the colours mean [R31]', async () => {
    const svg = await drawn([DEFAULTS], findScenario('crash'));
    const texts = [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(([, text]) => text);
    expect(texts).toEqual(expect.arrayContaining(['backend', 'health', 'circuit', 'attempts', 'calls']));
    expect(texts).toEqual(expect.arrayContaining(['0s', '20s', '1m', '1m20s', '2m', '3m']));
    expect(texts).toEqual(expect.arrayContaining(['down', 'unhealthy', 'open', 'closed', 'degraded']));
    expect(texts).toEqual(expect.arrayContaining(['451ms', '30.55s', '595', '5', '1200']));
    expect(texts).toEqual(expect.arrayContaining(['half-open', 'refused']));
    expect(svg).toContain('@media(prefers-color-scheme:dark)');
    expect(svg).toContain('circuit: half-open from 1m10.451s to 1m10.452s');
  });

  it('tells who cannot see it the same, in words [R31]', async () => {
    const svg = await drawn([DEFAULTS], findScenario('crash'));
    expect(svg).toContain('role="img" aria-labelledby="title desc"');
    expect(svg).toContain('<title id="title">Simulated outage crash: it refuses');
    const [, description] = /<desc id="desc">([^<]*)</.exec(svg) ?? [];
    expect(description).toContain('The backend is down from 10s to 1m40s.');
    expect(description).toContain('circuit opened after: 451ms');
    expect(description).toContain('calls refused: 1200 (66.7%)');
  });

  it('compares two on one scale, and says where there is no breaker [R11]', async () => {
    const svg = await drawn([DEFAULTS, OFF], findScenario('crash'));
    refuseMalformed(svg);
    expect(svg.match(/>circuit<\/text>/g)).toHaveLength(2);
    expect(svg).toContain('every call is admitted</text>');
    expect(svg).toContain('none: the circuit breaker is disabled</text>');
  });

  it('of several phases the worst is told [R31]', async () => {
    const svg = await drawn([DEFAULTS], findScenario('relapse'));
    expect(svg).toContain('>back, at worst</text>');
    expect(svg).not.toContain('>back, after recovery</text>');
  });

  it('names from elsewhere are text, and nothing else [R36]', async () => {
    const name = '</text><script>alert("1")</script>\u0007&amp;';
    const svg = await drawn([DEFAULTS], scenario({ name, description: name }));
    refuseMalformed(svg);
    expect(svg).not.toContain('<script');
  });
});
