/**
 * Which files of the pipelines folder count, with their text, in `served/pipelines.json`. It outlives a start: a pipeline
 * that was spoiled before a power cut goes on after it in the version before.
 */
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isMembers } from './core/task-input.ts';
import { replaceFile } from './settings/durable-file.ts';

export interface PipelineText {
  /** Name in the pipelines folder. */
  readonly file: string;
  readonly text: string;
}

export class ServedPipelines {
  readonly #folder: string;
  readonly #list: string;
  #noted: string | null = null;

  constructor(dataDir: string) {
    this.#folder = join(dataDir, 'served');
    this.#list = join(this.#folder, 'pipelines.json');
  }

  /** None where there is no list, or not as it was written: then only what is right now counts. */
  async last(): Promise<readonly PipelineText[]> {
    try {
      this.#noted = await readFile(this.#list, 'utf8');
      const list: unknown = JSON.parse(this.#noted);
      return Array.isArray(list) ? list.filter(isText) : [];
    } catch {
      return [];
    }
  }

  async note(counting: readonly PipelineText[]): Promise<void> {
    const list = `${JSON.stringify(
      counting.map(({ file, text }) => ({ file, text })),
      null,
      2,
    )}\n`;
    if (list === this.#noted || (this.#noted === null && counting.length === 0)) return;
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    await replaceFile(this.#list, list);
    this.#noted = list;
  }
}

function isText(value: unknown): value is PipelineText {
  return isMembers(value) && typeof value['file'] === 'string' && typeof value['text'] === 'string';
}
