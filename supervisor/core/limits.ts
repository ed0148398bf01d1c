/** Every limit by name, with its unit. Those a person may change are settings and start from these. */
export const taskParamsBytesMax = 256 * 1024;
export const errorMessageCharsMax = 4_096;
export const errorStackCharsMax = 8_192;
export const tasksPerListMax = 10_000;
/** No more are looked for: nobody reads on, and a body of 16 MiB may hold millions. */
export const mistakesPerTaskMax = 100;
export const tagsPerTaskMax = 32;
export const nameCharsMax = 200;
export const idempotencyKeyCharsMax = 500;
export const attemptsMax = 1_000;
export const durationMsMax = 10 * 365 * 86_400_000;
export const agingMs = 10 * 60_000;
export const attemptsKeptMax = 100;
/** Errors of older attempts are kept short: with its params a task must fit one line of a snapshot. */
export const wholeErrorsMax = 3;
export const shortErrorCharsMax = 200;
export const soloCrashesMax = 3;
/** Every minute of an hour named one by one takes a third of it. */
export const cronExpressionCharsMax = 512;
export const minIntervalMsDefault = 5 * 60_000;
export const previewTimesMax = 100;
export const storeKeyBytesMax = 512;
/** As JSON. */
export const storeValueBytesMax = 64 * 1024;
export const storeKeysMax = 1_000_000;
export const storeBytesMaxDefault = 64 * 1024 * 1024;
/** Of the keys and values on one page. */
export const storePageBytesMax = 1024 * 1024;
