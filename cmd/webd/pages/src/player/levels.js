// What a viewer may choose. Of hls.js's levels: [{index, label, height, bitrate}], best first. No label stands twice.
export function choices(levels) {
  const seen = new Set();
  return levels
    .map((level, index) => {
      const rate = Math.round(level.frameRate || level.attrs?.["FRAME-RATE"] || 0);
      let label = level.height ? `${level.height}p${rate > 30 ? rate : ""}` : `${Math.round(level.bitrate / 1000)} kbit/s`;
      if (seen.has(label)) label += ` · ${(level.bitrate / 1e6).toFixed(1)} Mbit/s`;
      seen.add(label);
      return { index, label, height: level.height ?? 0, bitrate: level.bitrate };
    })
    .sort((a, b) => b.height - a.height || b.bitrate - a.bitrate);
}

// Of its audio tracks: [{index, label, name}], in the publisher's order; by language where it is known and tells them apart.
export function sounds(tracks, locale = navigator.languages) {
  const languages = new Intl.DisplayNames(locale, { type: "language" });
  const language = ({ lang }) => {
    try {
      return lang && lang !== "und" ? languages.of(lang) : "";
    } catch {
      return "";  // no language tag
    }
  };
  const named = tracks.map(language);
  return tracks.map((track, index) => {
    const alone = named[index] && named.filter((each) => each === named[index]).length === 1;
    return { index, name: track.name, label: alone ? named[index] : [`Track ${index + 1}`, named[index]].filter(Boolean).join(" · ") };
  });
}
