// The storyboard of a stream: which small picture shows what was on at a time (WebVTT whose cues name a sheet and a place on it).
const seconds = (text) => text.split(":").reduce((sum, part) => sum * 60 + Number(part), 0);

// [{start, end, url, x, y, width, height}], rising, times in seconds since the stream's epoch.
export function parseTrack(text, base) {
  const cues = [];
  for (const block of text.replace(/\r\n?/g, "\n").split(/\n\n+/)) {
    const match = /^(?:[^\n]*\n)?([\d:.]+) --> ([\d:.]+)[^\n]*\n([^\n#]+)#xywh=(\d+),(\d+),(\d+),(\d+)/.exec(block);
    if (!match) continue;
    const [x, y, width, height] = match.slice(4).map(Number);
    cues.push({ start: seconds(match[1]), end: seconds(match[2]), url: new URL(match[3], base).href, x, y, width, height });
  }
  // A sheet that grows keeps its name: how many pictures it has tells the browser which one is meant.
  const pictures = new Map();
  for (const cue of cues) pictures.set(cue.url, (pictures.get(cue.url) ?? 0) + 1);
  for (const cue of cues) cue.url += `?${pictures.get(cue.url)}`;
  return cues;
}

export class Storyboard {
  #url;
  #cues = [];
  #asked = -Infinity;

  constructor(url) {
    this.#url = url;
  }

  // The picture of a time, as far as it is known now; the last one before it where there is none.
  at(time) {
    let found = null;
    for (const cue of this.#cues) {
      if (cue.start > time) break;
      found = cue;
    }
    return found;
  }

  // Reads the track (again) when the pictures known do not reach `time`; at most every 5 s. True when it has.
  async reach(time) {
    if (time < (this.#cues.at(-1)?.start ?? -1) + 10 || performance.now() - this.#asked < 5000) return false;
    this.#asked = performance.now();
    try {
      const response = await fetch(this.#url);
      if (!response.ok) return false;
      this.#cues = parseTrack(await response.text(), this.#url);
      return true;
    } catch {
      return false;  // without pictures seeking works all the same
    }
  }
}
