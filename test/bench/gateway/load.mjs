/**
 * Makes the calls and measures them; a process of its own, told by its parent what to do, one thing after the other.
 * Times are in milliseconds.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { open } from './sessions.mjs';

const WARM_UP_CALLS = 1;
const POLL_MS = 3;
/** A call that is paced and takes longer has failed. */
const PATIENCE_MS = 3000;

const held = [];

const quantile = (values, share) => {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
};

/** One call. @throws Error when it has no good answer */
async function call(session, name) {
  const { content, isError } = await session.request('tools/call', { name, arguments: { message: 'hello' } });
  if (isError || !content?.[0]?.text) throw new Error(content?.[0]?.text ?? 'no content');
}

/** As many calls as there is time for, so many at once. */
async function calls({ target, inFlight, ms }) {
  const session = await open(target);
  for (let warm = 0; warm < WARM_UP_CALLS; warm += 1)
    await Promise.all(Array.from({ length: inFlight }, () => call(session, target.tool)));
  const took = [];
  const from = performance.now();
  const end = from + ms;
  await Promise.all(
    Array.from({ length: inFlight }, async () => {
      for (let at = performance.now(); at < end;) {
        await call(session, target.tool);
        const now = performance.now();
        took.push(now - at);
        at = now;
      }
    }),
  );
  const elapsed = performance.now() - from;
  await session.close();
  return {
    p50: quantile(took, 0.5),
    p99: quantile(took, 0.99),
    msPerCall: elapsed / took.length,
    made: took.length + WARM_UP_CALLS * inFlight,
  };
}

/** Sessions of those who call again and again, so that none is opened while a backend does harm. */
const lasting = new Map();
async function greet({ targets }) {
  for (const target of targets) await lastingSession(target);
}
async function leave() {
  for (const session of lasting.values()) session.agent?.destroy();
  lasting.clear();
}
async function lastingSession(target) {
  const key = JSON.stringify(target);
  if (!lasting.has(key)) lasting.set(key, await open(target));
  return lasting.get(key);
}

/** A call to each target every so often, whether or not the last one is answered. */
async function paced({ targets, everyMs, ms }) {
  const lanes = [];
  for (const target of targets)
    lanes.push({ target, session: await lastingSession(target), took: [], inTime: 0, failed: 0 });
  const out = new Set();
  const from = performance.now();
  const end = from + ms;
  for (let turn = 1; performance.now() < end; turn += 1) {
    for (const lane of lanes) {
      const at = performance.now();
      const late = AbortSignal.timeout(PATIENCE_MS);
      const made = Promise.race([
        call(lane.session, lane.target.tool).then(() => true),
        new Promise((resolve) => late.addEventListener('abort', () => resolve(false))),
      ])
        .catch(() => false)
        .then((isAnswered) => {
          const now = performance.now();
          lane.took.push(now - at);
          if (!isAnswered) lane.failed += 1;
          else if (now < end) lane.inTime += 1;
          out.delete(made);
        });
      out.add(made);
    }
    await pause(Math.max(0, from + turn * everyMs - performance.now()));
  }
  await Promise.all(out);
  return lanes.map(({ took, inTime, failed }) => ({
    failed,
    calls: took.length,
    perSecond: (inTime / ms) * 1000,
    p50: quantile(took, 0.5),
    p99: quantile(took, 0.99),
  }));
}

/** A call every so often, of which nothing is expected, until told to stop. */
let pestering;
async function pester({ target, everyMs, atOnce }) {
  const session = await lastingSession(target);
  const state = { running: true, out: 0, calls: 0 };
  const loop = (async () => {
    while (state.running) {
      if (state.out < atOnce) {
        state.out += 1;
        state.calls += 1;
        call(session, target.tool)
          .catch(() => {})
          .finally(() => (state.out -= 1));
      }
      await pause(everyMs);
    }
  })();
  pestering = { state, loop };
}
async function relent() {
  pestering.state.running = false;
  await pestering.loop;
  return { calls: pestering.state.calls };
}

/** The whole list, page by page. */
async function list({ target, times }) {
  const session = await open(target);
  const found = { ms: Infinity, tools: 0, bytes: 0, pages: 0 };
  for (let time = 0; time < times; time += 1) {
    const before = session.bytes;
    const from = performance.now();
    let cursor;
    let tools = 0;
    let pages = 0;
    do {
      const page = await session.request('tools/list', cursor === undefined ? {} : { cursor });
      tools += page.tools.length;
      pages += 1;
      cursor = page.nextCursor;
    } while (cursor !== undefined);
    found.ms = Math.min(found.ms, performance.now() - from);
    Object.assign(found, { tools, pages, bytes: session.bytes - before });
  }
  await session.close();
  return found;
}

/** Sessions that stay, each of which has made a call. */
async function hold({ target, count }) {
  for (let opened = 0; opened < count; opened += 1) {
    const session = await open(target);
    await call(session, target.tool);
    // The connection is not what is counted.
    session.agent?.destroy();
    held.push(session);
  }
  return { count };
}
async function drop() {
  for (const session of held.splice(0)) await session.close();
}

/** When it first answers, since a moment of the clock that all processes share. */
async function first({ target, sinceMs, patienceMs }) {
  const elapsed = () => performance.timeOrigin + performance.now() - sinceMs;
  const attempt = async (what) => {
    for (;;) {
      try {
        return await what();
      } catch (error) {
        if (elapsed() > patienceMs) throw error;
        await pause(POLL_MS);
      }
    }
  };
  const session = await attempt(() => open(target));
  const initialized = elapsed();
  await attempt(() => call(session, target.tool));
  const called = elapsed();
  await session.close();
  return { initialized, called };
}

const DEEDS = { calls, greet, leave, paced, pester, relent, list, hold, drop, first };

process.on('message', async ({ id, what, args }) => {
  try {
    process.send({ id, value: (await DEEDS[what](args)) ?? null });
  } catch (error) {
    process.send({
      id,
      error: `${what} of ${JSON.stringify(args?.target ?? args?.targets)}: ${error.message}`,
    });
  }
});
// The probe lets a process end that nothing else holds; this one waits to be told.
process.channel.ref();
process.send({ ready: true });
