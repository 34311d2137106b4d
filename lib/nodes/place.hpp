#pragma once
// Place: one room as the other nodes fill it. Each origin's lines are told once and in its order; one that is
// missing is asked for, holds back those behind it for a while, and is then announced as skipped. What was
// said before this node followed the room, or was passed over, goes into the history without a word.
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "chat/room.hpp"
#include "nodes/wire.hpp"

namespace sluice::nodes {

class Place {
 public:
  class Outside {
   public:
    virtual ~Outside() = default;
    virtual void ask(const std::string& node, const Want& want) = 0;
    virtual bool known(const std::string& id) = 0;  // published in the last minutes, here or elsewhere
    virtual void received(const Said& said) = 0;    // a message that this node did not have
    virtual void skipped(std::uint64_t lines) = 0;
  };
  struct Limits {
    milliseconds answer_time{500};  // for a question; then another node is asked
    milliseconds hole_time{2000};   // without any progress; then what is missing is skipped
    std::size_t held = 5000;        // lines behind a hole
    std::uint64_t at_once = 500;    // numbers in one question
    std::uint64_t backlog = 200;    // of an origin that is heard for the first time
    std::size_t departed = 64;      // origins that have left, kept in mind with those in the history
    milliseconds quiet{120'000};    // in which nobody named it; only then an origin may be forgotten
  };
  Place(chat::Room& room, std::string own, Outside& outside, Limits limits);

  chat::Room& room() { return room_; }
  bool followed() const { return followed_; }
  void follow(Wall now);  // from here on what is said is for the members
  void unfollow();

  // A line as its node published it.
  void hear(Said said, Steady now);
  // What `node`, whose run began at `born`, says it has.
  void compare(const std::string& node, const Heads::Room& heads, Wall born, Steady now);
  // `node`'s answer to a question.
  void fill(const Lines& lines, Steady now);
  void tick(Steady now);    // while restless: asks again, skips
  void resume(Steady now);  // after a time without a connection: patience begins anew
  bool restless() const;    // a hole, or a question without an answer
  // Every node has said what it has: what none named of an origin's beginning need not be waited for.
  void all_have_spoken(Steady now);
  // The past is here, as far as it is to be had. `told`: nodes that have said what they have; what they say
  // from now on is for the members, however much of it comes at once.
  void settle(const std::set<std::string>& told, Steady now);
  void forget(const std::string& node);
  // Of the origins that have departed, and whose messages are kept no longer, only the last ones are kept in
  // mind. To be called now and then. `lives`: a node that says so.
  void forget_departed(const std::function<bool(const std::string& origin)>& lives, Steady now);

  std::uint64_t viewers_elsewhere() const;
  // What this node has, of all origins or of its own alone. `own_first`: the oldest of its own that it can
  // still give; 0: none.
  Heads::Room digest(bool all, std::uint64_t own_first) const;

 private:
  using Tell = chat::Room::Tell;
  struct Strand {  // an origin
    bool settled = false;
    bool whole = false;       // its run began when the room was followed: no line of it is of before
    Steady named{};           // by whomever, last
    std::int64_t old_to = 0;  // it may have been forgotten: up to this order nothing of it is new
    Range passed;             // over, and not told so before it is known whether that was new
    struct Held {
      Said said;
      bool live = false;  // as it was published: for the members, whatever clocks say
    };
    std::map<std::uint64_t, Held> held;
    std::uint64_t high = 0;                // somebody has up to it
    std::map<std::string, Range> sources;  // nodes, and what they have of it
    Steady progress{}, asked{};            // of the hole
    bool asking = false;
    std::string asked_of;
    std::uint64_t asked_to = 0;  // the last number of the question
    Steady past_asked{};
    bool asking_past = false;
    std::uint64_t past_asked_to = 0;
    std::set<std::uint64_t> had;  // of the last ones, also what the history keeps no longer
    std::map<std::string, std::set<std::uint64_t>> lacking;  // by node: what it turned out not to have
  };
  Strand& strand(const std::string& origin, Steady now);
  // The first number that anybody has, as far as is known: what comes before need not be waited for. 0:
  // unknown.
  std::uint64_t first_to_be_had(const std::string& origin, const Strand& strand) const;
  static std::uint64_t first_named(const Strand& strand);
  void drain(const std::string& origin, Strand& strand, Steady now);
  void take(Strand& strand, const Said& said, Tell tell);
  void look(const std::string& origin, Strand& strand, Steady now);  // asks for what a hole lacks
  void look_back(const std::string& node, const std::string& origin, Strand& strand, Range range, Steady now);
  void give_up(const std::string& origin, Strand& strand, std::uint64_t last, Steady now);
  void pass_over(const std::string& origin, Strand& strand, std::uint64_t last, Steady now);
  void skip(const std::string& origin, const Strand& strand, Range range);

  chat::Room& room_;
  std::string own_;
  Outside& outside_;
  Limits limits_;
  bool followed_ = false;
  bool all_spoke_ = false;
  Wall since_{};
  std::map<std::string, Strand, std::less<>> strands_;
  std::int64_t forgotten_ = 0;                    // order, up to which the origins lie that were forgotten
  std::map<std::string, std::uint64_t> viewers_;  // by node
};

}  // namespace sluice::nodes
