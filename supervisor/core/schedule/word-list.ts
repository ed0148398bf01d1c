/** Lists as they are spoken: "1, 2 and 5", "Monday to Friday". */

const listedMax = 12;
/** A longer row of even steps is cut after three. */
const stepsListedMax = 5;

/** @returns `a, b and c`; long lists end in "and more" */
export function wordList(words: readonly string[]): string {
  const shown = words.length > listedMax ? [...words.slice(0, listedMax), 'more'] : words;
  return shown.length < 2 ? (shown[0] ?? '') : `${shown.slice(0, -1).join(', ')} and ${shown.at(-1)}`;
}

/**
 * Three or more in a row become "from to", longer even steps "0, 7, 14 and so on to 56".
 * @param numbers ascending
 */
export function runList(numbers: readonly number[], say: (number: number) => string = String): string {
  if (isEvenStep(numbers)) {
    const [first, second, third] = numbers.map(say);
    return `${first}, ${second}, ${third} and so on to ${say(numbers.at(-1) as number)}`;
  }
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

function isEvenStep(numbers: readonly number[]): boolean {
  const step = (numbers[1] ?? 0) - (numbers[0] ?? 0);
  return (
    numbers.length > stepsListedMax &&
    step > 1 &&
    numbers.every((number, index) => index === 0 || number - (numbers[index - 1] as number) === step)
  );
}
