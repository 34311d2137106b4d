#pragma once
// Room: one channel's chat on this node: who is in it, what was said, what is about to be told. Lines are
// gathered and delivered together (take_batch()). Numbers count this room's messages in this node's run (its
// origin); what other nodes said comes in under theirs (lib/nodes).
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "chat/audience.hpp"
#include "chat/ceiling.hpp"
#include "chat/history.hpp"
#include "chat/line.hpp"
#include "chat/people.hpp"
#include "chat/removals.hpp"
#include "chat/speakers.hpp"
#include "chat/standing.hpp"
#include "chat/types.hpp"

namespace sluice::chat {

class Room {
 public:
  // `gathered` is called when a first line waits to be delivered. `people` outlive the room. `lanes`: see
  // Audience.
  Room(Channel channel, std::string origin, const People& people, std::function<void(Room&)> gathered,
       std::size_t lanes = 1);

  const Channel& channel() const { return channel_; }
  const std::string& origin() const { return origin_; }
  std::uint64_t seq() const { return seq_; }  // of the last message; 0: none yet
  const History& history() const { return history_; }
  const Standing& standing() const { return standing_; }
  Standing& standing() { return standing_; }
  const RoomSettings& settings() const { return standing_.settings; }
  const People& people() const { return people_; }
  std::vector<EmoteUse> emotes_in(std::string_view utf8, UserId user, std::int64_t less = 0) const {
    return people_.emotes_in(utf8, user, channel_.id, less);
  }
  Roles roles_of(const User& user) const;

  // The member hears every line from now on. It must leave before it, its user or its sink dies.
  void join(Member& member);
  void leave(Member& member);
  std::size_t members() const { return audience_.size(); }
  std::uint64_t viewers() const {
    return chatters_.size() + anonymous_;
  }  // people: a user's connections count once
  std::vector<std::string> logins(std::size_t limit) const;
  // People, those on other nodes counted: a user is counted by each node it is on.
  std::uint64_t viewers_everywhere() const { return viewers() + viewers_elsewhere_; }
  void set_viewers_elsewhere(std::uint64_t viewers) { viewers_elsewhere_ = viewers; }  // told at the beat

  // Numbers the message, keeps it and tells everyone. `from` is the speaker's own membership, null when it
  // has none.
  MessagePtr publish(Message message, Member* from);
  void keep_spare(std::size_t count) { history_.keep_spare(count); }  // see History, as is
  void begins_at_first() { history_.begins_at_first(); }              // see History
  // Of before it was opened: what was said last, and who ever spoke.
  void restore(MessagePtr message, bool removed = false);
  void restore_speaker(UserId user, const Speaker& speaker = {}) { speakers_.restore(user, speaker); }

  // Nobody is in here, nothing waits to be told, and so it has been for so many beats.
  bool deserted(std::uint32_t beats) const {
    return members() == 0 && lines_.empty() && moves_.empty() && deserted_ >= beats;
  }
  void expect_somebody() { deserted_ = 0; }
  // What can be read again goes: what was said, who spoke, the standing. Its numbers stay.
  void let_go();

  // Who is told what comes from another node. Of what is older than the room's time here only pages are: they
  // know what they have seen, and an IRC client takes every line for new.
  enum class Tell { nobody, pages, everyone };
  // A message that another node numbered. Kept, unless it is, and counted as seen up to its number; told,
  // unless it was taken off the screens. Call in the order of its origin, save with `nobody`.
  void receive(const MessagePtr& message, bool removed, Tell tell);
  // One that was had before by another number, and is kept no longer.
  void count(const std::string& origin, std::uint64_t seq);
  // What its origin said from `first` to `last` is counted without being had, and pages are told so.
  // `missed`: members would have been told these messages.
  void skip(const std::string& origin, std::uint64_t first, std::uint64_t last, bool missed);
  // An origin that has left: as if it had never been heard.
  void forget(const std::string& origin);
  // What a page missed: see History::after().
  History::Missed missed(const Seen& seen, bool complete) const;
  // What was taken off the screens since then, or since ever as far as is remembered: of earlier runs of the
  // node what the history holds.
  TakenOff taken_off_since(std::optional<Wall> from) const;
  // The last number of each origin, this one's too, that was told or counted.
  Seen heads() const;
  std::uint64_t head(std::string_view origin) const;
  bool is_taken_off(const Message& message) const;  // by moderation, whether it is kept or not
  void change_settings(const RoomSettings& settings);
  // What moderation did: taken off the screens, and out of what those who come later are shown.
  void ban(const User& user, std::optional<Wall> until, Wall at);
  void remove_message(std::string_view id, std::string login, std::string text, Wall at);
  void clear(Wall at);
  void tell_title(std::string title);  // pages are told; the room does not keep it
  void tell_live(bool live);
  // Tells those alone whom `whom` picks, at once: `words` appends what is for a wire, or nothing.
  using Whom = std::function<bool(const Member&)>;
  using Words = std::function<void(std::string& out, const Wire& wire)>;
  void tell(const Whom& whom, const Words& words, const RenderStyle& style) const;
  void tell(UserNoticePtr notice);  // a subscription, a gift, a raid
  // Those that a page missed, of the last that were told; oldest first.
  std::vector<UserNoticePtr> notices_since(std::optional<Wall> from) const;
  // Once a second: tells arrivals, departures, the viewer count, and what the ceiling left out since then.
  void beat();

  // What was gathered, to be delivered to audience(): of messages no more than `ceiling` a second to those
  // who only read along.
  struct Tick {
    const RenderStyle& style;
    Ceiling::Rate ceiling = 0;
    Steady now;
    Random& random;
  };
  std::unique_ptr<Batch> take_batch(const Tick& tick);
  const Audience& audience() const { return audience_; }
  // Whom the ceiling leaves nothing out for: the broadcaster, moderators, VIPs, verified bots.
  bool sees_all(const User& user) const;
  std::uint64_t left_out() const { return ceiling_.left_out(); }  // messages, ever, for the others

 private:
  struct Chatter {
    std::string login;
    std::uint32_t connections = 0;
  };
  void gather(Line line);
  void tell_moves();
  void tell_sampled();

  Channel channel_;
  std::string origin_;
  const People& people_;
  std::function<void(Room&)> gathered_;
  Standing standing_;
  History history_;
  Audience audience_;
  std::uint64_t seq_ = 0;
  std::vector<Line> lines_;       // gathered
  std::uint64_t first_line_ = 1;  // number of lines_.front()
  MemberNumber members_numbered_ = 0;
  std::unordered_map<UserId, Chatter> chatters_;
  Speakers speakers_;
  std::uint64_t anonymous_ = 0;
  std::uint64_t viewers_told_ = 0, viewers_elsewhere_ = 0;
  Seen heads_;                         // of other origins
  Seen skipped_;                       // the last number that was
  std::deque<UserNoticePtr> notices_;  // the last, for pages that come back
  Removals removals_;                  // what was taken off, also of what comes later
  struct Move {
    std::string login;
    MemberNumber came = 0;  // by this connection; 0: it left
  };
  std::unordered_map<UserId, Move> moves_;  // that are not told yet: who goes and comes back has done neither
  Ceiling ceiling_;
  Ceiling::Count unnoticed_;    // since IRC was told last
  int beats_to_notice_ = 0;     // until it may be told again
  std::uint32_t deserted_ = 0;  // beats
};

}  // namespace sluice::chat
