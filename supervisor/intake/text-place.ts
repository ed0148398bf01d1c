/** Offsets in a text as people count them: lines and columns from 1, columns in characters, however long each is. */
export interface TextPlace {
  readonly line: number;
  readonly column: number;
}

export class LineIndex {
  readonly #text: string;
  /** Offsets at which lines begin; made when first asked. */
  #starts: number[] | null = null;

  constructor(text: string) {
    this.#text = text;
  }

  at(offset: number): TextPlace {
    this.#starts ??= lineStarts(this.#text);
    let [low, high] = [0, this.#starts.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#starts[middle] as number) <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: [...this.#text.slice(this.#starts[low], offset)].length + 1 };
  }
}

function lineStarts(text: string): number[] {
  const starts = [0];
  for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', end + 1)) starts.push(end + 1);
  return starts;
}
