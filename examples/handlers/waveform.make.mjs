/**
 * Draws the waveform of a WAV file as an SVG beside it, like the small pictures of a sound archive. To use it, copy this
 * file into `DATA/handlers/`, restart, and add a task: `nightshift add waveform.make --params '{"file": "/music/a.wav"}'`
 */
import { open, rename } from 'node:fs/promises';
import { defineHandler, Permanent } from 'nightshift/handler';

const columns = 400;
const height = 80;
const headerBytesMax = 4_096;

export default defineHandler({
  type: 'waveform.make',
  timeout: '5m',
  concurrency: 2,
  async run({ file }, ctx) {
    if (typeof file !== 'string' || !file.endsWith('.wav'))
      throw new Permanent('"file" must be the path of a .wav file');
    const input = await open(file);
    try {
      const { from, bytes } = await findSamples(input);
      const peaks = [];
      for (let column = 0; column < columns; column++) {
        ctx.signal.throwIfAborted();
        peaks.push(await peakOf(input, from + column * even(bytes / columns), even(bytes / columns)));
        if (column % 40 === 39) ctx.progress(column + 1, columns, 'columns');
      }
      const picture = file.replace(/\.wav$/, '.svg');
      await writeWhole(picture, svg(peaks));
      ctx.log.info(`drew ${picture}`);
      return { picture, loudest: Math.max(...peaks) };
    } finally {
      await input.close();
    }
  },
});

/** Samples of 16 bits must not be cut in half. */
function even(bytes) {
  return Math.floor(bytes / 2) * 2;
}

async function findSamples(input) {
  const { buffer, bytesRead } = await input.read(Buffer.alloc(headerBytesMax), 0, headerBytesMax, 0);
  const header = buffer.subarray(0, bytesRead);
  const at = header.indexOf('data');
  // Trying again would find the same file: no retry.
  if (header.toString('latin1', 0, 4) !== 'RIFF' || at === -1) throw new Permanent('this is no WAV file');
  if (header.readUInt16LE(34) !== 16) throw new Permanent('only samples of 16 bits can be drawn');
  return { from: at + 8, bytes: Math.min(header.readUInt32LE(at + 4), (await input.stat()).size - at - 8) };
}

/** Loudest sample of a piece, 0 to 1. */
async function peakOf(input, from, bytes) {
  const { buffer, bytesRead } = await input.read(Buffer.alloc(bytes), 0, bytes, from);
  let peak = 0;
  for (let at = 0; at + 1 < bytesRead; at += 2) peak = Math.max(peak, Math.abs(buffer.readInt16LE(at)));
  return peak / 32_768;
}

function svg(peaks) {
  const lines = peaks.map((peak, x) => {
    const half = Math.max(0.5, (peak * height) / 2);
    return `M${x + 0.5} ${(height / 2 - half).toFixed(1)}V${(height / 2 + half).toFixed(1)}`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${columns} ${height}"><path d="${lines.join('')}" stroke="#46c"/></svg>\n`;
}

/** Written beside and moved: a task may be cut off at any moment and run again, and nobody should see half a picture. */
async function writeWhole(path, text) {
  const beside = `${path}.part`;
  const output = await open(beside, 'w');
  try {
    await output.writeFile(text);
  } finally {
    await output.close();
  }
  await rename(beside, path);
}
