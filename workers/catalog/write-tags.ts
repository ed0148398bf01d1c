/** Tags written into files of sound and film, whatever their format has for them; all else that a file holds stays. */
import { damaged } from './tags.ts';

/** What is null, or has no members, is left as it is. */
export interface WantedTags {
  readonly title: string | null;
  readonly artist: string | null;
  readonly album: string | null;
  /** Its first four digits are the year, which is all that most formats have room for. */
  readonly date: string | null;
  readonly genre: readonly string[];
}

/**
 * Blocks its thread as long as the file takes to be written: tags at its beginning move all that is behind them.
 * @param path of a file that nobody else reads; cut in the middle, it is broken
 * @returns false where its format has no tags, or none that can be written
 * @throws Error with code `damaged` where it is not what its name says
 */
export async function writeTags(path: string, { title, artist, album, date, genre }: WantedTags): Promise<boolean> {
  const { CorruptFileError, File, ReadStyle } = await import('node-taglib-sharp');
  try {
    const file = File.createFromPath(path, undefined, ReadStyle.None);
    try {
      if (!file.isWritable) return false;
      const { tag } = file;
      if (title !== null) tag.title = title;
      if (artist !== null) tag.performers = [artist];
      if (album !== null) tag.album = album;
      if (date !== null) tag.year = Number(date.slice(0, 4));
      if (genre.length > 0) tag.genres = [...genre];
      file.save();
      return true;
    } finally {
      file.dispose();
    }
  } catch (error) {
    // It is thrown, but not exported.
    if ((error as Error).constructor.name === 'UnsupportedFormatError') return false;
    if (!(error instanceof CorruptFileError)) throw error;
    throw damaged(error.message);
  }
}
