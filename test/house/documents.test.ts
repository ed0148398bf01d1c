import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { PACKAGES } from '../helpers/needs.ts';
import { plainEnvironment } from '../helpers/plain-environment.ts';

const root = dirname(createRequire(import.meta.url).resolve('nightshift/package.json'));
const program = fileURLToPath(new URL('../../cli/main.js', import.meta.url));
const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: Record<string, string> };
/** What npm does without a script. */
const NPM_OWN = ['ci', 'install', 'exec', 'link', 'pack'];

const documents = [
  '.',
  ...readdirSync(root).filter(
    (name) => !/^(node_modules|build|\.)/.test(name) && statSync(join(root, name)).isDirectory(),
  ),
]
  .flatMap((folder) => readdirSync(join(root, folder)).map((name) => join(folder, name)))
  .filter((name) => name.endsWith('.md'));

/** Lines of the shell blocks of a document, without prompts and comments. */
function commandsIn(text: string): string[] {
  return [...text.matchAll(/^```(?:sh|bash|shell|console)\n([\s\S]*?)^```/gm)]
    .flatMap(([, block = '']) => block.replaceAll('\\\n', ' ').split('\n'))
    .map((line) =>
      line
        .replace(/^\s*\$ /, '')
        .replace(/(^|\s)#.*$/, '')
        .trim(),
    )
    .filter((line) => line !== '');
}

const helps = new Map<string, string>();

function help(words: readonly string[]): string {
  const key = words.join(' ');
  const known =
    helps.get(key) ??
    execFileSync(process.execPath, [program, ...words, '--help'], { encoding: 'utf8', env: plainEnvironment() });
  helps.set(key, known);
  return known;
}

t.test('every command in a shell block of a document exists, with its options', async (t) => {
  t.ok(documents.includes('CONTRIBUTING.md'), 'documents were found');
  for (const name of documents) {
    for (const line of commandsIn(readFileSync(join(root, name), 'utf8'))) {
      for (const command of line.split(/\s*(?:&&|\|\||[|;])\s*/)) checkCommand(name, command);
    }
  }

  function checkCommand(name: string, command: string): void {
    const [npm, script, run] = /^npm (?:run )?([\w:.-]+)/.test(command)
      ? [true, /^npm (?:run )?([\w:.-]+)/.exec(command)?.[1] ?? '', /^npm run /.test(command)]
      : [false, '', false];
    if (npm) t.ok(script in scripts || (!run && NPM_OWN.includes(script)), `${name}: ${command}`);
    const given = /^(?:[A-Z_]+=\S+ )*(?:npx )?nightshift\b(.*)$/.exec(command)?.[1]?.trim().split(/\s+/) ?? null;
    if (given === null) return;
    const [word = '', second = ''] = given;
    if (word === '' || word.startsWith('-')) return;
    t.match(help([]), new RegExp(`^  ${word}\\b`, 'm'), `${name}: ${command}`);
    const isGroup = /^Commands:/m.test(help([word]));
    if (isGroup) t.match(help([word]), new RegExp(`^  ${second}\\b`, 'm'), `${name}: ${command}`);
    const words = isGroup ? [word, second] : [word];
    for (const option of given.filter((one) => /^--[a-z]/.test(one))) {
      t.ok(help(words).includes(option.split('=')[0] ?? option), `${name}: ${command}: ${option}`);
    }
  }
});

t.test('every file a document links to or names by its path is there', async (t) => {
  for (const name of documents) {
    const text = readFileSync(join(root, name), 'utf8');
    for (const [, target = ''] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:|^#/.test(target)) continue;
      t.ok(existsSync(join(root, dirname(name), target.split('#')[0] ?? '')), `${name} → ${target}`);
    }
    for (const [, path = ''] of text.matchAll(
      /`((?:supervisor|workers|web|cli|test|bench|examples)\/[\w./-]+\.(?:tsx?|mjs|md))`/g,
    )) {
      t.ok(existsSync(join(root, path)), `${name}: ${path}`);
    }
  }
});

t.test('continuous integration installs every program a test may need', async (t) => {
  const text = readFileSync(join(root, '.ci', 'run'), 'utf8');
  for (const [command, name] of Object.entries(PACKAGES)) t.match(text, new RegExp(`^${command} ${name}$`, 'm'));
});

t.test('every invariant of ARCHITECTURE.md names a test that is there', async (t) => {
  const text = readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8');
  const [, invariants = ''] = text.split('## Invariants and what holds them');
  const rows = [...(invariants.split('\n## ')[0] as string).matchAll(/^\| (.+?) +\| (.+?) +\|$/gm)].slice(2);
  t.ok(rows.length > 15);
  for (const [, invariant = '', held = ''] of rows) {
    const [, file = '', title = ''] = /^`(test\/[\w./-]+)`: (.+)$/.exec(held) ?? [];
    const text = existsSync(join(root, file)) ? readFileSync(join(root, file), 'utf8') : '';
    // One that holds for several things at once begins with the name of each.
    t.ok(text.includes(`'${title}'`) || text.includes(`: ${title}\``), invariant);
  }
});
