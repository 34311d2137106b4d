#include "automod.hpp"

#include "configuration.hpp"

namespace sluice::chatd {

Automod::Automod(net::Loop& loop, Parts parts, const app::Settings& settings)
    : process_(loop, automod_setup(settings)),
      rooms_(loop, parts.store, parts.offload, process_),
      gate_(process_, rooms_, parts.held, std::move(parts.keep_blocked), automod_late(settings)) {}

void Automod::change(const app::Settings& settings) {
  process_.change(automod_setup(settings));
  gate_.change(automod_late(settings));
}

void Automod::ask(const chat::Room& room, const chat::Message& line, Then then) {
  if (!process_.wanted()) return then(std::nullopt);
  gate_.ask(room, line, std::move(then));
}

std::vector<app::Health> Automod::health() const {
  if (!process_.wanted()) return {};
  return {process_.health()};
}

}  // namespace sluice::chatd
