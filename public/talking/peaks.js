// peaks.js -- how loud a sound is from its beginning to its end: what waveforms are drawn from.
//
// As text, to be sent along and stored: one character for each stretch of time, 0 to 63 in the order
// of base64url.

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const STRETCHES = 120;

export const decode = (text) => [...text].map((character) => Math.max(0, ALPHABET.indexOf(character)) / 63);

// The sound in a file: { ms, peaks }, as the browser decodes it; undefined if it cannot.
export async function measure(blob) {
  const context = new OfflineAudioContext(1, 1, 16_000);
  try {
    const sound = await context.decodeAudioData(await blob.arrayBuffer());
    return { ms: Math.round(sound.duration * 1000), peaks: peaksOf(sound) };
  } catch {
    return undefined;
  }
}

// The loudest moment of each stretch, as a share of the loudest of all; a whisper stays visible.
function peaksOf(sound) {
  const channels = Array.from({ length: sound.numberOfChannels }, (_, i) => sound.getChannelData(i));
  const loudest = Array.from({ length: STRETCHES }, (_, i) => {
    const from = Math.floor((i * sound.length) / STRETCHES);
    const to = Math.floor(((i + 1) * sound.length) / STRETCHES);
    let most = 0;
    for (const samples of channels) for (let j = from; j < to; j += 1) most = Math.max(most, Math.abs(samples[j]));
    return most;
  });
  const top = Math.max(...loudest, 0.02);
  return loudest.map((most) => ALPHABET[Math.round((63 * most) / top)]).join('');
}

// As many bars as there is room for, each the loudest of what it stands for.
export function bars(peaks, n) {
  return Array.from({ length: n }, (_, i) => {
    const from = Math.floor((i * peaks.length) / n);
    const to = Math.max(from + 1, Math.floor(((i + 1) * peaks.length) / n));
    return Math.max(...peaks.slice(from, to));
  });
}
