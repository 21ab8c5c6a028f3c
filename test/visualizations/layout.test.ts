import { beforeAll, describe, expect, it } from 'vitest';
import { charts } from '../../visualizations/drawing/drawings.js';
import { layout } from '../../visualizations/drawing/layout.js';
import { PADDING, placedWithin, sizeOf } from '../../visualizations/drawing/picture.js';
import type { Box, Picture } from '../../visualizations/drawing/picture.js';

describe.each([...charts()])('the picture of %s', (_, chart) => {
  let picture: Picture;
  beforeAll(async () => {
    picture = await layout(chart);
  });

  it('has no two texts that overlap, and none on a state that it is not of [R33]', () => {
    const texts = textsOf(picture);
    expect(overlaps(texts)).toEqual([]);
    const [name, box] = [...texts][0]!;
    expect(overlaps(new Map([...texts, [`${name} again`, { ...box, x: box.x + 1 }]]))).not.toEqual([]);
  });

  it('has no text that leaves the canvas [R33]', () => {
    const canvas = { x: 0, y: 0, width: picture.width, height: picture.height };
    const outside = [...textsOf(picture)].filter(([, box]) => !holds(canvas, box));
    expect(outside).toEqual([]);
  });

  it('has every text within the box that is drawn for it [R33]', () => {
    for (const { text, box } of labelsOf(picture)) {
      expect(text.width + 2 * PADDING.label).toBeLessThanOrEqual(box.width);
      expect(text.height + 2 * PADDING.label).toBeLessThanOrEqual(box.height);
    }
    for (const { content, header, box, children } of placedWithin(picture.state)) {
      expect(sizeOf(content).width).toBeLessThanOrEqual(header.width + 0.01);
      expect(holds(box, { ...header, height: 1 })).toBe(true);
      for (const child of children) expect(holds(box, child.box)).toBe(true);
    }
  });

  it('has no text across the border of a state [R33]', () => {
    const across = placedWithin(picture.state).flatMap(({ state, box }) =>
      state.states.length === 0
        ? []
        : [...textsOf(picture)].filter(
            ([, text]) => overlap(text, box) && !holds(box, text) && !holds(text, box),
          ),
    );
    expect(across.map(([name]) => name)).toEqual([]);
  });

  it('has no line through a text, but the one that the text is of [R33]', () => {
    const crossed = picture.edges.flatMap(({ points, label }) =>
      [...textsOf(picture)].filter(
        ([, box]) =>
          box !== label?.box &&
          points.some((point, index) => {
            const before = points[index - 1];
            if (!before) return false;
            const [x, y] = [Math.min(point.x, before.x), Math.min(point.y, before.y)];
            const [width, height] = [Math.abs(point.x - before.x), Math.abs(point.y - before.y)];
            return overlap({ x, y, width, height }, inner(box));
          }),
      ),
    );
    expect(crossed.map(([name]) => name)).toEqual([]);
  });
});

function labelsOf({ edges }: Picture) {
  return edges.flatMap(({ label }) => label ?? []);
}

/** Boxes that stand by themselves: labels of arrows, states without substates, and the text of the others. */
function textsOf(picture: Picture): ReadonlyMap<string, Box> {
  const states = placedWithin(picture.state).flatMap(({ state, box, header, pill, content }) => {
    const { width, height } = sizeOf(content);
    const own = state.states.length === 0 ? box : { ...header, width, height: height - PADDING.y };
    return [[state.id, own] as const, ...(pill ? [[`any of ${state.id}`, pill.box] as const] : [])];
  });
  const labels = picture.edges.flatMap(({ label, transitions }) =>
    label ? [[`label of ${transitions[0]?.id ?? ''}`, label.box] as const] : [],
  );
  return new Map([...states, ...labels]);
}

function overlaps(boxes: ReadonlyMap<string, Box>): readonly string[] {
  const all = [...boxes];
  return all.flatMap(([name, box], index) =>
    all.slice(index + 1).flatMap(([other, its]) => (overlap(box, its) ? [`${name} and ${other}`] : [])),
  );
}

function overlap(a: Box, b: Box): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}

function holds(outer: Box, { x, y, width, height }: Box): boolean {
  return (
    x >= outer.x &&
    y >= outer.y &&
    x + width <= outer.x + outer.width + 0.01 &&
    y + height <= outer.y + outer.height + 0.01
  );
}

/** Arrows begin and end at the border. */
function inner({ x, y, width, height }: Box): Box {
  return { x: x + 1, y: y + 1, width: width - 2, height: height - 2 };
}
