#include "viewer_report.hpp"

namespace sluice::chatd {

ViewerReport::ViewerReport(net::Loop& loop, net::Offload& offload, store::Store& store,
                           const chat::Rooms& rooms, std::string node)
    : offload_(offload), store_(store), rooms_(rooms), node_(std::move(node)), rhythm_(loop) {}

void ViewerReport::begin() {
  rhythm_.every(seconds(10), [this] { report(); });
}

void ViewerReport::report() {
  std::map<std::string, std::int64_t> viewers;
  for (const auto& [name, room] : rooms_.all()) viewers[name] = static_cast<std::int64_t>(room->viewers());
  const auto ask = [this, viewers = std::move(viewers)]() -> app::Health {
    const Steady begun = clock_.steady();
    const auto told = tell(viewers);
    const std::chrono::duration<double, std::milli> took = clock_.steady() - begun;
    return {"store", told.has_value(), took.count(), told ? std::string() : told.error().what};
  };
  offload_.run(ask, [this](app::Health health) { health_ = std::move(health); });
}

Result<> ViewerReport::tell(const std::map<std::string, std::int64_t>& viewers) {
  SLUICE_TRY_VALUE(const std::vector<store::LiveChannel> live, store_.streams().live());
  for (const store::LiveChannel& each : live) {
    const auto count = viewers.find(each.channel.name);
    const auto told =
        store_.streams().set_viewers(each.stream.id, node_, count == viewers.end() ? 0 : count->second);
    if (!told && told.error().code != Errc::conflict)
      return std::unexpected(told.error());  // it just ended: no matter
  }
  return {};
}

}  // namespace sluice::chatd
