#pragma once
// The origin's metrics, looked up once.
#include "metrics/metrics.hpp"

namespace sluice::origin {

struct Instruments {
  prometheus::Counter& drawn = metrics::counter("sluice_origin_playlists_drawn_total", "Playlists drawn (each is shared by all who ask for it).");
  prometheus::Counter& bytes = metrics::counter("sluice_origin_sent_bytes_total", "Bytes of playlists and media in answers.");
  prometheus::Counter& refused = metrics::counter("sluice_origin_waiting_refused_total", "Requests refused because too many were waiting.");
  prometheus::Gauge& waiting = metrics::gauge("sluice_origin_blocked_requests", "Requests waiting for a part, a segment or a stream's beginning.");
  prometheus::Counter& picture_failures = metrics::counter("sluice_origin_picture_failures_total", "Pictures that storyboard could not make, or not in time.");
  prometheus::Histogram& picture_seconds = metrics::histogram("sluice_origin_picture_seconds", "Time storyboard took for a picture.", {}, {.05, .1, .2, .5, 1, 2, 5, 10});
  prometheus::Gauge& streams = metrics::gauge("sluice_origin_open_streams", "Ledgers being followed.");
};

inline Instruments& instruments() { return metrics::group<Instruments>(); }

}  // namespace sluice::origin
