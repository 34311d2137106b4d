#include "unit/store/engine.hpp"

using namespace sluice;
using namespace sluice::store;

TEST_CASE("notes are kept for a channel's moderators, in their order") {
  Fresh fresh;
  Channel demo = fresh.channel(), other = fresh.channel("other");
  User bob = fresh.user("bob"), carol = fresh.user("carol");
  Actor alice{demo.owner, "alice", "192.0.2.7"};
  Note first = fresh->notes().add(demo.id, bob.id, " first ", alice).value();
  fresh.clock.advance(seconds(1));
  Note second = fresh->notes().add(demo.id, bob.id, "second", shell).value();
  REQUIRE(fresh->notes().add(demo.id, carol.id, "of another", shell));
  REQUIRE(fresh->notes().add(other.id, bob.id, "elsewhere", shell));
  auto notes = fresh->notes().about(demo.id, bob.id).value();
  REQUIRE(notes.size() == 2);
  CHECK(notes[0].id == first.id);
  CHECK(notes[0].text == "first");
  CHECK(notes[0].by.name == "alice");
  CHECK(notes[0].by.user == demo.owner);
  CHECK(notes[1].id == second.id);
  CHECK(notes[1].at == fresh.clock.wall());
  CHECK_FALSE(notes[1].removed_at);
  for (std::string bad : {std::string(), std::string("  "), std::string(501, 'x'), std::string("a\nb")})
    CHECK(code_of(fresh->notes().add(demo.id, bob.id, bad, shell)) == Errc::invalid);
  CHECK(code_of(fresh->notes().add(ChannelId(99), bob.id, "x", shell)) == Errc::not_found);
  CHECK(code_of(fresh->notes().add(demo.id, UserId(99), "x", shell)) == Errc::not_found);
}

TEST_CASE("a removed note stays with who removed it") {
  Fresh fresh;
  Channel demo = fresh.channel(), other = fresh.channel("other");
  User bob = fresh.user("bob");
  Note note = fresh->notes().add(demo.id, bob.id, "wrong", {demo.owner, "alice", "192.0.2.7"}).value();
  CHECK(code_of(fresh->notes().remove(other.id, note.id, shell)) == Errc::not_found);
  CHECK(code_of(fresh->notes().remove(demo.id, NoteId(99), shell)) == Errc::not_found);
  fresh.clock.advance(seconds(1));
  const Wall removed = fresh.clock.wall();
  CHECK(fresh->notes().remove(demo.id, note.id, shell).value().removed_at == removed);
  fresh.clock.advance(seconds(1));
  CHECK(fresh->notes().remove(demo.id, note.id, {demo.owner, "alice", ""}).value().removed_by.name ==
        "unix:root");
  CHECK(fresh->notes().about(demo.id, bob.id).value().empty());
  auto all = fresh->notes().about(demo.id, bob.id, NotesShown::all).value();
  REQUIRE(all.size() == 1);
  CHECK(all[0].text == "wrong");
  CHECK(all[0].removed_at == removed);
  CHECK(all[0].removed_by.name == "unix:root");
  CHECK(all[0].by.name == "alice");

  auto audit = fresh->audit().since(0, 10).value();
  REQUIRE(audit.size() == 2);
  CHECK(audit[0].action == "note.add");
  CHECK(audit[0].target_user == bob.id);
  CHECK(audit[0].channel == demo.id);
  CHECK(audit[0].context == R"({"note_id":"1","text":"wrong"})");
  CHECK(audit[1].action == "note.remove");
  CHECK(audit[1].actor.name == "unix:root");
  CHECK(fresh.event_names() == std::vector<std::string>{"channel.create", "channel.create"});
}
