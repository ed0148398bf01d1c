/** The part of an answer's body that is kept with a task: unpacked, cut at a limit, as JSON or text where it is that. */
import { pipeline, type Readable } from 'node:stream';
import type { HttpResponse } from './define.ts';
import { codingOf, unpackerOf } from './http-coding.ts';
import { networkFault } from './http-fault.ts';

export interface KeptBody {
  readonly body: unknown;
  readonly encoding: 'json' | 'text' | 'base64' | 'none';
  /** Bytes kept. */
  readonly bytes: number;
  /** True: there was more. */
  readonly truncated: boolean;
}

export async function keepBody(response: HttpResponse, bytesMax: number): Promise<KeptBody> {
  const { content, truncated } = await firstBytes(unpacked(response), bytesMax, new URL(response.url));
  const bytes = content.length;
  if (bytes === 0) return { body: null, encoding: 'none', bytes, truncated };
  const text = textOf(content, response.headers['content-type'] ?? '', truncated);
  if (text === null) return { body: content.toString('base64'), encoding: 'base64', bytes, truncated };
  const json = truncated || !isJson(response.headers['content-type'] ?? '') ? undefined : parsed(text);
  return json === undefined
    ? { body: text, encoding: 'text', bytes, truncated }
    : { body: json, encoding: 'json', bytes, truncated };
}

/** A packing that is not known stays as it is. */
function unpacked(response: HttpResponse): Readable {
  const coding = codingOf(response.headers);
  const unpacker = coding === null ? null : unpackerOf(coding);
  return unpacker ? pipeline(response.body, unpacker, () => {}) : response.body;
}

async function firstBytes(
  body: Readable,
  bytesMax: number,
  url: URL,
): Promise<{ content: Buffer; truncated: boolean }> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of body) {
      chunks.push(chunk as Buffer);
      bytes += (chunk as Buffer).length;
      // Leaving the loop destroys the stream, and with it the connection.
      if (bytes > bytesMax) break;
    }
  } catch (error) {
    throw networkFault(error, url);
  }
  return { content: Buffer.concat(chunks).subarray(0, bytesMax), truncated: bytes > bytesMax };
}

/** @returns null for what is no text */
function textOf(content: Buffer, contentType: string, truncated: boolean): string | null {
  const charset = /charset="?([\w.:-]+)"?/i.exec(contentType)?.[1] ?? 'utf-8';
  try {
    // Cut off in the middle, the last character may be incomplete: `stream` leaves it out instead of failing.
    const text = new TextDecoder(charset, { fatal: true }).decode(content, { stream: truncated });
    return text.includes('\0') ? null : text;
  } catch {
    return null;
  }
}

function isJson(contentType: string): boolean {
  return /^[\w.-]+\/(?:[\w.-]+\+)?json\b/i.test(contentType.trim());
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
