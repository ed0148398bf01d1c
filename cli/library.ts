/** `nightshift library`: what the library holds, its playlists, its tracks. */
import { Command, Option } from 'commander';
import { supervisorOf } from './call.ts';
import { dataFolder, dataOption } from './data-folder.ts';
import { oneLine, print, printError, printJson, table } from './print.ts';

const STATES = ['new', 'downloaded', 'uploaded', 'changed', 'failed', 'gone'] as const;
type Counts = Readonly<Record<(typeof STATES)[number], number>>;

interface Status {
  readonly library: {
    readonly playlists: number;
    readonly tracks: number;
    readonly counts: Counts;
    readonly sources: readonly { name: string; kind: string; on: boolean; url: string | null; path: string | null }[];
    readonly mistakes: readonly { path: string; message: string }[];
  };
}
interface Page<Item> {
  readonly items: readonly Item[];
  readonly total: number;
}
interface Playlist {
  readonly id: string;
  readonly source: string;
  readonly title: string;
  readonly groups: readonly string[];
  readonly counts: Counts;
}
interface Track {
  readonly id: string;
  readonly state: string;
  readonly title: string;
  readonly playlistTitle: string;
  readonly file: { readonly path: string } | null;
  readonly failure: { readonly message: string } | null;
}
interface Given {
  readonly data: string;
  readonly json?: true;
  readonly limit?: string;
  readonly [filter: string]: unknown;
}

const FILTERS = ['source', 'group', 'playlist', 'state', 'q'] as const;

export function libraryCommand(): Command {
  const command = new Command('library')
    .description('show the library: what it holds, and which sources there are')
    .addOption(dataOption())
    .option('--json', 'print the answer as JSON')
    .action(status);
  command.addCommand(
    listCommand('playlists', 'list playlists by title, with their tracks counted by state', playlists),
  );
  const tracks = listCommand('tracks', 'list tracks by playlist and place', listTracks);
  tracks.addOption(new Option('--state <states>', `states, separated by commas: ${STATES.join(', ')}`));
  tracks.addOption(new Option('--playlist <playlists>', 'ids or titles of playlists, separated by commas'));
  command.addCommand(tracks);
  return command;
}

function listCommand(name: string, description: string, action: (given: Given) => Promise<void>): Command {
  return new Command(name)
    .description(description)
    .addOption(dataOption())
    .option('--source <names>', 'sources, separated by commas')
    .option('--group <names>', 'groups, separated by commas')
    .option('-q, --q <text>', 'text to look for')
    .option('-n, --limit <count>', 'at most so many, up to 500')
    .option('--json', 'print the answer as JSON')
    .action((_given: Given, self: Command) => action(self.optsWithGlobals()));
}

async function status(given: Given): Promise<void> {
  const answer = await supervisorOf(dataFolder(given)).get<Status>('library');
  if (given.json) return printJson(answer);
  const { playlists, tracks, counts, sources, mistakes } = answer.library;
  print(`${playlists} playlists, ${tracks} tracks: ${STATES.map((state) => `${counts[state]} ${state}`).join(', ')}`);
  if (sources.length === 0) printError('there are no sources: write some into sources.yaml');
  else {
    const rows = sources.map(({ name, kind, on, url, path }) => [
      name,
      kind,
      on ? 'on' : 'off',
      oneLine(url ?? path ?? ''),
    ]);
    print(table(['SOURCE', 'KIND', 'IS', 'WHERE'], rows));
  }
  for (const { path, message } of mistakes) printError(`sources.yaml: ${path} ${message}`);
}

async function playlists(given: Given): Promise<void> {
  const answer = await supervisorOf(dataFolder(given)).get<Page<Playlist>>('library/playlists', queryOf(given));
  if (given.json) return printJson(answer);
  if (answer.items.length === 0) return printError('there are no such playlists');
  const rows = answer.items.map(({ id, source, title, groups, counts }) => [
    id,
    oneLine(title),
    oneLine(source),
    oneLine(groups.join(', ')),
    ...STATES.map((state) => String(counts[state])),
  ]);
  print(table(['ID', 'TITLE', 'SOURCE', 'GROUPS', ...STATES.map((state) => state.toUpperCase())], rows));
  tellRest(answer);
}

async function listTracks(given: Given): Promise<void> {
  const answer = await supervisorOf(dataFolder(given)).get<Page<Track>>('library/tracks', queryOf(given));
  if (given.json) return printJson(answer);
  if (answer.items.length === 0) return printError('there are no such tracks');
  const rows = answer.items.map(({ id, state, title, playlistTitle, file, failure }) => [
    id,
    state,
    oneLine(title),
    oneLine(playlistTitle),
    oneLine(failure?.message ?? file?.path ?? ''),
  ]);
  print(table(['ID', 'STATE', 'TITLE', 'PLAYLIST', 'FILE OR FAILURE'], rows));
  tellRest(answer);
}

function tellRest({ items, total }: Page<unknown>): void {
  if (total > items.length) printError(`${items.length} of ${total}; --limit shows more, up to 500`);
}

function queryOf(given: Given): Record<string, string> {
  const asked = [...FILTERS, 'limit'].flatMap((name) => (typeof given[name] === 'string' ? [[name, given[name]]] : []));
  return Object.fromEntries(asked) as Record<string, string>;
}
