/**
 * The pipelines that new runs take: those built in, and `DATA/pipelines/*.yaml`, looked at anew whenever one is another. What
 * is right counts from then on; what is not is named with its mistakes, and the version before goes on, also after a start.
 */
import { lstat, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from './clock.ts';
import type { PipelineChanged } from './core/event.ts';
import { BUILT_IN_PIPELINES, type BuiltInPipeline } from './core/run/built-in-pipelines.ts';
import { type Pipeline, versionOf } from './core/run/pipeline.ts';
import type { Checked } from './core/task-input.ts';
import type { Health } from './health.ts';
import type { Log } from './log.ts';
import { readPipeline, wrong } from './pipeline-file.ts';
import { saidMistakes } from './placed-mistakes.ts';
import type { PipelineFailure } from './runs-facade.ts';
import { type PipelineText, ServedPipelines } from './served-pipelines.ts';
import { stampOf, WatchedPath } from './watched-path.ts';

const FILE = /^[^.].*\.ya?ml$/;
export const pipelineFileBytesMax = 256 * 1024;
const pipelineFilesMax = 1_000;
const changesNamedMax = 100;

export interface FoundPipeline {
  readonly pipeline: Pipeline;
  readonly version: string;
  /** Name in the folder; null for one that is built in. */
  readonly file: string | null;
}

/** One that a file holds, as it was read. */
type FiledPipeline = FoundPipeline & PipelineText;

interface ReadFile extends PipelineText {
  readonly checked: Checked<Pipeline>;
}

export interface PipelinesFolderOptions {
  readonly dataDir: string;
  readonly clock: Clock;
  readonly health: Health;
  readonly log: Log;
  /** Told of what changed since the start. */
  readonly changed: (changes: readonly PipelineChanged[], more: number) => void;
}

export class PipelinesFolder {
  readonly #in: PipelinesFolderOptions;
  readonly #folder: string;
  readonly #watched: WatchedPath;
  readonly #served: ServedPipelines;
  #byFile = new Map<string, FiledPipeline>();
  #byName: ReadonlyMap<string, FoundPipeline> = withBuiltIns(new Map());
  #failures = new Map<string, PipelineFailure>();
  #stamps = '';
  #opened = false;

  constructor(options: PipelinesFolderOptions) {
    this.#in = options;
    this.#folder = join(options.dataDir, 'pipelines');
    this.#served = new ServedPipelines(options.dataDir);
    this.#watched = new WatchedPath(this.#folder, options.clock, async () => {
      await this.look();
      return true;
    });
  }

  of(name: string): FoundPipeline | undefined {
    return this.#byName.get(name);
  }

  get all(): readonly FoundPipeline[] {
    return [...this.#byName.values()].sort((a, b) => (a.pipeline.name < b.pipeline.name ? -1 : 1));
  }

  get failures(): readonly PipelineFailure[] {
    return [...this.#failures.values()];
  }

  /** Takes the folder as it is at the start; those that counted last go before others, and on where they are broken now. */
  async open(): Promise<void> {
    for (const { file, text } of await this.#served.last()) {
      const checked = readPipeline(text, file);
      if (checked.ok) this.#byFile.set(file, filed(checked.value, { file, text }));
    }
    await this.look();
    this.#opened = true;
  }

  begin(): void {
    this.#watched.begin();
  }

  async end(): Promise<void> {
    await this.#watched.end();
  }

  /** Takes the folder as it is now. */
  async look(): Promise<void> {
    const names = (await readdir(this.#folder).catch(() => [])).filter((name) => FILE.test(name)).sort();
    const files = names.slice(0, pipelineFilesMax);
    const stamps = (await Promise.all(files.map((name) => stampOf(join(this.#folder, name))))).join('\n');
    if (stamps === this.#stamps) return;
    this.#take(await Promise.all(files.map((name) => this.#read(name))));
    this.#stamps = stamps;
    await this.#served.note([...this.#byFile.values()]).catch((error: Error) => {
      const words = 'it could not be written down which pipelines count; a start takes only those that are right then';
      this.#in.log.warn({ err: error }, words);
    });
  }

  async #read(file: string): Promise<ReadFile> {
    const path = join(this.#folder, file);
    try {
      const { size } = await lstat(path);
      if (size > pipelineFileBytesMax)
        return { file, text: '', checked: wrong('$', `is ${size} bytes; at most ${pipelineFileBytesMax} are read`) };
      const text = await readFile(path, 'utf8');
      return { file, text, checked: readPipeline(text, file) };
    } catch (error) {
      return { file, text: '', checked: wrong('$', `cannot be read: ${(error as Error).message}`) };
    }
  }

  #take(read: readonly ReadFile[]): void {
    const before = this.#byFile;
    const byFile = new Map<string, FiledPipeline>();
    const byName = new Map<string, FiledPipeline>();
    const failures = new Map<string, PipelineFailure>();
    const keep = (found: FiledPipeline): void => {
      byFile.set(found.file, found);
      byName.set(found.pipeline.name, found);
    };
    // Those that serve their name already go first: a second file of that name does not take it from them.
    const order = [...read].sort((a, b) => Number(before.has(b.file)) - Number(before.has(a.file)));
    for (const { file, text, checked } of order) {
      const rival = checked.ok ? byName.get(checked.value.name) : undefined;
      if (checked.ok && !rival) {
        keep(filed(checked.value, { file, text }));
        continue;
      }
      const mistakes = checked.ok
        ? [{ path: '$.name', message: `is the name of the pipeline in ${rival?.file} too: each has its own` }]
        : checked.mistakes;
      const last = before.get(file);
      const goesOn = last && !byName.has(last.pipeline.name) ? last : null;
      if (goesOn) keep(goesOn);
      failures.set(file, { file, mistakes, serving: goesOn?.version ?? null });
    }
    const changes = changesOf(before, byFile, this.#failures, failures);
    this.#report(failures);
    for (const [name, { file }] of byName)
      if (BUILT_IN_PIPELINES.has(name) && (this.#byName.get(name)?.file ?? null) === null)
        this.#in.log.info({ pipeline: file }, `pipelines/${file} takes the place of the built-in pipeline ${name}`);
    [this.#byFile, this.#byName, this.#failures] = [byFile, withBuiltIns(byName), failures];
    if (changes.length === 0 || !this.#opened) return;
    for (const { file, what, pipeline, version } of changes)
      this.#in.log.info(
        { pipeline: file },
        `pipeline ${pipeline ?? file}: ${what}${version ? `, version ${version}` : ''}`,
      );
    this.#in.changed(changes.slice(0, changesNamedMax), Math.max(0, changes.length - changesNamedMax));
  }

  #report(failures: ReadonlyMap<string, PipelineFailure>): void {
    const { health } = this.#in;
    for (const file of this.#failures.keys()) if (!failures.has(file)) health.clear(`pipeline:${file}`);
    for (const [file, failure] of failures) {
      if (JSON.stringify(this.#failures.get(file)) === JSON.stringify(failure)) continue;
      health.raise({
        code: `pipeline:${file}`,
        severity: 'error',
        message: `pipelines/${file}: ${said(failure)}`,
        action: 'Correct the file; it is taken as soon as it is right. Runs that have started are not touched by it.',
      });
    }
  }
}

function filed(pipeline: Pipeline, { file, text }: PipelineText): FiledPipeline {
  return { pipeline, version: versionOf(pipeline), file, text };
}

/** Those of files go before. */
function withBuiltIns(byName: ReadonlyMap<string, FiledPipeline>): ReadonlyMap<string, FoundPipeline> {
  const builtIn = ([name, found]: readonly [string, BuiltInPipeline]) => [name, { ...found, file: null }] as const;
  return new Map<string, FoundPipeline>([...[...BUILT_IN_PIPELINES].map(builtIn), ...byName]);
}

function said({ mistakes, serving }: PipelineFailure): string {
  return `${saidMistakes(mistakes)}${serving === null ? '' : `; version ${serving} goes on`}`;
}

function changesOf(
  had: ReadonlyMap<string, FiledPipeline>,
  has: ReadonlyMap<string, FiledPipeline>,
  failed: ReadonlyMap<string, PipelineFailure>,
  fails: ReadonlyMap<string, PipelineFailure>,
): PipelineChanged[] {
  const changes: PipelineChanged[] = [];
  for (const [file, { pipeline, version }] of has) {
    const what = had.has(file) ? 'changed' : 'added';
    if (had.get(file)?.version !== version) changes.push({ file, what, pipeline: pipeline.name, version });
  }
  for (const [file, { pipeline }] of had)
    if (!has.has(file) && !fails.has(file))
      changes.push({ file, what: 'removed', pipeline: pipeline.name, version: null });
  for (const [file, failure] of fails) {
    if (JSON.stringify(failed.get(file)) === JSON.stringify(failure)) continue;
    const serving = has.get(file);
    changes.push({
      file,
      what: 'refused',
      pipeline: serving?.pipeline.name ?? null,
      version: serving?.version ?? null,
    });
  }
  return changes;
}
