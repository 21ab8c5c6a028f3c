/** Listens on a free port with room for one connection that nobody has taken, writes the port to stdout, and stands still. */
import { createServer } from 'node:net';

const server = createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
  process.stdout.write(`${server.address().port}\n`, () => process.kill(process.pid, 'SIGSTOP'));
});
