// What a viewer may choose of hls.js's levels: [{index, label, height, bitrate}], best first. No label stands twice.
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
