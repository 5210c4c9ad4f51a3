// recorder.js -- the microphone, for two minutes at most.
//
//   const recorder = await record({ music, onLevel, onEnd });
//   recorder.stop();                 onEnd(blob) follows, as it does after LIMIT_MS, or when the
//   recorder.discard();              microphone goes away; not after discard()
//
// For speech the browser takes away noise, echo and differences of loudness; music would not
// survive that.

export const LIMIT_MS = 120_000;
const TYPES = ['audio/webm;codecs=opus', 'audio/ogg;codecs=opus', 'audio/mp4'];
const LEVEL_MS = 50;

export const canRecord = () => Boolean(navigator.mediaDevices?.getUserMedia && globalThis.MediaRecorder);

// What went wrong, as people say it.
export function reasonOf(error) {
  switch (error?.name) {
    case 'NotAllowedError': return 'The browser may not use the microphone. Allow it beside the address, and try again.';
    case 'NotFoundError': return 'There is no microphone. You can choose an audio file instead.';
    case 'NotReadableError': return 'Another program keeps the microphone to itself.';
    default: return 'The microphone does not work. You can choose an audio file instead.';
  }
}

export async function record({ music, onLevel, onEnd }) {
  const stream = await navigator.mediaDevices.getUserMedia({
    audio: { echoCancellation: !music, noiseSuppression: !music, autoGainControl: !music },
  });
  try {
    return recordFrom(stream, { music, onLevel, onEnd });
  } catch (error) {
    turnOff(stream); // or it would listen on, with nobody to stop it
    throw error;
  }
}

function turnOff(stream) {
  for (const track of stream.getTracks()) track.stop();
}

function recordFrom(stream, { music, onLevel, onEnd }) {
  const mimeType = TYPES.find((type) => MediaRecorder.isTypeSupported(type));
  const recorder = new MediaRecorder(stream, { mimeType, audioBitsPerSecond: music ? 128_000 : 48_000 });
  const pieces = [];
  let wanted = true;
  recorder.start(1000);
  const limit = setTimeout(() => stop(), LIMIT_MS);
  const meter = watchLevel(stream, onLevel);
  recorder.addEventListener('dataavailable', ({ data }) => pieces.push(data));
  recorder.addEventListener('stop', () => {
    clearTimeout(limit);
    meter();
    turnOff(stream);
    if (wanted) onEnd(new Blob(pieces, { type: recorder.mimeType || mimeType }));
  });

  function stop() {
    if (recorder.state !== 'inactive') recorder.stop();
  }
  return { stop, discard() { wanted = false; stop(); } };
}

// Calls with how loud it is, from 0 to 1, twenty times a second. Returns what ends that.
function watchLevel(stream, onLevel) {
  const context = new AudioContext();
  const analyser = new AnalyserNode(context, { fftSize: 2048 });
  context.createMediaStreamSource(stream).connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  const timer = setInterval(() => {
    analyser.getFloatTimeDomainData(samples);
    onLevel(Math.min(1, 1.2 * samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0)));
  }, LEVEL_MS);
  return () => {
    clearInterval(timer);
    context.close();
  };
}
