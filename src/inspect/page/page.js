// Hands what the relay tells to Stately's inspector, in its frame. Nothing goes from the frame to the relay.

const STATELY = 'https://stately.ai';
const RETRY_MS = 2000;

const frame = /** @type {HTMLIFrameElement} */ (document.querySelector('iframe'));
const state = /** @type {HTMLElement} */ (document.querySelector('#state'));
/** What is behind a # stays in the browser. */
const token = new URLSearchParams(location.hash.slice(1)).get('token') ?? '';

/** @type {WebSocket | undefined} */
let socket;

state.textContent =
  "Waiting for Stately's inspector: it is loaded from stately.ai, and shows what this page tells it.";

// The relay tells late comers how everything stands: there is nothing to keep until the frame is there.
addEventListener('message', ({ source, origin, data }) => {
  if (source === frame.contentWindow && origin === STATELY && data?.type === '@statelyai.connected')
    connect();
});

function connect() {
  socket?.close();
  const own = new WebSocket(`ws://${location.host}/?token=${encodeURIComponent(token)}`);
  socket = own;
  own.onopen = () => {
    state.textContent = '';
  };
  own.onmessage = ({ data }) => frame.contentWindow?.postMessage(JSON.parse(data), STATELY);
  own.onclose = () => {
    if (own !== socket) return;
    state.textContent = 'Breakwater does not answer, or not to this token: trying again.';
    setTimeout(() => {
      if (own === socket) connect();
    }, RETRY_MS);
  };
}
