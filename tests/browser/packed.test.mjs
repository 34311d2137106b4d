// Chromium's own WebSocket with permessage-deflate, which no page can turn off: what it agrees on with chatd, and that both are understood.
// SLUICE_CHAT_PORT: chatd's WebSocket port; SLUICE_TICKET: for one who may write in #demo.
import assert from "node:assert/strict";
import test from "node:test";

import { launch, open } from "./browser.mjs";

const port = process.env.SLUICE_CHAT_PORT;
const ticket = process.env.SLUICE_TICKET;

test("Chromium and chatd pack what they say", async () => {
  const browser = await launch();
  try {
    const page = await open(browser, `http://127.0.0.1:${port}/`); // of the origin that may: chatd says there that it is no web server
    const text = "again ".repeat(60) + "and again";
    const heard = await page.evaluate(([port, ticket, text]) => new Promise((done, refused) => {
      const socket = new WebSocket(`ws://127.0.0.1:${port}/json`);
      const say = (frame) => socket.send(JSON.stringify(frame));
      socket.onopen = () => {
        say({ type: "auth", ticket });
        say({ type: "join", channel: "demo" });
      };
      socket.onmessage = ({ data }) => {
        const said = JSON.parse(data);
        if (said.type === "joined") say({ type: "message", channel: "demo", text, key: "packed" });
        if (said.type === "message") done({ extensions: socket.extensions, text: said.text });
        if (said.type === "error") refused(new Error(data));
      };
      socket.onclose = ({ code }) => refused(new Error(`closed ${code}`));
    }), [port, ticket, text]);
    assert.match(heard.extensions, /^permessage-deflate/);
    assert.equal(heard.text, text);
    assert.deepEqual(page.faults, []);
  } finally {
    await browser.close();
  }
});
