/** The pipelines that come with Nightshift: those of the media library. A file with the name of one takes its place. */
import { type Pipeline, versionOf } from './pipeline.ts';
import { checkPipeline } from './pipeline-input.ts';

export interface BuiltInPipeline {
  readonly pipeline: Pipeline;
  readonly version: string;
}

const COLLECT = { name: 'collect', type: 'library.collect', concurrency: 4 };
const SYNC = { name: 'sync', type: 'library.sync', concurrency: 4 };
const DOWNLOAD = { name: 'download', type: 'library.download', concurrency: 4, maxAttempts: 5 };
const UPLOAD = { name: 'upload', type: 'library.upload', concurrency: 2, maxAttempts: 5 };
const CATALOG = { name: 'catalog', type: 'library.catalog', concurrency: 4 };

function flow(stage: object): object {
  return { ...stage, start: 'flow' };
}

const GIVEN = [
  {
    name: 'library.full',
    note: 'Finds the playlists of the sources, takes in what they list, downloads what is missing and uploads it.',
    stages: [COLLECT, flow(SYNC), flow(DOWNLOAD), flow(UPLOAD)],
  },
  {
    name: 'library.collect',
    note: 'Finds the playlists of the sources and writes them into the catalog.',
    stages: [COLLECT, flow(CATALOG)],
  },
  { name: 'library.sync', note: 'Takes in what the playlists of the catalog list.', stages: [SYNC] },
  { name: 'library.download', note: 'Downloads the tracks whose files are missing.', stages: [DOWNLOAD] },
  { name: 'library.upload', note: 'Uploads the files that are not there yet.', stages: [UPLOAD] },
];

export const BUILT_IN_PIPELINES: ReadonlyMap<string, BuiltInPipeline> = new Map(
  GIVEN.map((given) => {
    const checked = checkPipeline(given);
    if (!checked.ok)
      throw new Error(`the built-in pipeline ${given.name} is not one: ${JSON.stringify(checked.mistakes)}`);
    return [given.name, { pipeline: checked.value, version: versionOf(checked.value) }];
  }),
);
