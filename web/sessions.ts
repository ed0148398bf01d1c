/** Who has logged in: opaque ids in memory, gone with a restart, with a logout, after a week, or when their token changes. */
import { createHash, randomBytes } from 'node:crypto';
import type { Clock } from '../supervisor/clock.ts';
import { sessionLifeMs, sessionsMax } from './limits.ts';
import { digestOf } from './secret.ts';

type SessionLevel = 'owner' | 'reader';

interface Session {
  readonly level: SessionLevel;
  readonly tokenDigest: Buffer;
  readonly endsAt: number;
}

export class Sessions {
  readonly #clock: Clock;
  /** By the hash of the id, so that nothing read out of memory logs anybody in. */
  readonly #byHash = new Map<string, Session>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @returns the id for the cookie */
  begin(level: SessionLevel, token: string): string {
    const id = randomBytes(32).toString('base64url');
    if (this.#byHash.size >= sessionsMax) this.#byHash.delete(this.#byHash.keys().next().value ?? '');
    this.#byHash.set(hashOf(id), {
      level,
      tokenDigest: digestOf(token),
      endsAt: this.#clock.monotonic() + sessionLifeMs,
    });
    return id;
  }

  /** @param tokens those that are good now; a session of any other has ended */
  levelOf(id: string, tokens: readonly (string | null)[]): SessionLevel | null {
    const hash = hashOf(id);
    const session = this.#byHash.get(hash);
    if (!session) return null;
    const good = tokens.some((token) => token !== null && digestOf(token).equals(session.tokenDigest));
    if (good && session.endsAt > this.#clock.monotonic()) return session.level;
    this.#byHash.delete(hash);
    return null;
  }

  end(id: string): void {
    this.#byHash.delete(hashOf(id));
  }
}

function hashOf(id: string): string {
  return createHash('sha256').update(id).digest('base64url');
}
