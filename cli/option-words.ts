/** Who wrote options is told of options, not of the JSON they became. */
import { Refused } from './call.ts';

/**
 * For a `catch`.
 * @param word what was written for a member, by its path (`$.task.params.url`); null leaves the path as it is
 * @throws the refusal in those words; anything else as it came
 */
export function inOptions(thrown: unknown, word: (path: string) => string | null): never {
  if (!(thrown instanceof Refused)) throw thrown;
  const renamed = (text: string) => text.replace(/^\$[^ ]*/, (path) => word(path) ?? path);
  const mistakes = thrown.mistakes.map(({ path, message }) => ({ path: renamed(path), message }));
  throw new Refused(renamed(thrown.message), thrown.code, mistakes);
}
