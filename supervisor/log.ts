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
  return `${localTime(new Date(time))} ${(names[level] ?? '').padEnd(5)} ${msg}${rest}`;
}

/** In the zone of whoever looks, in the order of ISO 8601. */
function localTime(at: Date): string {
  const two = (value: number) => String(value).padStart(2, '0');
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `${day} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}
