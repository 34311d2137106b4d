// Plays a multivariant playlist with hls.js in Chromium, and says in one line of JSON what came of it.
// usage: node hls_plays.mjs HLS.JS ADDRESS [seconds=N] [sizes=N] [patience=N]
// Ends well once N seconds have been played and N picture sizes been seen, badly when patience (seconds) is over.
import { launch, until } from "./browser.mjs";

const [library, address, ...wishes] = process.argv.slice(2);
const wish = { seconds: 2, sizes: 1, patience: 40, ...Object.fromEntries(wishes.map((w) => w.split("=")).map(([name, n]) => [name, Number(n)])) };

function play(url) {
  const video = document.body.appendChild(document.createElement("video"));
  video.muted = true;
  const hls = new Hls({ lowLatencyMode: true, enableWorker: false, manifestLoadingMaxRetry: 20, levelLoadingMaxRetry: 20 });
  const seen = (window.seen = { sizes: [], codecs: [], stalls: 0, fatal: [] });
  video.addEventListener("resize", () => seen.sizes.push(`${video.videoWidth}x${video.videoHeight}`));
  video.addEventListener("loadeddata", () => (window.from = video.currentTime));
  hls.on(Hls.Events.BUFFER_CODECS, (_, tracks) => seen.codecs.push(...Object.values(tracks).map((track) => track.levelCodec || track.codec)));
  hls.on(Hls.Events.ERROR, (_, error) => {
    if (error.details === "bufferStalledError") seen.stalls += 1;
    if (error.fatal) seen.fatal.push(error.details);
  });
  window.look = () => ({
    ...seen, played: window.from === undefined ? 0 : video.currentTime - window.from, ready: video.readyState,
    audio: video.webkitAudioDecodedByteCount, frames: video.webkitDecodedFrameCount, error: video.error?.message,
  });
  hls.loadSource(url);
  hls.attachMedia(video);
  video.play();
}

const browser = await launch();
let last = null;
try {
  const page = await browser.newPage();
  await page.addScriptTag({ path: library });
  await page.evaluate(play, address);
  await until(async () => {
    last = await page.evaluate(() => window.look());
    return last.error || last.fatal.length || (last.played >= wish.seconds && new Set(last.sizes).size >= wish.sizes);
  }, "played", wish.patience);
  console.log(JSON.stringify(last));
  process.exitCode = last.error || last.fatal.length ? 1 : 0;
} catch (error) {
  console.log(JSON.stringify({ ...last, failure: error.message }));
  process.exitCode = 1;
} finally {
  await browser.close();
}
