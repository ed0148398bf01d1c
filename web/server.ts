/** The socket side: listens or says who is in the way, gives slow senders their time and no more, and closes in order. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { Fault } from '../supervisor/core/fault.ts';
import type { App } from './app.ts';
import { closeGraceMs, connectionsMax, headersTimeoutMs, keepAliveTimeoutMs, requestTimeoutMs } from './limits.ts';
import { portHolder } from './port-holder.ts';
import { problemType } from './problem.ts';

export interface Listening {
  /** `http://HOST:PORT` with the port that was taken. */
  readonly url: string;
  readonly port: number;
  /** Takes no new connection, ends streams, lets answers under way finish for a moment, then closes what is left. */
  close(): Promise<void>;
}

export async function listen(options: {
  readonly app: App;
  readonly host: string;
  readonly port: number;
}): Promise<Listening> {
  const { app, host, port } = options;
  const server = createServer(
    { headersTimeout: headersTimeoutMs, requestTimeout: requestTimeoutMs, keepAliveTimeout: keepAliveTimeoutMs },
    app.handle,
  );
  server.maxConnections = connectionsMax;
  server.on('clientError', answerClientError);
  await bind(server, host, port);
  const taken = (server.address() as AddressInfo).port;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${taken}`,
    port: taken,
    close: () => close(server, app),
  };
}

function bind(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = (error: NodeJS.ErrnoException) => {
      cannotListen(error, host, port).then(reject, reject);
    };
    server.once('error', failed);
    server.listen({ host, port }, () => {
      server.off('error', failed);
      resolve();
    });
  });
}

async function cannotListen(error: NodeJS.ErrnoException, host: string, port: number): Promise<Fault> {
  const fault = (message: string, action: string) => new Fault('cannotListen', message, action, { cause: error });
  switch (error.code) {
    case 'EADDRINUSE': {
      const holder = await portHolder(port);
      return fault(
        `cannot listen on ${host}:${port}: the port is held by ${holder ?? 'another program'}`,
        'stop it, or choose another WEB_PORT',
      );
    }
    case 'EADDRNOTAVAIL':
      return fault(
        `cannot listen on ${host}: it is not an address of this machine`,
        'set WEB_HOST to one that is, e.g. 127.0.0.1',
      );
    case 'EACCES':
      return fault(`cannot listen on port ${port}: not allowed to this user`, 'choose a WEB_PORT above 1023');
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return fault(`cannot listen on ${host}: the name has no address`, 'set WEB_HOST to an address, e.g. 127.0.0.1');
    default:
      return fault(`cannot listen on ${host}:${port}: ${error.message}`, 'check WEB_HOST and WEB_PORT');
  }
}

const CLIENT_ERRORS: Readonly<Record<string, readonly [string, string]>> = {
  HPE_HEADER_OVERFLOW: ['431 Request Header Fields Too Large', 'The header of the request is too large'],
  HPE_INVALID_EOF_STATE: ['400 Bad Request', 'The request was cut off'],
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'The request took too long to arrive'],
};

/** What is no HTTP never becomes a request; it is answered on the bare socket. */
function answerClientError(error: NodeJS.ErrnoException, socket: import('node:stream').Duplex): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
  const [status, detail] = CLIENT_ERRORS[error.code ?? ''] ?? [
    '400 Bad Request',
    'The request is not HTTP as it should be',
  ];
  const code = status.startsWith('431') ? 'too_large' : 'validation';
  const body = JSON.stringify({
    type: 'about:blank',
    title: status.slice(4),
    status: Number(status.slice(0, 3)),
    detail,
    code,
  });
  socket.end(
    `HTTP/1.1 ${status}\r\nContent-Type: ${problemType}\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
  (socket as Socket).destroySoon();
}

async function close(server: Server, app: App): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  app.endStreams();
  server.closeIdleConnections();
  // A keep-alive connection whose answer is still under way becomes idle later.
  const sweep = setInterval(() => server.closeIdleConnections(), 50);
  const grace = setTimeout(() => server.closeAllConnections(), closeGraceMs);
  await closed;
  clearInterval(sweep);
  clearTimeout(grace);
}
