// The list of live channels.
import { signal } from "@preact/signals";
import { render } from "preact";
import { useEffect, useState } from "preact/hooks";

import { getConfig, getLive } from "../lib/api.js";
import { listen } from "../lib/events.js";
import { count, duration, hueOf } from "../lib/format.js";
import { Avatar, Boundary, Header, Icon } from "../lib/ui.jsx";

const live = signal(null);
const error = signal("");
const now = signal(Date.now());
const origin = signal("");
let loading = null;
let again = false;

// One request at a time; a wish that comes meanwhile is granted once, afterwards.
async function load() {
  if (loading) {
    again = true;
    return;
  }
  loading = getLive();
  try {
    live.value = await loading;
    error.value = "";
  } catch (failure) {
    error.value = failure.message;
  }
  loading = null;
  if (again) {
    again = false;
    load();
  }
}

// What the channel shows; a letter lies below it for streams without pictures. A new one each half minute, the same for all viewers.
function Thumbnail({ channel }) {
  const [missing, setMissing] = useState(false);
  const moment = Math.floor(now.value / 30000);
  useEffect(() => setMissing(false), [moment]);
  if (!origin.value || missing) return null;
  return <img class="card-thumbnail" loading="lazy" decoding="async" width="480" height="270" alt={`What ${channel.displayName} is showing`}
    src={`${origin.value}/live/${channel.name}/thumbnail.jpg?${moment}`} onError={() => setMissing(true)} />;
}

function Card({ channel }) {
  const started = Date.parse(channel.stream.startedAt);
  return (
    <li>
      <a class="card" href={`/${channel.name}`}>
        <div class="card-picture" style={{ "--hue": String(hueOf(channel.name)) }}>
          <span class="card-letter" aria-hidden="true">{[...channel.displayName][0]}</span>
          <Thumbnail channel={channel} />
          <span class="badge-live">Live</span>
          <span class="card-viewers"><Icon name="eye" /> {count(channel.stream.viewerCount)}<span class="hidden"> watching</span></span>
          <span class="card-time" aria-label={`Live for ${duration(now.value - started)}`}>{duration(now.value - started)}</span>
        </div>
        <div class="card-text">
          <Avatar name={channel.name} display={channel.displayName} live />
          <div>
            <h2>{channel.title || `${channel.displayName} is live`}</h2>
            <p>{channel.displayName}</p>
          </div>
        </div>
      </a>
    </li>
  );
}

const Skeleton = () => (
  <ul class="cards" aria-hidden="true">
    {[1, 2, 3, 4].map((i) => <li key={i}><div class="card skeleton"><div class="card-picture" /><div class="card-text"><span class="avatar" /><div><p class="line" /><p class="line short" /></div></div></div></li>)}
  </ul>
);

const Nobody = () => (
  <section class="nobody">
    <img src="/favicon.svg" alt="" width="72" height="72" />
    <h2>Nobody is live right now</h2>
    <p>This page notices by itself when somebody goes live.</p>
    <details>
      <summary>How do I go live?</summary>
      <ol>
        <li>Make a channel and its key: <code>chanctl channel add NAME --owner USER</code>, then <code>chanctl key rotate NAME</code>.</li>
        <li>In OBS choose <em>Settings → Stream → Custom</em>, server <code>rtmp://{location.hostname}:1935/live</code>, and paste the key.</li>
        <li>Set the keyframe interval to 2 s and start streaming.</li>
      </ol>
    </details>
  </section>
);

function Home() {
  useEffect(() => {
    load();
    getConfig().then(({ originUrl }) => (origin.value = originUrl), () => {});
    const refresh = { "stream.online": load, "stream.offline": load, "channel.update": load };
    const stop = listen("/api/events", refresh, load);
    const poll = setInterval(() => document.hidden || load(), 30000);
    const tick = setInterval(() => (now.value = Date.now()), 1000);
    return () => {
      stop();
      clearInterval(poll);
      clearInterval(tick);
    };
  }, []);
  const list = live.value;
  return (
    <>
      <Header />
      <main class="home">
        <h1>Live now {list?.length > 0 && <span class="tally">{list.length}</span>}</h1>
        {error.value && (
          <p class="notice" role="alert">The list could not be loaded: {error.value}. <button class="link" onClick={load}>Try again</button></p>
        )}
        {list === null ? !error.value && <Skeleton /> : list.length === 0 ? <Nobody /> : (
          <ul class="cards">{list.map((channel) => <Card key={channel.id} channel={channel} />)}</ul>
        )}
      </main>
    </>
  );
}

render(<Boundary what="The list of live channels"><Home /></Boundary>, document.getElementById("app"));
