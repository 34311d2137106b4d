#pragma once
// Evasions: the store's side of looking for who avoids a ban (chat/evasion.hpp). Addresses and fingerprints
// become marks here, on the offload's thread, and are forgotten after --evasion-days.
#include <string>
#include <vector>

#include "base/sparing.hpp"
#include "chat/evasion.hpp"
#include "chat/evasion_lines.hpp"
#include "held_queue.hpp"
#include "net/loop.hpp"
#include "store/store.hpp"

namespace sluice::chatd {

class Evasions final : public chat::EvasionDesk {
 public:
  struct Parts {
    store::Store& store;
    net::Offload& offload;
    HeldQueue& held;
  };
  // All outlive it. With 0 days nothing is kept, and nobody is flagged.
  Evasions(net::Loop& loop, Parts parts, std::chrono::days back);
  Result<> begin();  // the store blocks
  void change(std::chrono::days back) { back_ = back; }

  void saw(ChannelId channel, UserId user, std::vector<chat::Origin> from) override;
  void look(ChannelId channel, UserId user, std::vector<chat::Origin> from,
            std::function<void(Result<bool>)> answer) override;
  void hold(const chat::Message& line, chat::Gate::Then then) override;

 private:
  struct Seen {
    ChannelId channel;
    UserId user;
    std::vector<chat::Origin> from;
  };
  void write();
  void forget_old();

  Parts parts_;
  std::chrono::days back_;
  std::string key_;
  std::vector<Seen> waiting_;
  bool writing_ = false;    // or waiting for the next try
  std::uint64_t lost_ = 0;  // sightings for which there was no room
  Sparing complaints_{seconds(10)};
  net::Timer retry_, forgetting_;
};

// What channel.suspicious_user.update tells.
chat::Suspicion suspicion_of(const store::Event& event);

}  // namespace sluice::chatd
