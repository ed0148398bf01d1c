/** Limits of pipelines and runs by name, with their units. */
export const stagesMax = 32;
export const tasksPerStageMax = 100_000;
export const stageConcurrencyMax = 10_000;
/** The starts that count against a rate stand in one line of a snapshot. */
export const stageRateCountMax = 10_000;
export const stageRateMsMax = 31 * 86_400_000;
export const stageFailuresMax = 100_000;
/** While tasks may still arrive, a share of failures means something only once so many have ended. */
export const percentTasksMin = 20;
export const noteCharsMax = 1_000;
export const labelCharsMax = 200;
export const keyCharsMax = 500;
export const sourcesMax = 1_000;
export const scopeBytesMax = 16 * 1024;
export const runsLiveMax = 1_000;
/** Keys of one stage that stand in one line of a snapshot: each has at most `keyCharsKept` characters. */
export const keysPerLine = 2_000;
