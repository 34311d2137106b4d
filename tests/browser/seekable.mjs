// A stream that is published for as long as the test runs, and its page. SLUICE_WEB: webd's address; SLUICE_CHANNEL: an offline channel;
// SLUICE_PUBLISH: where its stream is published.
import { spawn } from "node:child_process";
import { after } from "node:test";

import { launch, open } from "./browser.mjs";

const { SLUICE_WEB: web, SLUICE_CHANNEL: name, SLUICE_PUBLISH: target } = process.env;
export const browser = await launch();
export const publisher = spawn("ffmpeg", ["-v", "error", "-nostdin", "-re", "-f", "lavfi", "-i", "testsrc2=size=320x180:rate=30", "-f", "lavfi", "-i", "sine",
  "-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-g", "60", "-pix_fmt", "yuv420p", "-c:a", "aac", "-f", "flv", target], { stdio: "inherit" });
after(async () => {
  publisher.kill();
  await browser.close();
});
export const page = await open(browser, `${web}/${name}`);
// Of a time as the seek bar writes it: "1:02:03".
export const seconds = (text) => text.split(":").reduce((sum, part) => sum * 60 + Number(part), 0);
