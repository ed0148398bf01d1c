/**
 * Callers as lean as can be: one prepared request over plain sockets, answers counted by their length. A client of
 * comfort takes as much of the two cores as the program that is to be measured.
 */
import { connect } from 'node:net';

export interface Load {
  readonly url: string;
  readonly path: string;
  readonly body: string;
  readonly connections: number;
  readonly ms: number;
}

const headEnd = '\r\n\r\n';

/** @returns answers a second; throws at the first that is not 201 */
export async function load({ url, path, body, connections, ms }: Load): Promise<number> {
  const { hostname, port, host } = new URL(url);
  const head = [
    `POST ${path} HTTP/1.1`,
    `Host: ${host}`,
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
  ];
  const request = Buffer.from(head.join('\r\n') + headEnd + body);
  const since = performance.now();
  let answers = 0;
  const caller = () =>
    new Promise<void>((resolve, reject) => {
      const socket = connect(Number(port), hostname);
      let left = 0;
      const ask = () => {
        if (performance.now() - since < ms) socket.write(request);
        else socket.destroy();
      };
      socket.setNoDelay(true);
      socket.on('connect', ask);
      socket.on('error', reject);
      socket.on('close', resolve);
      socket.on('data', (chunk: Buffer) => {
        if (left === 0) {
          const answer = readHead(chunk);
          if (answer.status !== 201) socket.destroy(new Error(`${path} answered ${answer.status}`));
          left = answer.bytes;
        }
        left -= chunk.length;
        if (left > 0) return;
        answers++;
        ask();
      });
    });
  await Promise.all(Array.from({ length: connections }, caller));
  return answers / ((performance.now() - since) / 1_000);
}

/** @returns status, and bytes of the whole answer; its head comes in one piece */
function readHead(chunk: Buffer): { readonly status: number; readonly bytes: number } {
  const end = chunk.indexOf(headEnd);
  const text = chunk.toString('latin1', 0, end);
  const length = Number(/content-length: (\d+)/i.exec(text)?.[1]);
  return { status: Number(text.slice(9, 12)), bytes: end + headEnd.length + length };
}
