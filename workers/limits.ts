/** Limits of an attempt, by name with their unit. What exceeds one is refused or counted and said, never silently lost. */
export const resultBytesMax = 256 * 1024;
export const checkpointBytesMax = 64 * 1024;
export const errorMessageCharsMax = 4_096;
export const errorStackCharsMax = 8_192;
export const errorCodeCharsMax = 100;

/** Bucket of log lines: this many at once, refilled at the same number a second. */
export const logLinesPerSecondMax = 500;
export const logBytesPerAttemptMax = 10 * 1024 * 1024;
export const logLineCharsMax = 8_192;

export const progressIntervalMs = 100;
export const countIntervalMs = 100;
/** Checkpoints become durable entries, so they come less often. */
export const checkpointIntervalMs = 200;
export const progressTextCharsMax = 200;

/** Calls (`submit`) of one attempt that may wait for their answer at the same time. */
export const callsPendingMax = 1_000;

/** How long items wait for company before they are posted. */
export const flushMs = 5;
export const itemsPerMessageMax = 256;
/** A handler whose last attempt blocked the thread for longer does not start while outcomes of others wait to be posted. */
export const blockingMsMax = 1;

/** How long loading a handler may take, top-level await included. */
export const handlerLoadMsMax = 10_000;
/** Files that do not load in time share that time; once it is gone, each further one has this long. */
export const handlerLoadMsLeast = 5_000;
/** Of a thread that describes handlers, so that a file without bounds ends soon and alone. */
export const describeHeapMbMax = 512;
export const handlerFileBytesMax = 16 * 1024 * 1024;
/** Of an executable handler, which is run and not loaded. */
export const programFileBytesMax = 1024 * 1024 * 1024;
/** Of the file an executable handler leaves its result in; the result itself is bounded as any other. */
export const resultFileBytesMax = 1024 * 1024;
/** `::submit` lines of one attempt that are under way at the same time; its output is not read on while more wait. */
export const submitsUnderWayMax = 100;
export const handlerFilesMax = 1_000;
/** Files of its folder that a handler may import, directly and by way of others. */
export const handlerImportsMax = 1_000;
/** Entries of a folder that are linked from a served copy. */
export const handlerLinksMax = 1_000;
/** A file that took longer to fail is not tried again until it changes. */
export const costlyMsMin = 4_000;

/** A longer `setTimeout` overflows and fires at once. */
export const timerMsMax = 2_147_483_647;
