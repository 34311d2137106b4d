#include <utility>

#include <nlohmann/json.hpp>

#include "unit/store/engine.hpp"

using namespace sluice;
using namespace sluice::store;

namespace {
struct Lists {
  Fresh fresh;
  Channel demo = fresh.channel();
  WordLists& lists = fresh->word_lists();
  WordList add(std::string_view name) { return lists.add(name, demo.owner, shell).value(); }
  WordListChange put(const WordList& list, std::vector<WordEntry> entries) {
    return lists.change(list.id, {.put = std::move(entries)}, shell).value();
  }
  std::int64_t version() { return lists.rules_for(demo.id).value().version; }
};
const WordEntry darn{"darn", WordKind::phrase, WordAction::block};
const WordEntry heck{"h+e+c+k", WordKind::pattern, WordAction::hold};
const WordEntry fine{"heckle", WordKind::phrase, WordAction::allow};
}  // namespace

TEST_CASE("a word list has a name that nobody else's has") {
  Lists lists;
  WordList added = lists.add("Mild-Oaths");
  CHECK(added.name == "mild-oaths");
  CHECK(added.owner_name == "alice");
  CHECK(added.entries == 0);
  CHECK(lists.lists.by_name("MILD-oaths").value().id == added.id);
  CHECK(code_of(lists.lists.add("mild-oaths", lists.demo.owner, shell)) == Errc::exists);
  for (std::string bad : {"", "a b", "a.b", "ä"})
    CHECK(code_of(lists.lists.add(bad, lists.demo.owner, shell)) == Errc::invalid);
  CHECK(code_of(lists.lists.add(std::string(51, 'a'), lists.demo.owner, shell)) == Errc::invalid);
  CHECK(code_of(lists.lists.add("other", UserId(99), shell)) == Errc::not_found);
  lists.add("another");
  auto all = lists.lists.list().value();
  REQUIRE(all.size() == 2);
  CHECK(all[0].name == "another");
  REQUIRE(lists.lists.remove(added.id, shell));
  CHECK(code_of(lists.lists.by_name("mild-oaths")) == Errc::not_found);
  CHECK(code_of(lists.lists.remove(added.id, shell)) == Errc::not_found);
  CHECK(code_of(lists.lists.entries(added.id)) == Errc::not_found);
  CHECK(lists.add("mild-oaths").id != added.id);
}

TEST_CASE("entries are put, changed and dropped, all of a patch or none") {
  Lists lists;
  WordList list = lists.add("oaths");
  WordListChange first = lists.put(list, {darn, heck, fine});
  CHECK(first.added == 3);
  CHECK(first.list.entries == 3);
  CHECK(lists.lists.entries(list.id).value() == std::vector<WordEntry>{heck, darn, fine});
  WordEntry held = darn;
  held.action = WordAction::hold;
  WordListChange second = lists.lists
                              .change(list.id,
                                      {.put = {held, fine, {" new ", WordKind::phrase, WordAction::block}},
                                       .drop = {heck, {"none"}}},
                                      shell)
                              .value();
  CHECK(second.added == 1);
  CHECK(second.changed == 1);
  CHECK(second.dropped == 1);
  CHECK(second.list.entries == 3);
  CHECK(second.list.version > first.list.version);
  CHECK(lists.lists.entries(list.id).value() == std::vector<WordEntry>{held, fine, {"new"}});
  CHECK(lists.lists.by_name("oaths").value().entries == 3);
  CHECK(lists.lists.by_name("oaths").value().version == second.list.version);

  for (std::string bad : {std::string(), std::string("a\nb"), std::string(501, 'x'), std::string("\xff")})
    CHECK(code_of(lists.lists.change(list.id, {.put = {{"good"}, {bad}}}, shell)) == Errc::invalid);
  CHECK(code_of(lists.lists.change(WordListId(99), {.put = {darn}}, shell)) == Errc::not_found);
  WordListChange none = lists.lists.change(list.id, {.put = {held}, .drop = {heck}}, shell).value();
  CHECK(none.added + none.changed + none.dropped == 0);
  CHECK(lists.lists.by_name("oaths").value().version == second.list.version);
  CHECK(lists.lists.entries(list.id).value().size() == 3);
  CHECK(lists.fresh->audit().head().value().id == 3);
}

