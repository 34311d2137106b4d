#pragma once
// The bus on one machine: every subscriber binds a datagram socket of its own in a directory that only its
// owner may enter; a nudge is one datagram to each. Nothing is connected and nothing is waited for.
#include <optional>
#include <string>
#include <string_view>

#include "bus/bus.hpp"
#include "os/unique_fd.hpp"

namespace sluice::bus {

// The datagram: "events N\n".
std::string nudge_text(store::Cursor up_to);
std::optional<store::Cursor> parse_nudge(std::string_view datagram);

class UnixBus final : public Bus {
 public:
  static Result<std::unique_ptr<Bus>> open(const std::string& directory);
  UnixBus(os::UniqueFd directory, os::UniqueFd sender)
      : directory_(std::move(directory)), sender_(std::move(sender)) {}

  void nudge(store::Cursor up_to) override;
  Result<std::unique_ptr<Subscription>> subscribe(net::Loop& loop,
                                                  std::function<void(store::Cursor)> nudged) override;

 private:
  os::UniqueFd directory_, sender_;
};

}  // namespace sluice::bus
