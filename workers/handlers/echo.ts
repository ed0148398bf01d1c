/** Gives its params back: for trying things out, and for measuring what a task costs besides its work. */
import { defineHandler } from '../define.ts';

export const handler = defineHandler<unknown>({
  type: 'echo',
  run: (params) => params,
});
