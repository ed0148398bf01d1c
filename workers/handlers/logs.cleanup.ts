/** `logs.cleanup`: removes the logs of attempts that are older than LOG_RETENTION. */
import { cleanupHandler } from '../cleanup.ts';

export const handler = cleanupHandler('logs');
