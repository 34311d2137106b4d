#pragma once
// Automod: the process, the rooms' settings, and the gate between them and the message path. Without a
// command everything passes.
#include <functional>
#include <vector>

#include "app/daemon.hpp"
#include "automod_gate.hpp"

namespace sluice::chatd {

class Automod final : public chat::Gate {
 public:
  struct Parts {
    store::Store& store;
    net::Offload& offload;
    HeldQueue& held;
    AutomodGate::Keep keep_blocked;
  };
  // All outlive it.
  Automod(net::Loop& loop, Parts parts, const app::Settings& settings);

  void start(std::function<void()> ready) { process_.start(std::move(ready)); }
  void change(const app::Settings& settings);
  void ask(const chat::Room& room, const chat::Message& line, Then then) override;
  void take(const store::Event& event) { rooms_.take(event); }
  bool wanted() const { return process_.wanted(); }
  void renew() { process_.renew(); }
  std::vector<app::Health> health() const;

 private:
  AutomodProcess process_;
  AutomodRooms rooms_;
  AutomodGate gate_;
};

}  // namespace sluice::chatd
