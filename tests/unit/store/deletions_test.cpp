#include <nlohmann/json.hpp>

#include "unit/store/engine.hpp"

using namespace sluice;
using namespace sluice::store;

TEST_CASE("a deleted message leaves an audit entry and an event") {
  Fresh fresh;
  Channel demo = fresh.channel();
  User bob = fresh.user("bob");
  Actor alice{demo.owner, "alice", "192.0.2.7"};
  AuditEntry entry =
      fresh->deletions().delete_message(demo.id, "m-1", bob.id, "rude", alice, R"({"text":"x"})").value();
  CHECK(entry.id == 1);
  AuditEntry read = fresh->audit().by_id(1).value();
  CHECK(read.action == "message.delete");
  CHECK(read.target == "message:m-1");
  CHECK(read.target_user == bob.id);
  CHECK(read.channel == demo.id);
  CHECK(read.reason == "rude");
  CHECK(read.context == R"({"text":"x"})");
  auto event = fresh->events().since(Cursor(1)).value().at(0);
  CHECK(event.name == "channel.chat.message_delete");
  CHECK(event.channel == demo.id);
  CHECK(nlohmann::json::parse(event.payload) ==
        nlohmann::json::parse(R"({"channel":"demo","broadcaster_user_id":"1001","broadcaster_user_login":"alice",
          "broadcaster_user_name":"alice","moderator_user_id":"1001","moderator_user_login":"alice",
          "moderator_user_name":"alice","target_user_id":"1002","target_user_login":"bob","target_user_name":"bob",
          "message_id":"m-1"})"));
}

TEST_CASE("a cleared room leaves an audit entry and an event") {
  Fresh fresh;
  Channel demo = fresh.channel();
  CHECK(fresh->deletions().clear(demo.id, "raid", shell, R"({"messages":3})").value().id == 1);
  AuditEntry read = fresh->audit().by_id(1).value();
  CHECK(read.action == "chat.clear");
  CHECK(read.target == "channel:demo");
  CHECK(read.target_user == UserId());
  CHECK(read.reason == "raid");
  CHECK(read.context == R"({"messages":3})");
  CHECK(fresh.event_names().back() == "channel.chat.clear");
  CHECK(fresh->audit().verify());
}

TEST_CASE("what cannot be deleted leaves nothing") {
  Fresh fresh;
  Channel demo = fresh.channel();
  auto& deletions = fresh->deletions();
  CHECK(code_of(deletions.delete_message(demo.id, "", demo.owner, "", shell)) == Errc::invalid);
  CHECK(code_of(deletions.delete_message(demo.id, "m", UserId(99), "", shell)) == Errc::not_found);
  CHECK(code_of(deletions.delete_message(ChannelId(99), "m", demo.owner, "", shell)) == Errc::not_found);
  CHECK(code_of(deletions.delete_message(demo.id, "m", demo.owner, "", shell, "x")) == Errc::invalid);
  CHECK(code_of(deletions.clear(ChannelId(99), "", shell)) == Errc::not_found);
  CHECK(code_of(deletions.clear(demo.id, "a\nb", shell)) == Errc::invalid);
  CHECK(fresh->audit().head().value().id == 0);
  CHECK(fresh.event_names().size() == 1);
}

TEST_CASE("a message of who cheered anonymously is deleted as nobody's") {
  Fresh fresh;
  Channel demo = fresh.channel();
  const AuditEntry entry = fresh->deletions().delete_message(demo.id, "m-1", UserId(), "", shell, "").value();
  CHECK((entry.target == "message:m-1" && entry.target_user == UserId()));
  const Event event = fresh->events().since(Cursor(0)).value().back();
  CHECK(event.name == "channel.chat.message_delete");
  CHECK(event.payload.find(R"("target_user_id":"","target_user_login":"ananonymouscheerer")") !=
        std::string::npos);
  CHECK(fresh->audit().verify());
}
