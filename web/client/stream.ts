/**
 * The supervisor's events as they come, over `fetch`: unlike `EventSource` it takes events of any name, tells a 401
 * from a lost line, and lets us choose when to come back. What was missed is not asked for again: after every
 * connection the page loads anew what it shows, and a connection made before that load misses nothing.
 */
import { signal } from '@preact/signals';
import { Problem, request, signedOut } from './api.ts';

export interface LiveEvent {
  readonly name: string;
  /** Task it is about. */
  readonly task: string | null;
  readonly data: Readonly<Record<string, unknown>>;
}

export type Line = 'connecting' | 'live' | 'lost' | 'paused';
export const line = signal<Line>('connecting');

type Listener = (event: LiveEvent) => void;
const listeners = new Set<Listener>();
const reloaders = new Set<() => void>();

export function onEvent(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Called whenever what is shown may be out of date as a whole: a new connection, a gap, a return to the tab. */
export function onRefresh(reload: () => void): () => void {
  reloaders.add(reload);
  return () => reloaders.delete(reload);
}

/** Loads everything shown anew; also after an action of one's own, so that its effect is seen while updates are paused. */
export function refreshAll(): void {
  for (const reload of reloaders) reload();
}

const retryFirstMs = 500;
const retryMostMs = 15_000;
/** The server sends at least a comment in this time, or the line is taken for dead. */
const silenceMostMs = 60_000;

let current: AbortController | null = null;
let wanted = true;
let retryMs = retryFirstMs;
let retryTimer = 0;

/** Pausing is a wish of the reader; a hidden tab lets go of the line as well. */
export function setLive(on: boolean): void {
  wanted = on;
  settle();
}

function settle(): void {
  const on = wanted && !document.hidden && !signedOut.value;
  if (on && current === null) void connect();
  if (!on) disconnect();
  if (!wanted) line.value = 'paused';
}

function disconnect(): void {
  clearTimeout(retryTimer);
  current?.abort();
  current = null;
}

async function connect(): Promise<void> {
  clearTimeout(retryTimer);
  const mine = new AbortController();
  current = mine;
  if (line.value === 'paused') line.value = 'connecting';
  try {
    const response = await request('GET', 'events', undefined, { signal: mine.signal });
    line.value = 'live';
    retryMs = retryFirstMs;
    refreshAll();
    if (response.body) await read(response.body, mine);
  } catch (error) {
    if (mine.signal.aborted && current !== mine) return;
    if (error instanceof Problem && error.status === 401) return disconnect();
  }
  if (current === mine) comeBack();
}

/** Waits a little longer each time, never two pages in step. */
function comeBack(): void {
  current = null;
  line.value = 'lost';
  retryTimer = window.setTimeout(settle, retryMs * (0.75 + Math.random() / 2));
  retryMs = Math.min(retryMs * 2, retryMostMs);
}

async function read(body: ReadableStream<Uint8Array>, mine: AbortController): Promise<void> {
  const reader = body.pipeThrough(new TextDecoderStream() as TransformStream<Uint8Array, string>).getReader();
  let rest = '';
  for (;;) {
    const watchdog = window.setTimeout(() => reader.cancel(), silenceMostMs);
    const { done, value } = await reader.read();
    clearTimeout(watchdog);
    if (done || mine.signal.aborted) return;
    const blocks = (rest + value).replaceAll('\r\n', '\n').split('\n\n');
    rest = blocks.pop() ?? '';
    for (const block of blocks) deliver(block);
  }
}

function deliver(block: string): void {
  let name = 'message';
  let text = '';
  for (const row of block.split('\n')) {
    if (row.startsWith('event:')) name = row.slice(6).trim();
    else if (row.startsWith('data:')) text += row.slice(5).trimStart();
  }
  if (name === 'snapshot') {
    refreshAll();
  } else if (text !== '') {
    const data = JSON.parse(text) as Record<string, unknown>;
    const task = typeof data['task'] === 'string' ? data['task'] : null;
    for (const listener of listeners) listener({ name, task, data });
  }
}

/** Once, when the page starts. */
export function startStream(): void {
  document.addEventListener('visibilitychange', settle);
  addEventListener('online', settle);
  signedOut.subscribe(settle);
  settle();
}
