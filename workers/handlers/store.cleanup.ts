/** `store.cleanup`: lets go of what has expired in the store. */
import { cleanupHandler } from '../cleanup.ts';

export const handler = cleanupHandler('store');
