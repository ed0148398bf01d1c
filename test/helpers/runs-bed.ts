/** The desk of runs over a journal in memory, with one pipeline, for tests of the HTTP layer. */
import { IdMaker } from '../../supervisor/core/id.ts';
import { versionOf } from '../../supervisor/core/run/pipeline.ts';
import { checkPipeline } from '../../supervisor/core/run/pipeline-input.ts';
import { RunsDesk } from '../../supervisor/runs-desk.ts';
import { MemoryJournal } from './memory-journal.ts';

export class RunsBed {
  readonly #clock = { wall: () => 1_800_000_000_000, monotonic: () => 0, after: () => () => {} };
  readonly journal = new MemoryJournal(this.#clock);
  readonly desk: RunsDesk;

  constructor() {
    const checked = checkPipeline({ name: 'library', stages: [{ name: 'collect', type: 'noop' }] });
    if (!checked.ok) throw new Error(JSON.stringify(checked.mistakes));
    const found = { pipeline: checked.value, version: versionOf(checked.value), file: 'library.yaml' };
    const nobody = { timeoutMs: null, maxAttempts: null };
    this.desk = new RunsDesk({
      state: this.journal.state,
      recorder: this.journal,
      ids: new IdMaker((bytes) => bytes.fill(7)),
      clock: this.#clock,
      handlerOf: (type) => (type === 'noop' ? nobody : undefined),
      checkParams: () => null,
      mayTakeWork: () => {},
      pump: () => {},
      settled: async () => {},
      pipelines: {
        of: (name) => (name === 'library' ? found : undefined),
        all: [found],
        failures: [{ file: 'b.yaml', mistakes: [{ path: '$', message: 'is empty' }], serving: null }],
      },
      past: { get: async () => null, list: async () => ({ items: [], next: null }), records: 0 },
      keeper: { cancelRest: async () => {} },
      task: async () => null,
      retryTask: async () => {},
      retryMany: async () => ({ matched: 0, changed: 0, skipped: [], next: null }),
    });
  }
}
