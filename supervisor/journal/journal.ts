/**
 * The journal as the rest of the supervisor sees it: append entries, learn when they are on disk, write snapshots,
 * read back. What an entry means is none of its business: it keeps `body`, the text of JSON members without braces.
 */

/** A stretch of bytes in a file of the journal, e.g. the params of a task; `file` is an ordinal from `JournalFiles`. */
export interface Place {
  readonly file: number;
  readonly offset: number;
  readonly length: number;
}

/** What recovery hands over, in order: first the entities of a snapshot, then the entries after it. */
export interface Replayer {
  /**
   * One entity of the snapshot. `bytes[start, end)` is its body, standing at `offset` of file `file`.
   * @param seq sequence number of its last change
   */
  entity(seq: number, bytes: Buffer, start: number, end: number, file: number, offset: number): void;
  /** Everything handed over so far is void: the snapshot turned out to be damaged, and an older one follows. */
  startOver(): void;
  /** One entry of a segment; same arguments, and the wall time it was written at. */
  entry(seq: number, at: number, bytes: Buffer, start: number, end: number, file: number, offset: number): void;
}

export interface SnapshotLine {
  readonly seq: number;
  /** The body; when `tail` is given, its bytes are copied behind it from where they stand. */
  readonly body: string;
  readonly tail: Place | null;
}

/** The state, walked in slices by the one who owns it. */
export interface SnapshotSource {
  /** Next lines, a few milliseconds' worth, or null at the end. Called on the main thread, one call at a time. */
  next(): readonly SnapshotLine[] | null;
  /** Where the lines of the last `next()` were put: offsets of their first body byte, in the same order. */
  placed(file: number, offsets: Float64Array): void;
  /** Awaited after the last slice: whatever the snapshot leaves out must be on disk elsewhere before it is published. */
  walked?(): Promise<void>;
  /** The snapshot is on disk, verified and in the manifest: places in it are good from now on. */
  published(): void;
}

export interface JournalPosition {
  readonly file: number;
  /** Offset of the first byte of the body. */
  readonly offset: number;
  /** Length of the body in bytes. */
  readonly length: number;
}

export type FsyncPolicy = 'always' | 'everysec' | 'no';
