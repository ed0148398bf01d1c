/** The texts made from the table of settings: `nightshift.env.example`, and the reference for the documents. */
import { BUILT_INS, timeKeyOf } from '../core/schedule/built-ins.ts';
import { ROWS, type Row } from './settings.ts';

const widthMax = 118;

const HEAD = `# Settings of Nightshift. Copied to nightshift.env in the data folder at the first start.
# Take away the # before a key to set it; what stands there is the default.
# One KEY=value a line. Put a value in quotes when it holds spaces or a #. An empty value counts as not set.
# The environment overrides this file (NIGHTSHIFT_WEB_PORT=80), the command line overrides both.
# A change holds as soon as the file is written, but for the keys that say otherwise. A value that is
# wrong keeps the whole file from being used: Nightshift goes on with the last good one, and says so on the page and in
# its log. A key that is no setting is pointed out, and the rest of the file is used.
`;

const TIMES = `# When built-in schedules are due on their days, as HH:MM in the zone of TIMEZONE. Taken away again, the default holds.
${BUILT_INS.map(({ name, when }) => `#${timeKeyOf(name)}=${when.at}`).join('\n')}
`;

const OWN = `# Keys of your own begin with HANDLER_ and reach the handlers that declare them.
#HANDLER_EXAMPLE=value
`;

export function exampleFile(): string {
  return [HEAD, ...ROWS.map(exampleRow), TIMES, OWN].join('\n');
}

function exampleRow(row: Row<unknown>): string {
  const sentence = row.live ? row.sentence : `${row.sentence} A change holds from the next start.`;
  return `${[...wrap(sentence), ...wrap(facts(row))].join('\n')}\n#${row.key}=${row.default}\n`;
}

function facts(row: Row<unknown>): string {
  const unit = row.kind.unit === null ? '' : ` Unit: ${row.kind.unit}.`;
  return `Allowed: ${row.kind.limits}.${unit} Default: ${row.default === '' ? 'none' : row.default}.`;
}

function wrap(text: string): string[] {
  const lines: string[] = [];
  let line = '#';
  for (const word of text.split(' ')) {
    if (line.length + 1 + word.length > widthMax) {
      lines.push(line);
      line = '#';
    }
    line += ` ${word}`;
  }
  return [...lines, line];
}

/** A Markdown table of all settings. */
export function referenceTable(): string {
  const head = ['| key | default | allowed | what for |', '| --- | --- | --- | --- |'];
  return `${[...head, ...ROWS.map(referenceRow)].join('\n')}\n`;
}

function referenceRow(row: Row<unknown>): string {
  const marks = [
    row.secret && 'Secret.',
    row.fileOnly && 'Changed in the file only.',
    !row.live && 'A change holds from the next start.',
  ];
  const sentence = [row.sentence, ...marks.filter((mark) => mark)].join(' ');
  const allowed = row.kind.unit === null ? row.kind.limits : `${row.kind.limits} (${row.kind.unit})`;
  const value = row.default === '' ? '' : `\`${row.default}\``;
  return `| \`${row.key}\` | ${value} | ${cell(allowed)} | ${cell(sentence)} |`;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}
