/** Lists as they are spoken: "1, 2 and 5", "Monday to Friday". */

const listedMax = 12;

/** @returns `a, b and c`; long lists end in "and more" */
export function wordList(words: readonly string[]): string {
  const shown = words.length > listedMax ? [...words.slice(0, listedMax), 'more'] : words;
  return shown.length < 2 ? (shown[0] ?? '') : `${shown.slice(0, -1).join(', ')} and ${shown.at(-1)}`;
}

/**
 * Three or more in a row become "from to".
 * @param numbers ascending
 */
export function runList(numbers: readonly number[], say: (number: number) => string = String): string {
  const words: string[] = [];
  for (let index = 0; index < numbers.length; ) {
    const first = numbers[index] as number;
    let length = 1;
    while (numbers[index + length] === first + length) length++;
    const rest = Array.from({ length }, (_, step) => say(first + step));
    words.push(...(length < 3 ? rest : [`${say(first)} to ${say(first + length - 1)}`]));
    index += length;
  }
  return wordList(words);
}
