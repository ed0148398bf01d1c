/** Progress in the terminal: bars that move where it can show them, a line for each news where it cannot. */
export interface Row {
  readonly name: string;
  readonly state: string;
  /** 0 to 1, or null while nothing is known. */
  readonly share: number | null;
  readonly text: string;
}

export interface Screen {
  /** A line that stays. */
  say(text: string): void;
  show(rows: readonly Row[]): void;
  /** What is shown now stays, and what follows comes below. */
  settle(): void;
  close(): void;
}

const MARKS: Readonly<Record<string, string>> = { succeeded: '✔', failed: '✘', canceled: '✘', running: '▸' };
const barCells = 28;

export function makeScreen(out: NodeJS.WriteStream): Screen {
  return out.isTTY ? new Bars(out) : new Lines(out);
}

/** The last rows are drawn over and over. */
class Bars implements Screen {
  readonly #out: NodeJS.WriteStream;
  #drawn = 0;
  #rows: readonly Row[] = [];

  constructor(out: NodeJS.WriteStream) {
    this.#out = out;
    out.write('\x1b[?25l');
  }

  say(text: string): void {
    this.#out.write(`${this.#up()}${text}\n`);
    this.show(this.#rows);
  }

  show(rows: readonly Row[]): void {
    this.#rows = rows;
    const width = Math.max(20, this.#out.columns || 80) - 1;
    const lines = rows.map((row) => [...barLine(row)].slice(0, width).join(''));
    this.#out.write(this.#up() + lines.map((line) => `${line}\n`).join(''));
    this.#drawn = lines.length;
  }

  settle(): void {
    this.#drawn = 0;
    this.#rows = [];
  }

  close(): void {
    this.#out.write('\x1b[?25h');
  }

  #up(): string {
    const up = this.#drawn === 0 ? '' : `\x1b[${this.#drawn}A\r\x1b[J`;
    this.#drawn = 0;
    return up;
  }
}

function barLine({ name, state, share, text }: Row): string {
  const full = Math.round((share ?? 0) * barCells);
  const bar = '█'.repeat(full) + '░'.repeat(barCells - full);
  const percent = share === null ? '   ' : `${String(Math.floor(share * 100)).padStart(3)}%`;
  return `${MARKS[state] ?? '·'} ${padded(name, 20)} ${bar} ${percent}  ${state === 'running' ? text : state}`;
}

/** Chinese letters take two cells. */
function padded(name: string, cells: number): string {
  const taken = [...name].reduce(
    (sum, letter) => sum + (/[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\uff00-\uff60]/.test(letter) ? 2 : 1),
    0,
  );
  return name + ' '.repeat(Math.max(0, cells - taken));
}

/** A line when a state changes and at every half. */
class Lines implements Screen {
  readonly #out: NodeJS.WriteStream;
  readonly #said = new Map<string, string>();

  constructor(out: NodeJS.WriteStream) {
    this.#out = out;
  }

  say(text: string): void {
    this.#out.write(`${text}\n`);
  }

  show(rows: readonly Row[]): void {
    for (const { name, state, share, text } of rows) {
      const news = state === 'running' && share !== null && share >= 0.5 && share < 1 ? `${state} 50%` : state;
      if (this.#said.get(name) === news) continue;
      this.#said.set(name, news);
      this.#out.write(
        `${MARKS[state] ?? '·'} ${name}: ${news}${state === 'running' || state === 'failed' ? ` ${text}` : ''}\n`,
      );
    }
  }

  settle(): void {}

  close(): void {}
}
