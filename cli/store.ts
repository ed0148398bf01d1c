/** `nightshift store`: looks at shared data, sets and deletes it, and counts. */
import { Command } from 'commander';
import type { StoredRecord } from '../supervisor/core/store/record.ts';
import { type Headers, supervisorOf } from './call.ts';
import { dataFolder, dataOption } from './data-folder.ts';
import { localTime } from './local-time.ts';
import { oneLine, print, printError, printJson, table } from './print.ts';
import { readJson, UsageError, wholeNumber } from './usage.ts';

interface Given {
  readonly data: string;
  readonly json?: true;
}

interface Conditional extends Given {
  readonly ifVersion?: number;
}

const itemsPerCallMax = 500;
const valueCharsShown = 60;

export function storeCommand(): Command {
  return new Command('store')
    .description('look at shared data, set and delete it, and count')
    .addCommand(leaf('get', 'print what a key holds, as JSON').argument('<key>', KEY).action(get))
    .addCommand(
      conditional(leaf('set', 'set a key in the place of all that it held'))
        .argument('<key>', KEY)
        .argument('<value>', 'JSON, as @FILE, or - for standard input; with --text, text as it is')
        .option('--text', 'the value is text as it is, not JSON')
        .option('--ttl <time>', 'it ends after so many seconds, or a duration such as 10m; else it stays for good')
        .option('--create', 'only where the key is not there')
        .action(set),
    )
    .addCommand(
      leaf('increment', 'add to the whole number that a key holds; prints the sum')
        .argument('<key>', KEY)
        .argument('[by]', 'a whole number, also below 0 (after --)', '1')
        .option('--ttl <time>', 'of a key that is made by it: seconds, or a duration such as 10m')
        .action(increment),
    )
    .addCommand(conditional(leaf('rm', 'delete a key')).alias('delete').argument('<key>', KEY).action(remove))
    .addCommand(
      leaf('ls', 'list keys with what they hold, in the order of the keys')
        .alias('list')
        .argument('[prefix]', 'only keys that begin with it', '')
        .option('--limit <number>', `how many, at most ${itemsPerCallMax}`, wholeNumber(1, itemsPerCallMax), 50)
        .option('--cursor <text>', 'go on where the page before ended')
        .action(list),
    )
    .addCommand(leaf('cleanup', 'let go of all that has expired at once').action(cleanUp));
}

const KEY = 'its name, e.g. feeds/42';

function leaf(name: string, does: string): Command {
  return new Command(name).description(does).addOption(dataOption()).option('--json', 'print the answer as JSON');
}

function conditional(command: Command): Command {
  const does = 'only while the key is at this version';
  return command.option('--if-version <version>', does, wholeNumber(1, Number.MAX_SAFE_INTEGER));
}

async function get(key: string, given: Given): Promise<void> {
  const stored = await supervisorOf(dataFolder(given)).get<StoredRecord>(placeOf(key));
  given.json ? printJson(stored) : printJson(stored.value);
}

async function set(
  key: string,
  text: string,
  given: Conditional & { readonly text?: true; readonly ttl?: string; readonly create?: true },
): Promise<void> {
  const { create, ifVersion, ttl } = given;
  if (create && ifVersion !== undefined) throw new UsageError('--create and --if-version exclude each other');
  const value = given.text ? text : readJson(text, 'the value');
  const headers: Headers = create ? { 'if-none-match': '*' } : matching(ifVersion);
  const body = { value, ...(ttl !== undefined && { ttl: ttlOf(ttl) }) };
  const answer = await supervisorOf(dataFolder(given)).put<StoredRecord>(placeOf(key), body, headers);
  if (given.json) return printJson(answer.body);
  const { version, expiresAt } = answer.body;
  print(`${oneLine(key)} is at version ${version}${expiresAt === null ? '' : `, until ${localTime(expiresAt)}`}`);
}

async function increment(key: string, by: string, given: Given & { readonly ttl?: string }): Promise<void> {
  if (!/^-?\d{1,16}$/.test(by)) throw new UsageError(`${by} is not a whole number`);
  const body = { by: Number(by), ...(given.ttl !== undefined && { ttl: ttlOf(given.ttl) }) };
  const answer = await supervisorOf(dataFolder(given)).post<StoredRecord>(`${placeOf(key)}/increment`, body);
  given.json ? printJson(answer.body) : print(String(answer.body.value));
}

async function remove(key: string, given: Conditional): Promise<void> {
  await supervisorOf(dataFolder(given)).remove(placeOf(key), matching(given.ifVersion));
  given.json ? printJson({ key }) : print(`deleted ${oneLine(key)}`);
}

async function list(
  prefix: string,
  given: Given & { readonly limit: number; readonly cursor?: string },
): Promise<void> {
  const page = await supervisorOf(dataFolder(given)).get<{
    items: readonly StoredRecord[];
    next: string | null;
    store: { readonly keys: number; readonly bytes: number; readonly bytesMax: number };
  }>('store', { prefix: prefix || undefined, limit: given.limit, cursor: given.cursor });
  if (given.json) return printJson(page);
  if (page.items.length === 0) return printError('no key matches');
  const rows = page.items.map(({ key, value, version, expiresAt }) => [
    key,
    String(version),
    localTime(expiresAt) || 'never',
    short(JSON.stringify(value)),
  ]);
  print(table(['KEY', 'VERSION', 'ENDS', 'VALUE'], rows));
  if (page.next !== null) printError(`there are more: --cursor ${page.next}`);
}

async function cleanUp(given: Given): Promise<void> {
  const { body } = await supervisorOf(dataFolder(given)).post<{ keys: number; bytes: number }>('store/cleanup', {});
  given.json ? printJson(body) : print(`cleared ${body.keys} keys, ${body.bytes} bytes`);
}

function placeOf(key: string): string {
  return `store/${encodeURIComponent(key)}`;
}

function matching(version: number | undefined): Headers {
  return version === undefined ? {} : { 'if-match': `"${version}"` };
}

/** Seconds are a number to the supervisor. */
function ttlOf(text: string): number | string {
  return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
}

function short(text: string): string {
  return text.length > valueCharsShown ? `${text.slice(0, valueCharsShown)}…` : text;
}
