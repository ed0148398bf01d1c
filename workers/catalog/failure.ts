/** What went wrong with a track, written down beside it. */
import type { HandlerContext } from '../define.ts';
import type { Library } from './client.ts';

const messageCharsMax = 1_000;

/** Does the work, and notes its failure. An attempt that is stopped has not failed. */
export async function noting<T>(
  ctx: HandlerContext,
  library: Library,
  track: string,
  stage: 'download' | 'upload',
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!ctx.signal.aborted) {
      const { code, message } = error as { code?: unknown; message?: unknown };
      const failure = {
        code: typeof code === 'string' ? code : 'handler_error',
        message: String(message).slice(0, messageCharsMax),
        task: ctx.task.id,
        at: new Date().toISOString(),
        stage,
      };
      await library.put({ tracks: [{ id: track, failure }] });
    }
    throw error;
  }
}
