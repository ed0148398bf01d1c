/** Limits of the inbox, each with its unit. */
export const fileBytesMax = 32 * 1024 * 1024;
/** YAML takes hundreds of times its size in memory to read. */
export const yamlBytesMax = 1024 * 1024;
export const tasksPerFileMax = 100_000;
export const mistakesShownMax = 100;
/** Longer names are shortened: an id stands before them while their file is taken, `.error.json` behind when rejected. */
export const nameBytesMax = 200;

/** Larger files are read in a process of their own, so that the supervisor's loop never waits for one. */
export const inlineBytesMax = 128 * 1024;
export const inlineYamlBytesMax = 4 * 1024;
export const parseMsMax = 60_000;
export const parseHeapMegabytesMax = 1_024;
export const parseProcessIdleMs = 5_000;

export const aliasesMax = 100;

/** Files moved into `.taking/` between two syncs of the folders. */
export const batchFilesMax = 2_048;
export const batchBytesMax = 16 * 1024 * 1024;
/** Finished files moved on between two syncs of the folders. */
export const settleFilesMax = 256;
/** System calls under way at once: the threads they run on are shared with all workers. */
export const callsMax = 8;
/** Syncs of files are the slowest of them, and nobody waits for these. */
export const syncsMax = 2;

export const rescanMs = 60_000;
/** Without news from the system, as when its watches are used up. */
export const blindRescanMs = 5_000;
/** A file that the supervisor could not take just now (disk full, draining) is offered again so much later. */
export const laterMs = 5_000;
export const passPauseMsLeast = 25;
export const passPauseMsMax = 500;
export const growingMs = 60_000;
export const namesShownMax = 5;
/** An accepted file is looked at once more after so long: a writer who had only paused has gone on by then. */
export const lateMs = 60_000;
export const lateShownMax = 100;
/** Small files are read and checked for so long before everybody else gets a turn. */
export const sliceMsMax = 8;
/** Taken files that may wait to be moved on while others are still being taken. */
export const heldFilesMax = 16_384;
/** From so many files on the watch is off and the folder is simply looked through, until it is calm again. */
export const crowdFilesMin = 200;
export const crowdRescanMs = 500;
