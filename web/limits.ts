/** Every limit of the HTTP layer by name, with its unit. */
export const bodyBytesMax = 16 * 1024 * 1024;
/** A body that is too large is read on to here, so that the sender hears why instead of seeing its connection reset. */
export const bodyDiscardBytesMax = 64 * 1024 * 1024;
export const loginBodyBytesMax = 8 * 1024;
export const mistakesShownMax = 100;
export const itemsPerPageDefault = 50;
export const itemsPerPageMax = 500;
export const statsDaysDefault = 30;
export const statsDaysMax = 366;
export const idsPerCallMax = 10_000;
export const retryOverMsMax = 30 * 86_400_000;
/** Leaves room for the id of the task that is run again. */
export const retryKeyCharsMax = 400;
export const filterValuesMax = 100;
export const filterTextCharsMax = 200;
export const reasonCharsMax = 500;
export const cursorCharsMax = 1_000;

export const eventClientsMax = 64;
export const logFollowersMax = 64;
/** Files with all tasks that match, being sent at the same time. */
export const exportsMax = 4;
/** Events gather so long before they travel: one write for all of them. */
export const eventGatherMs = 10;
export const eventsPerWriteMax = 500;
export const eventCharsPerWriteMax = 256 * 1024;
export const heartbeatMs = 15_000;
/** A client that takes nothing for so long while something waits for it is let go. */
export const stalledMsMax = 60_000;
export const followedLinesBufferMax = 2_000;

export const sessionsMax = 1_000;
export const sessionLifeMs = 7 * 86_400_000;
/** Wrong tokens an address may send before it has to wait, and how the wait grows. */
export const freeFailuresMax = 5;
export const failureWaitMs = 1_000;
export const failureWaitMsMax = 5 * 60_000;
export const failuresForgottenMs = 15 * 60_000;
export const addressesKeptMax = 10_000;
/** For one address that is not this machine; bulk work from elsewhere sends lists. */
export const requestsPerSecondMax = 200;
export const requestBurstMax = 1_000;
export const refusalsLoggedPerMinuteMax = 60;

export const connectionsMax = 4_096;
export const headersTimeoutMs = 20_000;
export const requestTimeoutMs = 120_000;
export const keepAliveTimeoutMs = 65_000;
export const closeGraceMs = 2_000;

export const settingsPerCallMax = 200;
export const settingCharsMax = 16_384;
export const noteCharsMax = 500;
