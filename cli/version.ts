/** Which Nightshift this is. */
import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { print } from './print.ts';

let known: string | null = null;

/** From the package's own file, which stands two folders above the compiled command and one above its source. */
export function ownVersion(): string {
  known ??= readVersion(['../package.json', '../../package.json']);
  return known;
}

function readVersion(places: readonly string[]): string {
  for (const place of places) {
    try {
      const { name, version } = JSON.parse(readFileSync(new URL(place, import.meta.url), 'utf8'));
      if (name === 'nightshift') return String(version);
    } catch {
      // the next place may have it
    }
  }
  return 'unknown';
}

export function versionCommand(): Command {
  return new Command('version').description('print the version of Nightshift and of Node').action(() => {
    print(`nightshift ${ownVersion()} (node ${process.version}, ${process.platform} ${process.arch})`);
  });
}
