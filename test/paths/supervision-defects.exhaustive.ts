import { afterAll, describe, expect, it } from 'vitest';
import { DEFECTS_OF_SUPERVISION } from '../model/defects-of-supervision.js';
import { patchedEngine } from '../model/patched.js';
import { note, table } from '../model/report.js';
import { caughtBy } from '../model/supervision/walk.js';

describe('a planted defect of supervision', () => {
  const rows: string[][] = [];

  it.each(DEFECTS_OF_SUPERVISION)('$id, $what, is caught [R34]', async ({ id, what, patches }) => {
    const found = await caughtBy(await patchedEngine(id, patches));
    expect(found).toBeDefined();
    rows.push([id, what, found?.region ?? '']);
    expect(found?.message).toMatch(/path: [^]*step \d+/);
  });

  afterAll(() => {
    const head = ['in the catalogue', 'defect', 'caught by'];
    const title = `${rows.length} of ${DEFECTS_OF_SUPERVISION.length} planted defects of supervision are caught`;
    note(75, `## ${title}\n\n${table(head, rows)}`);
  });
});
