#pragma once
// What the clients of both protocols share: the connection they speak through, the hall they stand in, the
// rooms they are in.
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "chat/audience.hpp"
#include "chat/directory.hpp"
#include "chat/evasion.hpp"
#include "chat/message_path.hpp"
#include "chat/moderation.hpp"
#include "chat/rate_limit.hpp"
#include "chat/rooms.hpp"
#include "chat/switchboard.hpp"
#include "chat/whisper_post.hpp"
#include "chat/whispers.hpp"
#include "platform/addresses.hpp"

namespace sluice::chat {

enum class Farewell {
  normal,     // the client asked, or was refused
  restart,    // the daemon stops: come back
  violation,  // a limit was broken
};

// A client's connection. send() is for it alone; deliver() is the rooms' way in.
class Outlet : public Sink {
 public:
  virtual void send(std::string_view text) = 0;  // IRC lines, or one JSON object
  virtual void close(Farewell farewell,
                     std::string_view why) = 0;    // after what was sent; the client is not called again
  virtual bool framed() const = 0;                 // WebSocket
  virtual bool deflated() const { return false; }  // which may be sent compressed messages
  virtual std::string address()
      const = 0;  // of the peer; empty: one that stands for many (a proxy on loopback)
};

struct ClientLimits {
  std::size_t rooms = 1000;  // joined at once
  Window::Size joins{20, milliseconds(10'000)};
  Window::Size bot_joins{2000, milliseconds(10'000)};  // of a verified bot
  Window::Size logins{20, milliseconds(10'000)};
  std::size_t frame_bytes = 16 * 1024;
  std::size_t history_bytes = 128 * 1024;  // of messages in one answer: what a slow reader's queue holds
};

// How often one comes in, over all its connections.
struct Entries {
  Windows<std::string> logins_from;  // by address, as platform::counted_as() has it
  Windows<UserId> logins, joins;

  // Before the store is asked who it is.
  std::optional<Limited> try_login(const std::string& address, const ClientLimits& limits, Steady now) {
    return address.empty() ? std::nullopt
                           : logins_from.take(platform::counted_as(address), limits.logins, now);
  }
  void forget_idle(const ClientLimits& limits, Steady now) {
    logins_from.forget_idle(limits.logins, now);
    logins.forget_idle(limits.logins, now);
    joins.forget_idle(limits.joins, now);
  }
};

// Everything a client needs; all of it outlives the clients.
struct Hall {
  Rooms& rooms;
  MessagePath& path;
  Moderation& moderation;
  Directory& directory;
  Clock& clock;
  ClientLimits limits;
  Entries entries{};
  Switchboard switchboard{};
  WhisperLimits whispers{};
  std::uint64_t whispered = 0;     // how often
  WhisperPost* post = nullptr;     // to the other nodes; none: this one is alone
  EvasionGate* evasion = nullptr;  // none: nobody is looked for
};

// The rooms one connection is in. Leaves them all when it dies.
class Memberships {
 public:
  struct Place {
    Room* room = nullptr;
    Member member;
  };
  Memberships() = default;
  Memberships(const Memberships&) = delete;
  ~Memberships();

  std::shared_ptr<Place> find(std::string_view channel) const;
  // `user` and `sink` must outlive the membership.
  Place& join(Room& room, const User& user, Sink& sink, const Wire& wire);
  bool leave(std::string_view channel);
  void leave_all();
  void set_wire(const Wire& wire);
  std::size_t size() const { return places_.size(); }

  template <class Visit>
  void each(const Visit& visit) {
    for (auto& place : places_) visit(*place);
  }

 private:
  std::vector<std::shared_ptr<Place>> places_;
};

// What a connection logged in with, and how long that is good.
struct Credential {
  TokenId token;  // 0: none
  std::optional<Wall> until;
};

// A connection's protocol: what comes in.
class Client {
 public:
  virtual ~Client() = default;
  virtual void receive(ByteView bytes) = 0;  // TCP: any piece; WebSocket: a whole message
  virtual void keep_alive() {}               // it has been quiet: ask for a sign of life
  virtual void restart(seconds within) = 0;  // tells the client to come back
  virtual bool known() const = 0;            // logged in, or joined a room
  virtual void give_up_waiting() {}          // nobody logged in: says so; the connection is being closed
  virtual void fall_behind() = 0;            // tells the client that it reads too slowly
  virtual void refuse_token() = 0;           // its token is good no longer: says so and closes
  virtual bool hears_whispers() const = 0;
  virtual void hear(const Whisper& whisper) = 0;  // for its user
  virtual Origin origin() const = 0;
  // Its user looks otherwise now, or has other limits.
  void restyle(std::string color, bool bot) {
    user_.color = std::move(color);
    user_.bot = bot;
  }
  const Credential& credential() const { return credential_; }

 protected:
  // A user's joins count over all its connections, an anonymous reader's on each.
  std::optional<Limited> take_join(Hall& hall, const User& user) {
    const Steady now = hall.clock.steady();
    return user.id.value() == 0
               ? anonymous_joins_.take(hall.limits.joins, now)
               : hall.entries.joins.take(user.id, user.bot ? hall.limits.bot_joins : hall.limits.joins, now);
  }
  // After it was plugged in; and after it came into a room.
  static void tell_connected(Hall& hall, const User& user) {
    if (hall.evasion != nullptr) hall.evasion->connected(user.id);
  }
  static void tell_entered(Hall& hall, const Room& room, const User& user) {
    if (hall.evasion != nullptr) hall.evasion->entered(room, user);
  }
  // Who acts, for the audit log.
  static By by(const User& user, const Outlet& outlet) {
    const std::string address = outlet.address();
    return {user, address.empty() ? "loopback" : address};
  }
  Credential credential_;
  User user_;
  Switchboard::Plug plug_;  // once it has logged in

 private:
  Window anonymous_joins_;
};

}  // namespace sluice::chat
