/** Audio files with ID3 tags, byte by byte: WAV of samples, and MP3 of silence, which needs no encoder. */
import { samplesPerSecond } from './tones.ts';

const bytesPerSample = 2;

export interface Tags {
  readonly title: string;
  readonly artist: string;
  readonly album: string;
}

/** RIFF/WAVE, PCM, mono, 16 bits; the tag has a chunk of its own. @param samples from -1 to 1 */
export function wav(samples: Float32Array, tags: Tags): Buffer {
  const format = Buffer.alloc(16);
  format.writeUInt16LE(1, 0);
  format.writeUInt16LE(1, 2);
  format.writeUInt32LE(samplesPerSecond, 4);
  format.writeUInt32LE(samplesPerSecond * bytesPerSample, 8);
  format.writeUInt16LE(bytesPerSample, 12);
  format.writeUInt16LE(bytesPerSample * 8, 14);
  const data = Buffer.alloc(samples.length * bytesPerSample);
  samples.forEach((value, index) => {
    data.writeInt16LE(Math.round(Math.max(-1, Math.min(1, value)) * 32_767), index * bytesPerSample);
  });
  const chunks = [chunk('fmt ', format), chunk('data', data), chunk('id3 ', id3(tags))];
  return chunk('RIFF', Buffer.concat([Buffer.from('WAVE', 'latin1'), ...chunks]));
}

/** Chunks begin at even places. */
function chunk(id: string, content: Buffer): Buffer {
  const head = Buffer.alloc(8);
  head.write(id, 0, 'latin1');
  head.writeUInt32LE(content.length, 4);
  return Buffer.concat([head, content, Buffer.alloc(content.length % 2)]);
}

/** MPEG-1 Layer III, 128 kbit/s, 44.1 kHz, mono: a header, and nothing but zeros behind it, is a frame of silence. */
const FRAME = Buffer.alloc(417);
FRAME.writeUInt32BE(0xff_fb_90_c4, 0);
const framesPerSecond = samplesPerSecond / 1_152;

export function silentMp3(seconds: number, tags: Tags): Buffer {
  const silence = Array.from({ length: Math.ceil(seconds * framesPerSecond) }, () => FRAME);
  return Buffer.concat([id3(tags), ...silence]);
}

/** ID3v2.3, texts in UTF-16; its length has seven bits a byte. */
function id3({ title, artist, album }: Tags): Buffer {
  const body = Buffer.concat([frame('TIT2', title), frame('TPE1', artist), frame('TALB', album)]);
  const head = Buffer.from('ID3\x03\0\0\0\0\0\0', 'latin1');
  for (let place = 0; place < 4; place++) head[9 - place] = (body.length >> (7 * place)) & 0x7f;
  return Buffer.concat([head, body]);
}

function frame(id: string, value: string): Buffer {
  const content = Buffer.concat([Buffer.from([1, 0xff, 0xfe]), Buffer.from(value, 'utf16le')]);
  const head = Buffer.alloc(10);
  head.write(id, 0, 'latin1');
  head.writeUInt32BE(content.length, 4);
  return Buffer.concat([head, content]);
}
