#pragma once
// What ingestd counts (Prometheus).
#include "metrics/metrics.hpp"

namespace sluice::ingestd {

struct Measures {
  prometheus::Gauge& streams = metrics::gauge("twitch_active_streams", "Streams that are live");
  prometheus::Gauge& publishers = metrics::gauge("sluice_ingest_publishers", "Publishers connected and accepted");
  prometheus::Gauge& connections = metrics::gauge("sluice_ingest_connections", "Connections, accepted or not");
  prometheus::Counter& bytes = metrics::counter("sluice_ingest_bytes_total", "Bytes received from publishers");
  prometheus::Counter& dropped_packets =
      metrics::counter("sluice_ingest_dropped_frames_total", "Accepted frames that no pipeline was given");
  prometheus::Counter& dropped_gops =
      metrics::counter("sluice_ingest_dropped_gops_total", "GOPs dropped because a pipeline was too slow");
  prometheus::Counter& restarts =
      metrics::counter("sluice_ingest_pipeline_restarts_total", "Pipelines started again after they died");
  static prometheus::Counter& refused(const std::string& reason) {
    return metrics::counter("sluice_ingest_refused_total", "Publishers and connections refused", {{"reason", reason}});
  }
};
Measures& measures();

}  // namespace sluice::ingestd
