import { afterAll, describe, expect, it } from 'vitest';
import { createEngine } from '../../src/create-engine.js';
import { caught } from '../model/battery.js';
import { patchedEngine } from '../model/patched.js';
import { note, table } from '../model/report.js';
import { DEFECTS, SENDS_EVERYTHING } from '../model/seeded.js';

describe('a planted defect', () => {
  const rows: string[][] = [];

  it.each(DEFECTS)('$id, $what, is caught [R34]', async ({ id, what, patches }) => {
    const found = await caught(await patchedEngine(id, patches));
    expect(found).toBeDefined();
    rows.push([id, what, found?.stage ?? '']);
    expect(found?.message).toMatch(/path: [^]*step \d+/);
  });

  it('is not seen in the engine as shipped [R34]', async () => {
    expect(await caught(createEngine)).toBeUndefined();
  });

  it('is not seen in the engine that sends every outcome [R34]', async () => {
    expect(await caught(await patchedEngine('sends-everything-too', SENDS_EVERYTHING))).toBeUndefined();
  });

  afterAll(() => {
    const head = ['in the catalogue', 'defect', 'caught by'];
    note(70, `## ${rows.length} of ${DEFECTS.length} planted defects are caught\n\n${table(head, rows)}`);
  });
});
