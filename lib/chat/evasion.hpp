#pragma once
// Ban evasion in rooms: who comes in or speaks is looked up once, with the addresses and fingerprints of all
// connections that they have here; who is flagged (store/evasions.hpp) is held back where the room says so.
// Where nobody is banned for ever nobody is looked up, and lines wait for nothing.
#include <functional>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "chat/gate.hpp"
#include "chat/room.hpp"
#include "chat/switchboard.hpp"

namespace sluice::chat {

// Where a connection is from: as it is, to be turned into marks, and kept nowhere.
struct Origin {
  std::string address;      // empty: one that stands for many
  std::string fingerprint;  // empty: the client says none
  bool operator==(const Origin&) const = default;
};

// What the platform knows of it. Answers come later or at once, on the asker's thread.
class EvasionDesk {
 public:
  virtual ~EvasionDesk() = default;
  virtual void saw(ChannelId channel, UserId user, std::vector<Origin> from) = 0;
  // Whether the user is flagged there, by what was seen before or is seen now.
  virtual void look(ChannelId channel, UserId user, std::vector<Origin> from,
                    std::function<void(Result<bool>)> answer) = 0;
  // Keeps the line for the moderators, and refuses it.
  virtual void hold(const Message& line, Gate::Then then) = 0;
};

class EvasionGate final : public Gate {
 public:
  // All outlive it.
  EvasionGate(Clock& clock, const Switchboard& switchboard, EvasionDesk& desk)
      : clock_(clock), switchboard_(switchboard), desk_(desk) {}

  void ask(const Room& room, const Message& line, Then then) override;
  // The user has one connection more: what was found out before may be otherwise.
  void connected(UserId user);
  void entered(const Room& room, const User& user);
  // A flag was put on the user there, or taken away.
  void flag_changed(ChannelId channel, UserId user);
  void forget_idle();  // now and then
  std::size_t size() const { return known_.size(); }

 private:
  using Answer = std::function<void(bool flagged)>;
  struct Known {
    ChannelId channel;
    Steady seen_until{};     // the desk need not be told again before
    Steady looked_until{};   // as long as it is good
    std::uint64_t bans = 0;  // the standing's, when it was looked up last
    bool flagged = false;
    bool asking = false;
    bool anew = false;  // it may be otherwise since that was asked: it is asked again
    std::vector<Answer> waiting{};
  };
  Known& known(UserId user, ChannelId channel);
  void find_out(const Room& room, UserId user, Answer answer);
  static void make_stale(Known& known);
  void look(ChannelId channel, UserId user);
  void found(ChannelId channel, UserId user, const Result<bool>& flagged);
  std::vector<Origin> origins_of(UserId user) const;

  Clock& clock_;
  const Switchboard& switchboard_;
  EvasionDesk& desk_;
  std::unordered_map<UserId, std::vector<Known>> known_;
};

}  // namespace sluice::chat
