/** Digests a task may ask for, as `sha256:HEX`, and the sums taken while bytes pass. */
import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';

const HEX_CHARS = { md5: 32, sha1: 40, sha256: 64, sha512: 128 } as const;
export type Algorithm = keyof typeof HEX_CHARS;

export interface Digest {
  readonly algorithm: Algorithm;
  readonly hex: string;
}

/** @returns null when the text is no digest */
export function parseDigest(text: string): Digest | null {
  const [algorithm = '', hex = ''] = text.toLowerCase().split(':');
  if (!Object.hasOwn(HEX_CHARS, algorithm) || !/^[0-9a-f]+$/.test(hex)) return null;
  return hex.length === HEX_CHARS[algorithm as Algorithm] ? { algorithm: algorithm as Algorithm, hex } : null;
}

/** Always sha256, and what was asked for beside it. */
export class Sums {
  readonly #hashes = new Map<Algorithm, Hash>();

  constructor(wanted: Digest | null) {
    for (const algorithm of new Set<Algorithm>(['sha256', ...(wanted ? [wanted.algorithm] : [])])) {
      this.#hashes.set(algorithm, createHash(algorithm));
    }
  }

  update(chunk: Uint8Array): void {
    for (const hash of this.#hashes.values()) hash.update(chunk);
  }

  /** Adds the first `bytes` of a file. */
  async updateFrom(path: string, bytes: number): Promise<void> {
    if (bytes === 0) return;
    for await (const chunk of createReadStream(path, { end: bytes - 1 })) this.update(chunk as Buffer);
  }

  /** Ends the sums. */
  digests(): ReadonlyMap<Algorithm, string> {
    return new Map([...this.#hashes].map(([algorithm, hash]) => [algorithm, hash.digest('hex')]));
  }
}

export async function sumsOf(
  path: string,
  bytes: number,
  wanted: Digest | null,
): Promise<ReadonlyMap<Algorithm, string>> {
  const sums = new Sums(wanted);
  await sums.updateFrom(path, bytes);
  return sums.digests();
}
