#pragma once
// What ingestd counts (Prometheus).
#include "metrics/metrics.hpp"

namespace sluice::ingestd {

struct Measures {
  prometheus::Gauge& streams = metrics::gauge("twitch_active_streams", "Streams that are live");
  prometheus::Gauge& stalled = metrics::gauge("sluice_ingest_stalled_streams", "Streams that have a publisher and are not being written");
  prometheus::Gauge& publishers = metrics::gauge("sluice_ingest_publishers", "Publishers connected and accepted");
  prometheus::Gauge& connections = metrics::gauge("sluice_ingest_connections", "Connections, accepted or not");
  prometheus::Counter& bytes = metrics::counter("sluice_ingest_bytes_total", "Bytes received from publishers");
  prometheus::Counter& dropped_packets =
      metrics::counter("sluice_ingest_dropped_frames_total", "Accepted frames that no pipeline was given");
  prometheus::Counter& dropped_gops =
      metrics::counter("sluice_ingest_dropped_gops_total", "GOPs dropped because a pipeline was too slow");
  prometheus::Counter& restarts =
      metrics::counter("sluice_ingest_pipeline_restarts_total", "Pipelines started again after they died");
  prometheus::Counter& changes =
      metrics::counter("sluice_ingest_pipeline_changes_total", "Pipelines that left a stream to another on purpose, since its source is encoded or passed through from there on");
  prometheus::Counter& srt_poll_errors = metrics::counter("sluice_ingest_srt_poll_errors_total", "Times that SRT's sockets could not be polled");
  prometheus::Gauge& ledger_bytes = metrics::gauge("sluice_ledger_bytes", "Bytes on the disk of all ledgers");
  prometheus::Gauge& ledger_cap = metrics::gauge("sluice_ledger_cap_bytes", "Bytes that all ledgers may take together");
  prometheus::Counter& removed_ledgers =
      metrics::counter("sluice_ledgers_removed_total", "Ledgers of ended streams removed to keep within the disk cap");
  prometheus::Gauge& recording_window =
      metrics::gauge("sluice_recording_window", "1 while live ledgers may keep a window of the past only");
  prometheus::Gauge& recording_stopped =
      metrics::gauge("sluice_recording_stopped", "1 while recording has stopped because of the disk cap");
  static prometheus::Counter& refused(const std::string& reason) {
    return metrics::counter("sluice_ingest_refused_total", "Publishers and connections refused", {{"reason", reason}});
  }
};
inline Measures& measures() { return metrics::group<Measures>(); }

}  // namespace sluice::ingestd
