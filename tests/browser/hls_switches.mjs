// Plays a multivariant playlist with hls.js in Chromium and switches to each of its levels and audio tracks in turn; one line of
// JSON says what came of it.
// usage: node hls_switches.mjs HLS.JS ADDRESS [patience=N]
import { launch, until } from "./browser.mjs";

const [library, address, ...wishes] = process.argv.slice(2);
const wish = { patience: 40, ...Object.fromEntries(wishes.map((w) => w.split("=")).map(([name, n]) => [name, Number(n)])) };

function play(url) {
  const video = document.body.appendChild(document.createElement("video"));
  video.muted = true;
  const hls = (window.hls = new Hls({ lowLatencyMode: true, enableWorker: false, manifestLoadingMaxRetry: 20, levelLoadingMaxRetry: 20 }));
  const seen = (window.seen = { levels: [], sounds: [], fatal: [], errors: [], sound: null });
  hls.on(Hls.Events.FRAG_BUFFERED, (_, { frag }) => {
    if (frag.type === "audio") seen.sound = hls.audioTracks[frag.level]?.name;
  });
  hls.on(Hls.Events.LEVEL_SWITCHED, (_, { level }) => seen.levels.push(level));
  hls.on(Hls.Events.ERROR, (_, error) => (error.fatal ? seen.fatal : seen.errors).push(`${error.details} ${error.frag?.type ?? ""} ${error.frag?.level ?? ""} ${error.frag?.sn ?? ""}`));
  window.look = () => ({
    ...seen, time: video.currentTime, size: `${video.videoWidth}x${video.videoHeight}`, audio: video.webkitAudioDecodedByteCount,
    frames: video.webkitDecodedFrameCount, error: video.error?.message,
    names: hls.levels.map((level) => `${level.width}x${level.height}`), tracks: hls.audioTracks.map((track) => track.name),
  });
  hls.loadSource(url);
  hls.attachMedia(video);
  video.play();
}

const browser = await launch();
let last = null;
const look = async (page) => {
  last = await page.evaluate(() => window.look());
  if (last.error || last.fatal.length) throw new Error(last.error || last.fatal.join());
  return last;
};
try {
  const page = await browser.newPage();
  await page.addScriptTag({ path: library });
  await page.evaluate(play, address);
  await until(async () => (await look(page)).time > 0.5 && last.frames > 0, "played", wish.patience);
  const shown = [], heard = [];
  for (let level = 0; level < last.names.length; ++level) {
    let asked = -Infinity;
    await until(async () => {
      // hls.js takes a part without a keyframe at a switch for a gap, leaves the level for it and may not come back by itself.
      if (Date.now() - asked > 8000) {
        await page.evaluate((n) => (window.hls.nextLevel = n), level);
        asked = Date.now();
      }
      return (await look(page)).size === last.names[level];
    }, `level ${level}`, wish.patience);
    shown.push(last.size);
  }
  for (let track = last.tracks.length - 1; track >= 0; --track) {
    await page.evaluate((n) => (window.hls.audioTrack = n), track);
    await until(async () => (await look(page)).sound === last.tracks[track], `audio track ${track}`, wish.patience);
    const { audio, time } = last;
    await until(async () => (await look(page)).audio > audio && last.time > time + 0.5, `sound of track ${track}`, wish.patience);
    heard.push(last.tracks[track]);
  }
  console.log(JSON.stringify({ ...last, shown, heard }));
} catch (error) {
  console.log(JSON.stringify({ ...last, failure: error.message }));
  process.exitCode = 1;
} finally {
  await browser.close();
}
