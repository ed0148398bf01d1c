/**
 * Tokens by which programs of an attempt reach the supervisor: each is good for what its attempt may do, and for as long
 * as that is under way. None is kept: a token is made of the attempt, under a secret of this incarnation.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { State } from './core/state.ts';

const PREFIX = 'task.';
const secretBytes = 32;

export class TaskTokens {
  readonly #state: State;
  readonly #secret = randomBytes(secretBytes);

  constructor(state: State) {
    this.#state = state;
  }

  tokenOf(taskId: string, attempt: number): string {
    const named = `${PREFIX}${taskId}.${attempt}`;
    return `${named}.${this.#sealOf(named).toString('base64url')}`;
  }

  /** @returns id of the task whose attempt is under way with this token; null for any other text */
  taskOf(token: string): string | null {
    // So many characters are always as many bytes as a seal has.
    const [, named = '', taskId = '', attempt = '', seal = ''] =
      /^(task\.([0-9a-f-]{36})\.(\d{1,9}))\.([\w-]{43})$/.exec(token) ?? [];
    if (named === '' || !timingSafeEqual(this.#sealOf(named), Buffer.from(seal, 'base64url'))) return null;
    const task = this.#state.tasks.get(taskId);
    const isUnderWay = task?.state === 'running' && task.life?.attempts.at(-1)?.number === Number(attempt);
    return isUnderWay ? taskId : null;
  }

  #sealOf(named: string): Buffer {
    return createHmac('sha256', this.#secret).update(named).digest();
  }
}
