/**
 * The least that a gateway in Node can cost: it passes bytes on and looks at none.
 *
 * Usage: node byte-proxy.mjs <port> <url>
 */
import { Agent, createServer, request as send } from 'node:http';

const [port, url] = process.argv.slice(2);
const { hostname, port: backend, pathname: path } = new URL(url);
const agent = new Agent({ keepAlive: true });

createServer((request, response) => {
  const { method, headers } = request;
  const onward = send({ hostname, port: backend, path, method, headers, agent }, (answer) => {
    response.writeHead(answer.statusCode, answer.headers);
    answer.pipe(response);
  });
  onward.on('error', () => response.destroy());
  response.on('close', () => response.writableFinished || onward.destroy());
  request.pipe(onward);
}).listen(Number(port), '127.0.0.1');
