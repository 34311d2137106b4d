#pragma once
// Prometheus metrics of this process, over prometheus-cpp's registry. Look a metric up once and keep the reference:
// it lives as long as the process. Names and labels are the field's own (checklist, Observability).
#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>

#include <map>
#include <string>
#include <vector>

namespace sluice::metrics {

using Labels = std::map<std::string, std::string>;

prometheus::Counter& counter(const std::string& name, const std::string& help, const Labels& labels = {});
prometheus::Gauge& gauge(const std::string& name, const std::string& help, const Labels& labels = {});
prometheus::Histogram& histogram(const std::string& name, const std::string& help, const Labels& labels,
                                 const std::vector<double>& buckets);
// Forgets one labelled series (a stream that ended, a room that closed).
void remove_gauge(const std::string& name, const Labels& labels);

// The one Group of this process: a struct of references to metrics, looked up when it is first asked for.
template <class Group>
Group& group() {
  static Group all;
  return all;
}

// The whole registry in the text exposition format.
std::string exposition();

}  // namespace sluice::metrics
