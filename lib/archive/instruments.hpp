#pragma once
// The archive's metrics, looked up once.
#include "metrics/breaker.hpp"
#include "metrics/metrics.hpp"

namespace sluice::archive {

struct Instruments {
  prometheus::Counter& objects = metrics::counter("sluice_vod_uploaded_objects_total", "Headers, segments and playlists that are in the bucket.");
  prometheus::Counter& bytes = metrics::counter("sluice_vod_uploaded_bytes_total", "Their bytes.");
  prometheus::Counter& failures = metrics::counter("sluice_vod_upload_failures_total", "Tries that failed; each is tried again.");
  prometheus::Counter& missed = metrics::counter("sluice_vod_missed_segments_total", "Segments that were removed before they were uploaded.");
  prometheus::Gauge& waiting = metrics::gauge("sluice_vod_waiting_objects", "Objects that wait to be uploaded.");
  prometheus::Gauge& aside = metrics::gauge("sluice_vod_faulty_objects", "Objects that wait because their file cannot be read, or the store takes none like them.");
  prometheus::Gauge& oldest = metrics::gauge("sluice_vod_stalled_seconds", "How long a stream that has something to upload has not moved: the longest of all.");
  prometheus::Gauge& streams = metrics::gauge("sluice_vod_open_streams", "Ledgers being followed or uploaded.");
  prometheus::Gauge& breaker = metrics::breaker("s3");
  prometheus::Histogram& seconds = metrics::histogram("sluice_vod_upload_seconds", "Time of an upload that succeeded.", {}, {.01, .05, .1, .2, .5, 1, 2, 5, 10, 30});
};

inline Instruments& instruments() { return metrics::group<Instruments>(); }

}  // namespace sluice::archive
