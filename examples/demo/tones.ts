/** Audio made at this moment: a few bars of bells, so that what is downloaded can be listened to. */
export const samplesPerSecond = 44_100;
/** Overtones of a bell: multiple of the pitch, loudness, and how fast it fades. */
const OVERTONES = [
  [1, 0.6, 1.2],
  [2.01, 0.25, 2],
  [2.99, 0.12, 3.5],
  [5.43, 0.05, 7],
] as const;
const noteSeconds = 0.75;
const ringSeconds = 3;
/** Steps of a pentatonic scale: whatever comes after what, it sounds well. */
const STEPS = [0, 4, 7, 9, 12, 9, 7, 4, 2, 7, 14, 12] as const;

/** @returns samples from -1 to 1, a note every `noteSeconds`, each ringing on into the next */
export function bells(hertz: number, seconds: number): Float32Array {
  const samples = new Float32Array(Math.round(seconds * samplesPerSecond));
  for (let note = 0; note * noteSeconds < seconds - noteSeconds; note++) {
    const pitch = hertz * 2 ** ((STEPS[note % STEPS.length] ?? 0) / 12);
    ring(samples, pitch, Math.round(note * noteSeconds * samplesPerSecond));
  }
  return samples;
}

function ring(samples: Float32Array, pitch: number, from: number): void {
  const until = Math.min(samples.length, from + samplesPerSecond * ringSeconds);
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
