/**
 * Where the library is collected from: the sources file, looked at anew whenever it is another one. It counts as a whole:
 * with any mistake in it the last good one goes on, and each mistake is named with its line. Headers may hold secrets, so
 * they are given to handlers only.
 */
import { lstat, readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { Source } from '../workers/library-contract.ts';
import type { Clock } from './clock.ts';
import { folded } from './core/library/library.ts';
import { checkSources, type WrittenSource } from './core/library/sources-input.ts';
import type { Mistake } from './core/refusal.ts';
import type { Checked } from './core/task-input.ts';
import type { Health } from './health.ts';
import { yamlDocuments } from './intake/yaml-documents.ts';
import type { KnownSources } from './library-desk.ts';
import type { SourceView } from './library-facade.ts';
import type { Log } from './log.ts';
import { placed, saidMistakes, withLine } from './placed-mistakes.ts';
import { stampOf, WatchedPath } from './watched-path.ts';

export const sourcesFileBytesMax = 4 * 1024 * 1024;
const namesSaidMax = 5;

export interface SourcesFileOptions {
  /** Absolute. */
  readonly file: string;
  /** Names of those that are on; none, or `*` among them, for all. */
  readonly names: readonly string[];
  readonly clock: Clock;
  readonly health: Health;
  readonly log: Log;
  /** Told when the file says something else since the start. */
  readonly changed: (sources: number, mistakes: number) => void;
}

export class SourcesFile implements KnownSources {
  readonly #in: SourcesFileOptions;
  readonly #watched: WatchedPath;
  #names: readonly string[];
  #stamp: string | null = null;
  #seen = '';
  #sources: readonly WrittenSource[] = [];
  #mistakes: readonly Mistake[] = [];
  #opened = false;

  constructor(options: SourcesFileOptions) {
    this.#in = options;
    this.#names = options.names;
    this.#watched = new WatchedPath(dirname(options.file), options.clock, () => this.#lookWhenStill());
  }

  get on(): readonly Source[] {
    return this.#sources.filter((source) => this.#isOn(source)).map(({ enabled: _, ...source }) => source);
  }

  get all(): readonly SourceView[] {
    return this.#sources.map((source) => {
      const { enabled: _, headers: __, ...shown } = source;
      return { ...shown, on: this.#isOn(source) };
    });
  }

  get mistakes(): readonly Mistake[] {
    return this.#mistakes;
  }

  /** Takes the file as it is at the start. */
  async open(): Promise<void> {
    await this.look();
    this.#opened = true;
  }

  begin(): void {
    this.#watched.begin();
  }

  async end(): Promise<void> {
    await this.#watched.end();
  }

  /** The setting is another one. */
  adopt(names: readonly string[]): void {
    this.#names = names;
    this.#checkNames();
  }

  /** Takes the file as it is now. */
  async look(): Promise<void> {
    const stamp = await stampOf(this.#in.file);
    if (stamp === this.#stamp) return;
    this.#take(await this.#read());
    this.#stamp = this.#seen = stamp;
  }

  /** A list that is being written piece by piece is a shorter one for a moment. */
  async #lookWhenStill(): Promise<boolean> {
    const stamp = await stampOf(this.#in.file);
    if (stamp === this.#stamp) return true;
    if (stamp !== this.#seen) {
      this.#seen = stamp;
      return false;
    }
    await this.look();
    return true;
  }

  async #read(): Promise<Checked<readonly WrittenSource[]>> {
    const { file } = this.#in;
    try {
      const { size } = await lstat(file);
      if (size > sourcesFileBytesMax) return wrong(`is ${size} bytes; at most ${sourcesFileBytesMax} are read`);
      return readSources(await readFile(file, 'utf8'), dirname(file));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { ok: true, value: [] };
      return wrong(`cannot be read: ${(error as Error).message}`);
    }
  }

  #take(read: Checked<readonly WrittenSource[]>): void {
    const { health, log } = this.#in;
    if (read.ok) {
      const first = this.#stamp === null && read.value.length === 0;
      [this.#sources, this.#mistakes] = [read.value, []];
      health.clear('sources');
      if (!first) log.info({ sources: read.value.length }, 'the sources of the library were taken');
    } else {
      this.#mistakes = read.mistakes;
      const goesOn = this.#sources.length > 0 ? '; the sources before go on' : '';
      health.clear('sources');
      health.raise({
        code: 'sources',
        severity: 'error',
        message: `the sources of the library: ${saidMistakes(read.mistakes)}${goesOn}`,
        action: `Correct ${this.#in.file}; it is taken as soon as it is right.`,
      });
    }
    this.#checkNames();
    if (this.#opened) this.#in.changed(this.#sources.length, this.#mistakes.length);
  }

  #checkNames(): void {
    const { health } = this.#in;
    const known = new Set(this.#sources.map(({ name }) => folded(name)));
    const unknown = this.#names.filter((name) => name !== '*' && !known.has(folded(name)));
    health.clear('sources-names');
    if (unknown.length === 0) return;
    const some = unknown.slice(0, namesSaidMax).map((name) => JSON.stringify(name));
    health.raise({
      code: 'sources-names',
      severity: 'warning',
      message: `SOURCES names ${some.join(', ')}${unknown.length > some.length ? ' and others' : ''}, which no source is called`,
      action: `Correct SOURCES, or add the source to ${this.#in.file}.`,
    });
  }

  #isOn({ name, enabled }: WrittenSource): boolean {
    const names = this.#names;
    return enabled && (names.length === 0 || names.some((one) => one === '*' || folded(one) === folded(name)));
  }
}

/** @param folder where paths that are not absolute begin */
export function readSources(text: string, folder: string): Checked<readonly WrittenSource[]> {
  const read = yamlDocuments(text);
  if (!read.ok) return { ok: false, mistakes: read.mistakes.map(withLine) };
  const [document] = read.documents;
  if (!document) return { ok: true, value: [] };
  if (read.documents.length > 1) return wrong('must hold one list');
  const checked = checkSources(document.value, (path) => resolve(folder, path));
  return checked.ok ? checked : { ok: false, mistakes: placed(document, checked.mistakes) };
}

function wrong(message: string): { ok: false; mistakes: readonly Mistake[] } {
  return { ok: false, mistakes: [{ path: '$', message }] };
}
