#include "metrics/metrics.hpp"

#include <prometheus/family.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <mutex>

namespace sluice::metrics {

namespace {
struct Registry {
  prometheus::Registry registry;
  std::mutex mutex;
  std::map<std::string, prometheus::Family<prometheus::Gauge>*> gauges;
};
Registry& registry() {
  static Registry r;
  return r;
}
}  // namespace

prometheus::Counter& counter(const std::string& name, const std::string& help, const Labels& labels) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(registry().registry).Add(labels);
}

prometheus::Gauge& gauge(const std::string& name, const std::string& help, const Labels& labels) {
  auto& family = prometheus::BuildGauge().Name(name).Help(help).Register(registry().registry);
  std::lock_guard lock(registry().mutex);
  registry().gauges[name] = &family;
  return family.Add(labels);
}

prometheus::Histogram& histogram(const std::string& name, const std::string& help, const Labels& labels,
                                 const std::vector<double>& buckets) {
  return prometheus::BuildHistogram().Name(name).Help(help).Register(registry().registry).Add(labels, buckets);
}

void remove_gauge(const std::string& name, const Labels& labels) {
  std::lock_guard lock(registry().mutex);
  const auto family = registry().gauges.find(name);
  if (family != registry().gauges.end()) family->second->Remove(&family->second->Add(labels));
}

std::string exposition() { return prometheus::TextSerializer().Serialize(registry().registry.Collect()); }

}  // namespace sluice::metrics
