// hls.js under settings for live: it begins near the edge, and never gives up while the channel is live (decision 14).
// hls.js takes a connection that is refused (status 0) for a mistake that lasts; here a server that starts again is the likelier.
const shouldRetry = (config, count, timeout, response, usual) => usual || (count < config.maxNumRetry && response?.code === 0);
const retries = (first, last) => ({ maxNumRetry: 1e6, retryDelayMs: first, maxRetryDelayMs: last, backoff: "exponential", shouldRetry });
const policy = (firstByte, whole, timeouts, errors) => ({
  default: { maxTimeToFirstByteMs: firstByte, maxLoadTimeMs: whole, timeoutRetry: timeouts, errorRetry: errors },
});
const few = { maxNumRetry: 3, retryDelayMs: 250, maxRetryDelayMs: 1000, shouldRetry };

export const settings = {
  lowLatencyMode: true,
  enableWorker: true,
  workerPath: HLS_WORKER,
  startPosition: -1,
  // No liveSyncDuration* or liveMaxLatency* here: any value of ours would replace the playlist's PART-HOLD-BACK as the
  // place to begin at. From there on LiveEdge decides.
  liveSyncOnStallIncrease: 0,
  maxLiveSyncPlaybackRate: 1,  // hls.js leaves the pace alone
  liveDurationInfinity: true,
  backBufferLength: 20,
  maxBufferLength: 15,
  capLevelToPlayerSize: true,
  abrEwmaDefaultEstimate: 3_000_000,
  manifestLoadPolicy: policy(8000, 15000, retries(300, 4000), few),
  playlistLoadPolicy: policy(10000, 20000, retries(100, 2000), retries(250, 2000)),
  fragLoadPolicy: policy(8000, 30000, few, few),
};

// Behind the edge there is time: more is held in advance. What is fetched there lasts for minutes, so a level that had an error is soon tried again.
export const wholeSettings = { ...settings, lowLatencyMode: false, backBufferLength: 60, maxBufferLength: 30, errorPenaltyExpireMs: 10_000 };
