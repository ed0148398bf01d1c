/**
 * What was once recorded as finished, by the journal or in an answer: it stays as it was recorded, and nothing of it
 * begins again. The journal is read as it lies there after a kill, so that an ending counts of which nobody was told.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TaskView } from '../../supervisor/facade.ts';

const FINISHED: readonly string[] = ['succeeded', 'failed', 'canceled'];

export interface Ending {
  readonly attempt: number;
  readonly state: string;
  /** Where it was read. */
  readonly where: string;
}

export class Finished {
  readonly byId = new Map<string, Ending>();
  /** Endings that contradict an earlier one, in sentences. */
  readonly broken: string[] = [];
  /** Bytes of each segment that were read, to the end of a line. */
  readonly #read = new Map<string, number>();

  add(id: string, { attempt, state, where }: Ending): void {
    const known = this.byId.get(id);
    if (!known) this.byId.set(id, { attempt, state, where });
    else if (known.attempt !== attempt || known.state !== state)
      this.broken.push(
        `task ${id} was ${known.state} with attempt ${known.attempt} (${known.where}), ` +
          `then ${state} with attempt ${attempt} (${where})`,
      );
  }

  addView(task: TaskView, where: string): void {
    if (FINISHED.includes(task.state)) this.add(task.id, { attempt: task.attempt, state: task.state, where });
  }

  /** Whole lines survive a kill, even those that nobody waited for. */
  readJournal(dir: string, where: string): void {
    const folder = join(dir, 'journal');
    // The first start of all may have been killed before it made one.
    if (!existsSync(folder)) return;
    for (const name of readdirSync(folder).filter((one) => /^\d{16}-e\d+\.ndjson$/.test(one))) {
      const bytes = bytesOf(join(folder, name));
      const from = this.#read.get(name) ?? 0;
      const to = bytes.lastIndexOf(10) + 1;
      if (to <= from) continue;
      this.#read.set(name, to);
      for (const line of bytes.toString('utf8', from, to).split('\n'))
        if (line.includes('"e":"attempt.ended"')) this.#addEntry(JSON.parse(line), `${where}, in ${name}`);
    }
  }

  #addEntry({ e, id, n, next }: { e: string; id: string; n: number; next: string }, where: string): void {
    if (e === 'attempt.ended' && FINISHED.includes(next)) this.add(id, { attempt: n, state: next, where });
  }
}

/** A start may just have moved on what stands in a newer file as well. */
function bytesOf(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return Buffer.alloc(0);
    throw error;
  }
}