TEST_CASE("a list has a limit") {
  Lists lists;
  WordList list = lists.add("long");
  std::vector<WordEntry> many;
  for (std::size_t i = 0; i < most_word_entries; ++i) many.push_back({"w" + std::to_string(i)});
  CHECK(lists.put(list, many).list.entries == most_word_entries);
  CHECK(code_of(lists.lists.change(list.id, {.put = {{"one more"}}}, shell)) == Errc::invalid);
  CHECK(lists.lists.change(list.id, {.put = {{"one more"}}, .drop = {{"w7"}}}, shell));
  CHECK(lists.fresh->audit().by_id(2).value().context.size() < 10'000);
}

TEST_CASE("patterns of a list and lists of an owner are bounded") {
  Lists lists;
  const WordList list = lists.add("long");
  std::vector<WordEntry> many;
  for (std::size_t i = 0; i < most_word_patterns; ++i)
    many.push_back({"w" + std::to_string(i), WordKind::pattern});
  CHECK(lists.put(list, many).list.entries == most_word_patterns);
  const auto more = lists.lists.change(list.id, {.put = {{"more", WordKind::pattern}}}, shell);
  REQUIRE_FALSE(more);
  CHECK(
      (more.error().code == Errc::invalid && more.error().hint == "a list has up to 200: join some with |"));
  CHECK(lists.lists.change(list.id, {.put = {{"more"}}}, shell));
  CHECK(lists.lists.change(list.id, {.put = {{"w7", WordKind::pattern, WordAction::hold}}}, shell));
  many.push_back({"more", WordKind::pattern});
  CHECK(code_of(lists.lists.change_terms(lists.demo.id, {.put = many}, shell)) == Errc::invalid);
  for (std::size_t i = 1; i < most_word_lists; ++i) lists.add("l" + std::to_string(i));
  CHECK(code_of(lists.lists.add("one-more", lists.demo.owner, shell)) == Errc::invalid);
  CHECK(lists.lists.remove(list.id, shell));
  CHECK(lists.lists.add("one-more", lists.demo.owner, shell));
}

TEST_CASE("a channel's rules are the entries of the lists that it subscribes to") {
  Lists lists;
  WordList oaths = lists.add("oaths"), links = lists.add("links"), unused = lists.add("unused");
  lists.put(oaths, {darn, heck});
  lists.put(unused, {fine});
  CHECK(lists.lists.rules_for(lists.demo.id).value().version == 0);
  CHECK(lists.lists.subscribe(lists.demo.id, oaths.id, shell).value());
  CHECK_FALSE(lists.lists.subscribe(lists.demo.id, oaths.id, shell).value());
  CHECK(lists.lists.subscribe(lists.demo.id, links.id, shell).value());
  lists.put(links, {darn});
  auto rules = lists.lists.rules_for(lists.demo.id).value();
  CHECK(rules.lists == std::vector<WordListId>{oaths.id, links.id});
  CHECK(rules.rules == std::vector<WordRule>{{heck, oaths.id}, {darn, oaths.id}, {darn, links.id}});
  auto of_channel = lists.lists.of_channel(lists.demo.id).value();
  REQUIRE(of_channel.size() == 2);
  CHECK(of_channel[0].name == "links");
  CHECK(lists.lists.unsubscribe(lists.demo.id, oaths.id, shell).value());
  CHECK_FALSE(lists.lists.unsubscribe(lists.demo.id, oaths.id, shell).value());
  CHECK(lists.lists.rules_for(lists.demo.id).value().rules == std::vector<WordRule>{{darn, links.id}});
  CHECK(code_of(lists.lists.subscribe(ChannelId(99), oaths.id, shell)) == Errc::not_found);
  CHECK(code_of(lists.lists.subscribe(lists.demo.id, WordListId(99), shell)) == Errc::not_found);
  CHECK(lists.lists.rules_for(ChannelId(99)).value().rules.empty());
}

TEST_CASE("the version of a channel's rules grows with each change of them, and with no other") {
  Lists lists;
  WordList oaths = lists.add("oaths"), links = lists.add("links"), other = lists.add("other");
  std::int64_t last = lists.version();
  auto grows = [&] {
    std::int64_t version = lists.version();
    return std::exchange(last, version) < version;
  };
  REQUIRE(lists.lists.subscribe(lists.demo.id, oaths.id, shell));
  CHECK(grows());
  REQUIRE(lists.lists.subscribe(lists.demo.id, links.id, shell));
  CHECK(grows());
  lists.put(oaths, {darn});
  CHECK(grows());
  lists.put(other, {darn});
  CHECK_FALSE(grows());
  REQUIRE(lists.lists.unsubscribe(lists.demo.id, oaths.id, shell));
  CHECK(grows());
  lists.put(oaths, {heck});
  CHECK_FALSE(grows());
  REQUIRE(lists.lists.subscribe(lists.demo.id, oaths.id, shell));
  CHECK(grows());
  REQUIRE(lists.lists.remove(oaths.id, shell));
  CHECK(grows());
  CHECK(lists.lists.rules_for(lists.demo.id).value().lists == std::vector<WordListId>{links.id});
  REQUIRE(lists.lists.unsubscribe(lists.demo.id, links.id, shell));
  CHECK(grows());
  CHECK(lists.lists.rules_for(lists.demo.id).value().rules.empty());
}

TEST_CASE("changes of word lists are audited, and told to who has to read the rules again") {
  Lists lists;
  WordList oaths = lists.add("oaths");
  lists.put(oaths, {darn, heck});
  REQUIRE(lists.lists.subscribe(lists.demo.id, oaths.id, shell));
  REQUIRE(lists.lists.unsubscribe(lists.demo.id, oaths.id, shell));
  REQUIRE(lists.lists.remove(oaths.id, shell));
  auto events = lists.fresh->events().since(Cursor(1)).value();
  REQUIRE(events.size() == 4);
  std::vector<std::string> changes;
  for (auto& event : events) {
    CHECK(event.name == "word_list.update");
    auto payload = nlohmann::json::parse(event.payload);
    CHECK(payload["list_id"] == std::to_string(oaths.id.value()));
    CHECK(payload["list_name"] == "oaths");
    changes.push_back(payload["change"]);
  }
  CHECK(changes == std::vector<std::string>{"entries", "subscribe", "unsubscribe", "remove"});
  CHECK(events[0].channel == ChannelId());
  CHECK(events[1].channel == lists.demo.id);
  CHECK(nlohmann::json::parse(events[1].payload)["channel"] == "demo");

  std::vector<std::string> actions;
  auto audit = lists.fresh->audit().since(0, 10).value();
  for (auto& entry : audit) {
    CHECK(entry.target == "word_list:oaths");
    actions.push_back(entry.action);
  }
  CHECK(actions == std::vector<std::string>{"word_list.add", "word_list.change", "word_list.subscribe",
                                            "word_list.unsubscribe", "word_list.remove"});
  auto context = nlohmann::json::parse(audit[1].context);
  CHECK(context["added"] == 2);
  CHECK(context["put"][0] == nlohmann::json::parse(R"({"kind":"phrase","text":"darn","action":"block"})"));
  CHECK(audit[2].channel == lists.demo.id);
  CHECK(audit[4].context == R"({"entries":2})");
}

TEST_CASE("a channel's own terms are a list of its own, which nobody else sees") {
  Lists lists;
  const ChannelId demo = lists.demo.id;
  CHECK(lists.lists.terms(demo).value().empty());
  CHECK(lists.lists.change_terms(demo, {.drop = {darn}}, shell).value().dropped == 0);
  CHECK(lists.fresh->audit().head().value().id == 0);
  CHECK(lists.version() == 0);

  const WordListChange first = lists.lists.change_terms(demo, {.put = {darn, heck}}, shell).value();
  CHECK((first.added == 2 && first.list.entries == 2 && first.list.owner == lists.demo.owner));
  CHECK(lists.lists.terms(demo).value() == std::vector<WordEntry>{heck, darn});
  CHECK(lists.lists.rules_for(demo).value().rules ==
        std::vector<WordRule>{{heck, first.list.id}, {darn, first.list.id}});
  const std::int64_t version = lists.version();
  const WordListChange second =
      lists.lists.change_terms(demo, {.put = {darn}, .drop = {heck}}, shell).value();
  CHECK((second.added == 0 && second.dropped == 1 && second.list.id == first.list.id));
  CHECK(lists.version() > version);
  CHECK(lists.lists.change_terms(demo, {.put = {darn}}, shell).value().added == 0);
  CHECK(code_of(lists.lists.change_terms(ChannelId(99), {.put = {darn}}, shell)) == Errc::not_found);
  CHECK(code_of(lists.lists.terms(ChannelId(99))) == Errc::not_found);
  CHECK(code_of(lists.lists.change_terms(demo, {.put = {{"a\nb"}}}, shell)) == Errc::invalid);

  CHECK(lists.lists.list().value().empty());
  CHECK(lists.lists.of_channel(demo).value().empty());
  CHECK(code_of(lists.lists.by_name("#demo")) == Errc::not_found);
  CHECK(code_of(lists.lists.add("#demo", lists.demo.owner, shell)) == Errc::invalid);

  const auto events = lists.fresh->events().since(Cursor(1)).value();
  REQUIRE(events.size() == 2);
  for (const auto& event : events) {
    CHECK((event.name == "word_list.update" && event.channel == demo));
    const auto payload = nlohmann::json::parse(event.payload);
    CHECK((payload["change"] == "terms" && payload["channel"] == "demo" && payload["list_name"] == "#demo"));
  }
  const auto audit = lists.fresh->audit().since(0, 10).value();
  REQUIRE(audit.size() == 2);
  CHECK((audit[0].action == "terms.change" && audit[0].channel == demo && audit[0].target == "channel:demo"));
  CHECK(nlohmann::json::parse(audit[0].context)["put"][1]["text"] == "h+e+c+k");
  CHECK(nlohmann::json::parse(audit[1].context)["drop"][0]["text"] == "h+e+c+k");
}
