// @ts-check
(() => {
  'use strict';

  const PLOT_SECONDS = 60;
  const MAX_KEPT_EVENTS = 5000;
  const RETRY_MS = 1000;
  /** A stream that has said nothing for so long is lost: it says at least every 15 s that it is there. */
  const SILENCE_MS = 40_000;
  /** How a state looks: a class for each word, the same for pills, cards and lanes. */
  const LOOKS = {
    ...{ closed: 'good', healthy: 'good', Ready: 'good', disabled: 'idle', unknown: 'idle', Pending: 'idle' },
    ...{ degraded: 'warn', Degraded: 'warn', isolated: 'warn', unauthenticated: 'warn', restarting: 'warn' },
    ...{
      open: 'bad',
      unhealthy: 'bad',
      Failed: 'bad',
      'gave up': 'bad',
      draining: 'idle',
      'half-open': 'probe',
    },
  };
  const TROUBLE = ['bad', 'probe', 'warn', 'idle', 'good'];

  /** By name: what is known of a backend, and its card. */
  const backends = new Map();
  /** By backend: its events, oldest first. */
  const histories = new Map();
  let selected;
  let minutes = 5;
  /** What the clock of the gateway is ahead of this one's, in milliseconds. */
  let skewMs = 0;

  const find = (id) => document.getElementById(id);
  /** @type {(selector: string) => HTMLElement[]} */
  const all = (selector) =>
    [...document.querySelectorAll(selector)].map((node) => /** @type {HTMLElement} */ (node));
  const filter = /** @type {HTMLInputElement} */ (find('filter'));
  const sort = /** @type {HTMLSelectElement} */ (find('sort'));
  const token = /** @type {HTMLInputElement} */ (find('token'));
  const entered = /** @type {HTMLInputElement} */ (find('entered'));
  const dialog = /** @type {HTMLDialogElement} */ (find('detail'));
  const now = () => Date.now() + skewMs;

  function element(tag, className, text) {
    const made = document.createElement(tag);
    if (className) made.className = className;
    if (text !== undefined) made.textContent = text;
    return made;
  }

  function shape(tag, attributes) {
    const made = document.createElementNS('http://www.w3.org/2000/svg', tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value));
    return made;
  }

  function setText(node, text) {
    if (node.textContent !== text) node.textContent = text;
  }

  function pill(word, text = word) {
    return element('span', `pill ${LOOKS[word] ?? ''}`, text);
  }

  function duration(ms) {
    const seconds = Math.max(0, Math.round(ms / 1000));
    if (seconds < 60) return `${seconds} s`;
    if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
    const hours = Math.floor(seconds / 3600);
    return hours < 48
      ? `${hours} h ${Math.floor((seconds % 3600) / 60)} min`
      : `${Math.floor(hours / 24)} days`;
  }

  /** The one word that matters most of a backend: its supervisor's, its circuit's, or its health's. */
  function wordOf({ supervision, circuit, health }) {
    if (supervision === 'gaveUp') return 'gave up';
    if (supervision !== 'running') return supervision;
    return circuit === undefined || circuit === 'closed' ? health : circuit;
  }

  // ------------------------------------------------------------------------------------------------ data

  function take(card) {
    let known = backends.get(card.name);
    if (!known) {
      known = { samples: [], node: makeCard(card.name) };
      backends.set(card.name, known);
    }
    known.card = card;
    known.look = LOOKS[wordOf(card)] ?? 'idle';
  }

  /** Once a second: what became of the calls of the last second. */
  function sample() {
    for (const known of backends.values()) {
      const { calls, latency } = known.card;
      const before = known.before ?? known.card;
      known.samples.push({
        ok: Math.max(0, calls.succeeded - before.calls.succeeded),
        failed: Math.max(0, calls.failed - before.calls.failed),
        refused: Math.max(0, calls.refused - before.calls.refused),
        ms:
          latency.calls > before.latency.calls
            ? (latency.ms - before.latency.ms) / (latency.calls - before.latency.calls)
            : undefined,
      });
      if (known.samples.length > PLOT_SECONDS) known.samples.shift();
      known.before = known.card;
    }
  }

  function remember(event) {
    const history = histories.get(event.backend) ?? [];
    if (history.at(-1)?.sequence >= event.sequence) history.length = 0;
    history.push(event);
    if (history.length > MAX_KEPT_EVENTS) history.shift();
    histories.set(event.backend, history);
  }

  // ----------------------------------------------------------------------------------------------- cards

  function makeCard(name) {
    const item = element('li');
    const button = element('button', 'card');
    button.type = 'button';
    button.addEventListener('click', () => show(name));
    const pills = element('span', 'pills');
    const plots = element('span', 'plots');
    const calls = plot('calls of the last minute');
    const times = plot('latency of the last minute');
    plots.append(calls.box, times.box);
    const foot = element('span', 'foot');
    const [since, why] = [element('span'), element('span')];
    foot.append(since, why);
    button.append(element('span', 'name', name), pills, plots, foot);
    item.append(button);
    return { item, button, pills, calls, times, since, why };
  }

  function plot(label) {
    const box = element('span');
    const picture = shape('svg', {
      viewBox: `0 0 ${PLOT_SECONDS} 30`,
      preserveAspectRatio: 'none',
      role: 'img',
      'aria-label': label,
    });
    const figure = element('span', 'figure');
    box.append(picture, figure);
    return { box, picture, figure };
  }

  function paintCard({ card, look, samples, node }) {
    node.button.className = `card is-${look}`;
    const words = [wordOf(card)];
    if (card.circuit && !words.includes(card.circuit)) words.push(`circuit ${card.circuit}`);
    if (!words.includes(card.health) && card.supervision === 'running')
      words.push(`last seen ${card.health}`);
    const shown = words.join('|');
    if (node.shown !== shown) {
      node.shown = shown;
      const [first, ...rest] = words;
      const next = element('span', 'quiet');
      node.next = next;
      node.pills.replaceChildren(pill(first), ...rest.map((text) => element('span', 'pill', text)), next);
    }
    const wait = card.nextAt === undefined ? undefined : Date.parse(card.nextAt) - now();
    const awaits = card.circuit === 'open' || card.supervision === 'restarting';
    setText(node.next, awaits && wait !== undefined ? `next attempt in ${duration(wait)}` : '');
    setText(node.since, `for ${duration(now() - Date.parse(card.since))}`);
    const failures = card.failures > 0 ? `${card.failures} failed in a row` : '';
    setText(node.why, [failures, look === 'good' ? '' : (card.category ?? '')].filter(Boolean).join(' · '));
    paintPlots(node, samples);
  }

  function paintPlots({ calls, times }, samples) {
    const most = Math.max(1, ...samples.map(({ ok, failed, refused }) => ok + failed + refused));
    const start = PLOT_SECONDS - samples.length;
    const paths = { ok: '', failed: '', refused: '' };
    samples.forEach((entry, index) => {
      let top = 30;
      for (const kind of ['ok', 'failed', 'refused']) {
        const height = (entry[kind] / most) * 28;
        if (height > 0) paths[kind] += `M${start + index} ${top}v${-height}h.8v${height}z`;
        top -= height;
      }
    });
    calls.picture.replaceChildren(
      ...Object.entries(paths).map(([kind, d]) => shape('path', { class: kind, d })),
    );
    const sum = (kind) => samples.slice(-10).reduce((total, entry) => total + entry[kind], 0);
    const [ok, failed, refused] = [sum('ok'), sum('failed'), sum('refused')];
    const seconds = Math.max(1, Math.min(10, samples.length));
    const bad =
      ok + failed + refused === 0
        ? ''
        : ` · ${Math.round((100 * (failed + refused)) / (ok + failed + refused))} % not served`;
    setText(calls.figure, `${round((ok + failed + refused) / seconds)} calls/s${bad}`);

    const known = samples.map(({ ms }) => ms);
    const slowest = Math.max(1, ...known.filter((ms) => ms !== undefined));
    let line = '';
    let isDown = false;
    known.forEach((ms, index) => {
      if (ms !== undefined) line += `${isDown ? 'L' : 'M'}${start + index} ${29 - (ms / slowest) * 27}`;
      isDown = ms !== undefined;
    });
    times.picture.replaceChildren(shape('path', { class: 'latency', d: line }));
    const last = known.filter((ms) => ms !== undefined).at(-1);
    setText(times.figure, last === undefined ? 'no answers yet' : `${round(last)} ms`);
  }

  function round(value) {
    return value >= 10 ? String(Math.round(value)) : String(Math.round(value * 10) / 10);
  }

  /** Puts the cards into their order; nodes that stay where they are keep their focus. */
  function arrange() {
    const wanted = filter.value.trim().toLowerCase();
    const by = sort.value;
    const rate = ({ samples }) =>
      samples.slice(-10).reduce((total, { ok, failed, refused }) => total + ok + failed + refused, 0);
    const list = [...backends.values()].filter(({ card }) =>
      [card.name, wordOf(card), card.circuit, card.health, card.category, card.transport].some((text) =>
        text?.toLowerCase().includes(wanted),
      ),
    );
    const byName = (one, other) => (one.card.name < other.card.name ? -1 : 1);
    list.sort((one, other) => {
      if (by === 'trouble')
        return TROUBLE.indexOf(one.look) - TROUBLE.indexOf(other.look) || byName(one, other);
      return (by === 'calls' && rate(other) - rate(one)) || byName(one, other);
    });
    const parent = find('backends');
    list.forEach(({ node: { item } }, index) => {
      const there = parent.children[index];
      if (there !== item) parent.insertBefore(item, there ?? null);
    });
    while (parent.children.length > list.length) parent.lastElementChild.remove();
    find('none').hidden = list.length > 0 || backends.size === 0;
  }

  function paint() {
    for (const known of backends.values()) paintCard(known);
    if (selected !== undefined) paintDetail();
  }

  // ---------------------------------------------------------------------------------------------- detail

  function show(name) {
    selected = name;
    setText(find('detail-name'), name);
    setText(find('said'), '');
    dialog.showModal();
    paintDetail();
    void learn();
  }

  dialog.addEventListener('close', () => (selected = undefined));
  find('close').addEventListener('click', () => dialog.close());
  dialog.addEventListener('click', (event) => {
    if (event.target === dialog) dialog.close();
  });

  /** What is not in the stream: tools, and failed calls. */
  async function learn() {
    const name = selected;
    try {
      const answer = await fetch(`api/backends/${encodeURIComponent(name)}/details`, {
        headers: credentials(),
      });
      const { tools = [], failedCalls = [] } = await answer.json();
      if (name !== selected) return;
      const rows = failedCalls.map(({ time, request, category, ms }) =>
        element(
          'li',
          '',
          `${new Date(time).toLocaleTimeString()}  ${request}: ${category}, after ${duration(ms) === '0 s' ? `${Math.round(ms)} ms` : duration(ms)}`,
        ),
      );
      find('failed').replaceChildren(...(rows.length > 0 ? rows : [element('li', 'quiet', 'none')]));
      const names = tools.map((tool) => element('li', '', tool));
      find('tools').replaceChildren(...(names.length > 0 ? names : [element('li', 'quiet', 'none known')]));
    } catch {
      // The gateway is away; the stream says so.
    }
  }

  function paintDetail() {
    const known = backends.get(selected);
    if (!known) return dialog.close();
    const { card } = known;
    const parts = [
      card.transport,
      card.url ?? (card.pid === undefined ? undefined : `process ${card.pid}`),
      `${card.tools} tools`,
      `${card.calls.inFlight} calls out`,
      card.restarts > 0 ? `${card.restarts} restarts` : undefined,
    ];
    const line = find('detail-state');
    const text = parts.filter(Boolean).join(' · ');
    if (line.dataset.shown !== text + known.node.shown) {
      line.dataset.shown = text + known.node.shown;
      line.replaceChildren(pill(wordOf(card)), ` ${text}`);
    }
    paintChart(card);
    paintTimeline();
  }

  function paintChart({ states }) {
    const active = new Set(states);
    for (const node of all('.chart [data-state]')) {
      node.classList.toggle('active', active.has(node.dataset.state));
    }
  }

  function paintTimeline() {
    const { card } = backends.get(selected);
    const history = histories.get(selected) ?? [];
    const end = now();
    const start = end - minutes * 60_000;
    const born = history.find(({ type }) => type === 'backend.added');
    const first = born === undefined ? start : Math.max(start, Date.parse(born.time));
    setText(find('ago'), `${minutes < 60 ? `${minutes} min` : `${minutes / 60} h`} ago`);
    const place = (time) => Math.max(0, Math.min(1000, (1000 * (time - start)) / (end - start)));
    const bars = [];
    for (const [row, type, current] of [
      [0, 'health.changed', card.health],
      [1, 'circuit.changed', card.circuit],
    ]) {
      let until = end;
      let state = current;
      for (const event of history.filter((one) => one.type === type).reverse()) {
        const time = Date.parse(event.time);
        bars.push([row, state, time, until]);
        [until, state] = [time, event.from];
      }
      bars.push([row, state, first, until]);
    }
    find('timeline').setAttribute('viewBox', '0 0 1000 64');
    find('timeline').replaceChildren(
      ...bars
        .filter(([, state, , until]) => state !== undefined && until > start)
        .map(([row, state, from, until]) => {
          const bar = shape('rect', {
            class: `lane-${LOOKS[state] ?? 'idle'}`,
            x: place(from),
            y: 6 + row * 28,
            width: Math.max(1, place(until) - place(from)),
            height: 24,
          });
          const title = shape('title', {});
          title.textContent = `${row === 0 ? 'health' : 'circuit'} ${state}`;
          bar.append(title);
          return bar;
        }),
    );
    const newest = history.at(-1)?.sequence;
    const body = find('transitions');
    const shown = `${selected} ${newest}`;
    if (body.dataset.shown === shown) return;
    body.dataset.shown = shown;
    body.replaceChildren(
      ...history
        .slice(-200)
        .reverse()
        .map((event) => {
          const row = element('tr');
          const [what, change] =
            event.from === undefined
              ? ['backend', event.type.replace('backend.', '')]
              : [event.type.split('.')[0], `${event.from} → ${event.to}`];
          const cause = [event.cause, event.category, event.error].filter(Boolean).join(': ');
          for (const text of [new Date(event.time).toLocaleTimeString(), what, change, cause])
            row.append(element('td', '', text));
          return row;
        }),
    );
  }

  for (const button of all('[data-minutes]')) {
    const own = Number(button.dataset.minutes);
    const mark = () => {
      for (const one of all('[data-minutes]'))
        one.setAttribute('aria-pressed', String(Number(one.dataset.minutes) === minutes));
    };
    button.addEventListener('click', () => {
      minutes = own;
      mark();
      paintTimeline();
    });
    mark();
  }

  // -------------------------------------------------------------------------------------------- controls

  // Serve prints an address with the token behind a #, which browsers do not send.
  const handed = new URLSearchParams(location.hash.slice(1)).get('token');
  if (handed) {
    sessionStorage.setItem('breakwater-token', handed);
    history.replaceState(null, '', location.pathname);
  }
  token.value = sessionStorage.getItem('breakwater-token') ?? '';
  const keepToken = () => sessionStorage.setItem('breakwater-token', token.value);
  token.addEventListener('change', keepToken);
  const credentials = () => (token.value === '' ? {} : { Authorization: `Bearer ${token.value}` });

  for (const button of all('[data-action]')) {
    button.addEventListener('click', async () => {
      const { action } = button.dataset;
      const name = selected;
      setText(find('said'), `${button.textContent} …`);
      let said;
      try {
        const answer = await fetch(`api/backends/${encodeURIComponent(name)}/${action}`, {
          method: 'POST',
          headers: credentials(),
        });
        said = answer.ok
          ? `${button.textContent}: done.`
          : `${button.textContent}: refused. ${(await answer.json()).error.message}`;
      } catch {
        said = `${button.textContent}: the gateway does not answer.`;
      }
      if (name === selected) setText(find('said'), said);
    });
  }

  // ---------------------------------------------------------------------------------------------- stream

  function paintSummary({ server, phase, backends: changed, at }) {
    skewMs = Date.parse(at) - Date.now();
    setText(find('server'), server);
    setText(find('phase'), phase);
    find('phase').className = `pill ${LOOKS[phase] ?? ''}`;
    for (const card of changed) take(card);
    const counts = new Map();
    for (const { card } of backends.values()) counts.set(wordOf(card), (counts.get(wordOf(card)) ?? 0) + 1);
    const words = [...counts].map(([word, count]) => `${count} ${word}`);
    setText(find('counts'), `${backends.size} backends: ${words.join(', ')}`);
    const troubled = [...backends.values()].filter(({ look }) => look === 'bad').length;
    document.title = `${troubled > 0 ? `(${troubled}) ` : ''}${server} · Breakwater`;
  }

  /** The last event that is known, as the stream names it. */
  let known = '0';
  const EVENTS = new Set([
    'circuit.changed',
    'health.changed',
    'backend.added',
    'backend.removed',
    'backend.draining',
  ]);
  for (const what of ['replaced', 'crashed', 'restarted', 'gaveUp']) EVENTS.add(`backend.${what}`);

  /** One event of the stream, as it is written there. */
  function hear(block) {
    const fields = new Map(
      block.split('\n').map((line) => [line.split(': ', 1)[0], line.slice(line.indexOf(': ') + 2)]),
    );
    const type = fields.get('event');
    if (fields.has('id')) known = fields.get('id');
    if (EVENTS.has(type)) {
      const event = JSON.parse(fields.get('data'));
      remember(event);
      if (event.backend === selected) void learn();
    } else if (type === 'status') takeStatus(JSON.parse(fields.get('data')));
  }

  function takeStatus(status) {
    if (status.whole) {
      const names = new Set(status.backends.map(({ name }) => name));
      status.removed = [...backends.keys()].filter((name) => !names.has(name));
    }
    for (const name of status.removed) backends.delete(name);
    paintSummary(status);
    arrange();
    paint();
  }

  /** Follows the stream until it ends. Not with an EventSource, which cannot send a token. */
  async function follow() {
    const abort = new AbortController();
    let silence;
    const heard = () => {
      clearTimeout(silence);
      silence = setTimeout(() => abort.abort(), SILENCE_MS);
    };
    heard();
    try {
      const address = `api/events?status=true&since=${encodeURIComponent(known)}`;
      const answer = await fetch(address, { headers: credentials(), signal: abort.signal });
      find('enter').hidden = answer.status !== 401;
      if (answer.status === 401) return 'refused';
      if (!answer.ok || !answer.body) return 'away';
      setText(find('connection'), '');
      const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
      let rest = '';
      for (;;) {
        const { value, done } = await reader.read();
        if (done) return 'away';
        heard();
        const blocks = (rest + value).split('\n\n');
        rest = blocks.pop() ?? '';
        for (const block of blocks) hear(block);
      }
    } catch {
      return 'away';
    } finally {
      clearTimeout(silence);
    }
  }

  async function watch() {
    while ((await follow()) === 'away') {
      setText(find('connection'), 'The gateway does not answer; trying again.');
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
    setText(find('connection'), 'Who looks on must have a token here.');
  }

  find('enter').addEventListener('submit', (event) => {
    event.preventDefault();
    token.value = entered.value;
    keepToken();
    void watch();
  });
  void watch();

  filter.addEventListener('input', arrange);
  sort.addEventListener('change', arrange);
  find('find').addEventListener('submit', (event) => event.preventDefault());
  setInterval(() => {
    sample();
    paint();
    if (sort.value === 'calls') arrange();
  }, 1000);
})();
