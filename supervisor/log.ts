/** The supervisor's own log: JSON lines for machines, short lines for a terminal. A reader that has gone is no error. */
import { type Logger, pino } from 'pino';

export type Log = Logger;

const names: Readonly<Record<number, string>> = {
  10: 'trace',
  20: 'debug',
  30: 'info',
  40: 'warn',
  50: 'error',
  60: 'fatal',
};

/** Streams whose errors are taken care of. */
const heard = new WeakSet<NodeJS.WriteStream>();

export function makeLog(level: string, stream: NodeJS.WriteStream = process.stdout): Log {
  if (!heard.has(stream)) stream.on('error', () => {});
  heard.add(stream);
  const sink = stream.isTTY ? { write: (line: string) => void stream.write(`${forPeople(line)}\n`) } : stream;
  return pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, sink);
}

function forPeople(line: string): string {
  const { level, time, msg, ...facts } = JSON.parse(line) as { level: number; time: string; msg: string };
  const rest = Object.keys(facts).length > 0 ? ` ${JSON.stringify(facts)}` : '';
  return `${new Date(time).toLocaleTimeString()} ${(names[level] ?? '').padEnd(5)} ${msg}${rest}`;
}
