/** A WAV file of silence with tags, as programs write them: a chunk `LIST` of the kind `INFO`. */

const TAGS = { title: 'INAM', artist: 'IART', album: 'IPRD', date: 'ICRD', genre: 'IGNR' } as const;

/** @param seconds of silence, mono, 8 bits, 8 kHz */
export function taggedWave(tags: Partial<Record<keyof typeof TAGS, string>>, seconds = 1): Buffer {
  const format = Buffer.alloc(16);
  format.writeUInt16LE(1, 0);
  format.writeUInt16LE(1, 2);
  format.writeUInt32LE(8_000, 4);
  format.writeUInt32LE(8_000, 8);
  format.writeUInt16LE(1, 12);
  format.writeUInt16LE(8, 14);
  const texts = Object.entries(tags).map(([tag, text]) =>
    chunk(TAGS[tag as keyof typeof TAGS], Buffer.from(`${text}\0`, 'utf8')),
  );
  const parts = [
    Buffer.from('WAVE'),
    chunk('fmt ', format),
    chunk('LIST', Buffer.concat([Buffer.from('INFO'), ...texts])),
    chunk('data', Buffer.alloc(8_000 * seconds, 128)),
  ];
  return chunk('RIFF', Buffer.concat(parts));
}

function chunk(name: string, content: Buffer): Buffer {
  const head = Buffer.alloc(8);
  head.write(name, 'latin1');
  head.writeUInt32LE(content.length, 4);
  return Buffer.concat([head, content, Buffer.alloc(content.length % 2)]);
}
