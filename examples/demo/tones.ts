/** Audio made at this moment: a few bars of bells as WAV, so that what is downloaded can be listened to. */
const samplesPerSecond = 44_100;
const bytesPerSample = 2;
const headerBytes = 44;
/** Overtones of a bell: multiple of the pitch, loudness, and how fast it fades. */
const OVERTONES = [
  [1, 0.6, 1.2],
  [2.01, 0.25, 2],
  [2.99, 0.12, 3.5],
  [5.43, 0.05, 7],
] as const;
const noteSeconds = 0.75;

export interface Tone {
  readonly name: string;
  readonly content: Buffer;
}

/** Names, first notes and lengths; Chinese and accents among the names, because real libraries have them. */
const PIECES = [
  ['01 First bell.wav', 262, 8],
  ['02 Sérénade.wav', 294, 6],
  ['03 月光.wav', 330, 7],
  ['04 Small hours.wav', 392, 9],
  ['05 Third shift.wav', 440, 6],
  ['06 Dawn.wav', 523, 8],
] as const;
/** Steps of a pentatonic scale: whatever comes after what, it sounds well. */
const STEPS = [0, 4, 7, 9, 12, 9, 7, 4, 2, 7, 14, 12] as const;

export function makeTones(): readonly Tone[] {
  return PIECES.map(([name, hertz, seconds]) => ({ name, content: wav(bells(hertz, seconds)) }));
}

/** @returns samples from -1 to 1, a note every `noteSeconds`, each ringing on into the next */
function bells(hertz: number, seconds: number): Float32Array {
  const samples = new Float32Array(Math.round(seconds * samplesPerSecond));
  for (let note = 0; note * noteSeconds < seconds - noteSeconds; note++) {
    const pitch = hertz * 2 ** ((STEPS[note % STEPS.length] ?? 0) / 12);
    ring(samples, pitch, Math.round(note * noteSeconds * samplesPerSecond));
  }
  return samples;
}

function ring(samples: Float32Array, pitch: number, from: number): void {
  const until = Math.min(samples.length, from + samplesPerSecond * 3);
  for (let at = from; at < until; at++) {
    const time = (at - from) / samplesPerSecond;
    const attack = Math.min(1, time * 200);
    let value = 0;
    for (const [multiple, loudness, fade] of OVERTONES) {
      value += loudness * Math.exp(-fade * time) * Math.sin(2 * Math.PI * pitch * multiple * time);
    }
    samples[at] = (samples[at] ?? 0) + value * attack * 0.4;
  }
}

/** RIFF/WAVE, PCM, mono, 16 bits. */
function wav(samples: Float32Array): Buffer {
  const dataBytes = samples.length * bytesPerSample;
  const file = Buffer.alloc(headerBytes + dataBytes);
  file.write('RIFF', 0, 'ascii');
  file.writeUInt32LE(headerBytes - 8 + dataBytes, 4);
  file.write('WAVEfmt ', 8, 'ascii');
  file.writeUInt32LE(16, 16);
  file.writeUInt16LE(1, 20);
  file.writeUInt16LE(1, 22);
  file.writeUInt32LE(samplesPerSecond, 24);
  file.writeUInt32LE(samplesPerSecond * bytesPerSample, 28);
  file.writeUInt16LE(bytesPerSample, 32);
  file.writeUInt16LE(bytesPerSample * 8, 34);
  file.write('data', 36, 'ascii');
  file.writeUInt32LE(dataBytes, 40);
  samples.forEach((value, index) => {
    file.writeInt16LE(Math.round(Math.max(-1, Math.min(1, value)) * 32_767), headerBytes + index * bytesPerSample);
  });
  return file;
}
