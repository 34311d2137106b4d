// A channel's page: player or offline screen, what is on, chat.
import { signal } from "@preact/signals";
import { render } from "preact";
import { useEffect, useState } from "preact/hooks";

import { ChatPanel } from "../chat/ChatPanel.jsx";
import { ChatConnection } from "../chat/connection.js";
import { Session } from "../chat/session.js";
import { ApiError, getChannel, getConfig } from "../lib/api.js";
import { listen } from "../lib/events.js";
import { ago, count, duration } from "../lib/format.js";
import { Avatar, Boundary, Header, Icon } from "../lib/ui.jsx";
import { Player } from "../player/Player.jsx";

const name = decodeURIComponent(location.pathname.slice(1)).toLowerCase();
const channel = signal(null);
const config = signal(null);
const problem = signal(null);
const showing = signal(null);     // the stream that is on screen: it may outlive "offline" until its last picture
let behind = false;               // the viewer watches its past: nothing takes that away

async function load() {
  try {
    const [found, places] = await Promise.all([getChannel(name), config.value ?? getConfig()]);
    channel.value = found;
    config.value = places;
    problem.value = null;
    if (found.stream && !(behind && showing.value)) showing.value = found.stream.id;
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) problem.value = "missing";
    else if (!channel.value) problem.value = error.message;
  }
}

function showCurrent() {
  behind = false;
  showing.value = channel.value.stream?.id ?? null;
}

// The addresses of a stream at the origin.
function sourceOf(stream, name, origin) {
  const here = `${origin}/live/${name}`;
  return {
    live: `${here}/master.m3u8`, whole: `${origin}/vod/${name}/${stream}/master.m3u8`, window: `${here}/${stream}/window.json`,
    storyboard: `${here}/${stream}/storyboard.vtt`, poster: `${here}/thumbnail.jpg`,
  };
}

// Going live from a stream that is over: to the channel's present one, or to the offline screen.
function leavePast() {
  if (!behind || channel.value.stream?.id === showing.value) return false;
  showCurrent();
  return true;
}

// The player of a stream says which way it plays. It goes live by itself when the past has no more to show; should the stream be over by then, as leavePast.
function follows(mode) {
  const was = behind;
  behind = mode === "whole";
  if (was && !behind && channel.value.stream?.id !== showing.value) showCurrent();
}

function follow() {
  let farewell = 0;
  const stop = listen(`/api/events?channel=${channel.value.id}`, {
    "stream.online": (event) => {
      clearTimeout(farewell);
      channel.value = { ...channel.value, isLive: true, stream: { id: event.id, startedAt: event.started_at, viewerCount: 0, peakViewers: 0 } };
      if (!behind) showing.value = event.id;
    },
    "stream.offline": () => {
      channel.value = { ...channel.value, isLive: false, stream: null, lastLiveAt: new Date().toISOString() };
      // The player shows what is still to come and ends by itself; should it not, the offline screen comes anyway.
      farewell = setTimeout(() => behind || showCurrent(), 15000);
    },
    "channel.update": (event) => (channel.value = { ...channel.value, title: event.title ?? channel.value.title }),
  }, load);
  const poll = setInterval(() => document.hidden || load(), 30000);
  return () => {
    stop();
    clearInterval(poll);
    clearTimeout(farewell);
  };
}

function Offline({ channel }) {
  return (
    <section class="offline" aria-label="The channel is offline">
      <Avatar name={channel.name} display={channel.displayName} large />
      <h1>{channel.displayName} is offline</h1>
      <p>Check back later. This page goes live by itself{channel.lastLiveAt ? <>; the last stream ended {ago(Date.now() - Date.parse(channel.lastLiveAt))}</> : null}.</p>
      <a class="button" href="/">See who is live</a>
    </section>
  );
}

function Uptime({ since }) {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  return <span class="uptime" title="Time since the stream began">{duration(now - Date.parse(since))}</span>;
}

function Info({ channel, watching }) {
  return (
    <section class="info" aria-label="About this channel">
      <Avatar name={channel.name} display={channel.displayName} live={channel.isLive} large />
      <div class="info-text">
        <h1>{channel.title || (channel.isLive ? `${channel.displayName} is live` : channel.displayName)}</h1>
        <p>{channel.title ? channel.displayName : channel.isLive ? "No title yet" : "Offline"}</p>
      </div>
      {channel.isLive && (
        <div class="info-live">
          <span class="badge-live">Live</span>
          <span class="watching"><Icon name="eye" /> {count(watching)}<span class="hidden"> watching</span></span>
          <Uptime since={channel.stream.startedAt} />
        </div>
      )}
    </section>
  );
}

function Watch({ chat, session }) {
  useEffect(follow, []);
  const here = channel.value;
  useEffect(() => {
    document.title = `${here.isLive ? "● " : ""}${here.displayName}${here.title ? ` · ${here.title}` : ""} · Sluice`;
  }, [here]);
  const watching = Math.max(here.stream?.viewerCount ?? 0, chat.viewers.value ?? 0);
  return (
    <main class="watch">
      <div class="stage">
        <div class="screen">
          {showing.value ? (
            <Boundary what="The player">
              <Player key={showing.value} source={sourceOf(showing.value, here.name, config.value.originUrl)} title={`${here.displayName}, live`}
                onMode={follows} onLive={leavePast}
                onEnded={() => { behind = false; if (!channel.value.isLive) showing.value = null; else load(); }} />
            </Boundary>
          ) : <Offline channel={here} />}
        </div>
        <Info channel={here} watching={watching} />
      </div>
      <Boundary what="Chat"><ChatPanel chat={chat} session={session} /></Boundary>
    </main>
  );
}

const Missing = () => (
  <main class="broken">
    <h1>There is no channel called “{name}”</h1>
    <p>The address may be mistyped.</p>
    <a class="button primary" href="/">See who is live</a>
  </main>
);

function Page() {
  const [chat, setChat] = useState(null);
  useEffect(() => { load(); }, []);
  const ready = channel.value !== null && config.value !== null;
  useEffect(() => {
    if (!ready) return;
    const connection = new ChatConnection({ url: config.value.chatUrl, channel: channel.value.name, ticket: Session.ticketSource() });
    const session = new Session(connection);
    connection.open();
    setChat({ connection, session });
    return () => connection.close();
  }, [ready]);
  return (
    <>
      <Header />
      {problem.value === "missing" ? <Missing /> : problem.value ? (
        <main class="broken" role="alert">
          <h1>The channel could not be loaded</h1>
          <p>{problem.value}</p>
          <button class="button primary" onClick={load}>Try again</button>
        </main>
      ) : chat ? <Watch chat={chat.connection} session={chat.session} /> : <main class="watch" aria-busy="true"><div class="stage"><div class="screen"><div class="spinner" /></div></div></main>}
    </>
  );
}

render(<Boundary what="This page"><Page /></Boundary>, document.getElementById("app"));
