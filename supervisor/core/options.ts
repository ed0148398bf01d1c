/** Equal task options are one object: a million tasks of one feed share a handful of them. */

import type { TaskOptions } from './task.ts';
import type { TaskInput } from './task-input.ts';
import { defaultBackoff, defaultMaxAttempts, defaultPriority } from './task-input.ts';

/** What a handler says of its tasks where the task itself is silent. */
export interface HandlerDefaults {
  readonly timeoutMs: number | null;
  readonly maxAttempts: number | null;
}

/** What follows the options in a line. */
const PARAMS = Buffer.from(',"params":');

/** Options as they were read last: their text with the mark behind it. */
interface Read {
  readonly text: Buffer;
  readonly options: TaskOptions;
  end: number;
}

/** More than this many different options at once are kept without sharing: sharing would cost more than it saves. */
const sharedOptionsMax = 50_000;

export class OptionsTable {
  readonly #byText = new Map<string, TaskOptions>();
  /** The last options of each type: tasks mostly come in rows of their kind, and comparing is cheaper than text. */
  readonly #lastOfType = new Map<string, TaskOptions>();

  /** @param text as `optionsText` gives it */
  fromText(text: string): TaskOptions {
    return this.#byText.get(text) ?? this.#keep(text, { ...defaults, ...(JSON.parse(text) as TaskOptions) });
  }

  /**
   * Options whose text stands in `bytes[start, end)`, up to the mark of the params, which follows it.
   * The last ones read are compared byte by byte: neither text nor look-up for the many lines that repeat them.
   * @returns the options, and where their text ends; one object, used again
   */
  read(bytes: Buffer, start: number, end: number): Read {
    const { text } = this.#read;
    const after = start + text.length;
    if (text.length > 0 && after <= end && bytes.compare(text, 0, text.length, start, after) === 0) {
      this.#read.end = after - PARAMS.length;
      return this.#read;
    }
    const to = bytes.indexOf(PARAMS, start);
    if (to < 0 || to > end) throw new RangeError('options without params behind them');
    const options = this.fromText(bytes.toString('utf8', start, to));
    this.#read = { text: Buffer.from(bytes.subarray(start, to + PARAMS.length)), options, end: to };
    return this.#read;
  }
  #read: Read = { text: Buffer.alloc(0), options: null as never, end: 0 };

  of(options: TaskOptions): TaskOptions {
    const last = this.#lastOfType.get(options.type);
    if (last && areEqual(last, options)) return last;
    const text = makeText(options);
    const shared = this.#byText.get(text) ?? this.#keep(text, options);
    this.#lastOfType.set(options.type, shared);
    return shared;
  }

  #keep(text: string, options: TaskOptions): TaskOptions {
    if (this.#byText.size >= sharedOptionsMax) {
      this.#byText.clear();
      this.#lastOfType.clear();
    }
    textOf.set(options, text);
    this.#byText.set(text, options);
    return options;
  }
}

function areEqual(a: TaskOptions, b: TaskOptions): boolean {
  return (
    a.priority === b.priority &&
    a.origin === b.origin &&
    a.group === b.group &&
    a.maxAttempts === b.maxAttempts &&
    a.timeoutMs === b.timeoutMs &&
    a.onInterrupt === b.onInterrupt &&
    a.run === b.run &&
    a.settingsRevision === b.settingsRevision &&
    a.backoff === b.backoff &&
    a.tags.length === b.tags.length &&
    a.tags.every((tag, index) => tag === b.tags[index])
  );
}

/** Text of shared options, so that a journal entry need not make it again. */
const textOf = new WeakMap<TaskOptions, string>();

export function optionsText(options: TaskOptions): string {
  return textOf.get(options) ?? makeText(options);
}

/** What is not said in the text. A change here would change what old journals say: it needs a new format version. */
const defaults: Omit<TaskOptions, 'type' | 'origin'> = {
  priority: defaultPriority,
  maxAttempts: defaultMaxAttempts,
  backoff: defaultBackoff,
  timeoutMs: null,
  tags: [],
  group: null,
  onInterrupt: 'requeue',
  run: null,
  settingsRevision: null,
};

function makeText(options: TaskOptions): string {
  const said: Record<string, unknown> = { type: options.type };
  for (const name of Object.keys(defaults) as (keyof typeof defaults)[]) {
    const isDefault = options[name] === defaults[name] || (name === 'tags' && options.tags.length === 0);
    if (!isDefault) said[name] = options[name];
  }
  return JSON.stringify({ ...said, origin: options.origin });
}

export function optionsFor(
  input: TaskInput,
  origin: string,
  handler: HandlerDefaults | undefined,
  settingsRevision: string | null,
): TaskOptions {
  return {
    type: input.type,
    priority: input.priority,
    maxAttempts: input.maxAttempts ?? handler?.maxAttempts ?? defaultMaxAttempts,
    backoff: input.backoff ?? defaultBackoff,
    timeoutMs: input.timeoutMs ?? handler?.timeoutMs ?? null,
    tags: input.tags,
    group: input.group,
    onInterrupt: input.onInterrupt,
    origin,
    run: null,
    settingsRevision,
  };
}
