// rooms: store chatlog
// Fills a platform's chat for tests, one command a run:
//   chat_seed DIR said CHANNEL USER ID MS TEXT [off]   a line of the chat log; off: taken off a second later
//   chat_seed DIR block CHANNEL USER ID MS CATEGORY LEVEL TEXT [vip]   a line that AutoMod blocked
//   chat_seed DIR hold CHANNEL USER ID CATEGORY LEVEL TEXT   a message that AutoMod holds
#include <cstdio>
#include <string>

#include "base/text.hpp"
#include "chatlog/archive.hpp"
#include "store/store.hpp"

using namespace sluice;

namespace {
using Words = std::vector<std::string>;

Result<> say(const std::string& dir, const store::Channel& channel, const store::User& user,
             const Words& words) {
  SLUICE_TRY_VALUE(chatlog::Archive archive, chatlog::Archive::open(dir + "/chat.db"));
  chat::Message message;
  message.id = words.at(5);
  message.origin = "seed";
  message.channel = channel.id;
  message.channel_name = channel.name;
  message.at = Wall(milliseconds(parse_number<std::int64_t>(words.at(6)).value()));
  message.author = {user.id, user.name, user.display_name, ""};
  message.roles.broadcaster = user.id == channel.owner;
  message.text = words.at(7);
  SLUICE_TRY(archive.append(std::vector{std::make_shared<const chat::Message>(message)}));
  if (words.size() < 9) return {};
  return archive.take_off({.channel = channel.id, .message = message.id, .at = message.at + seconds(1)});
}

Result<> block(const std::string& dir, const store::Channel& channel, const store::User& user,
               const Words& words) {
  SLUICE_TRY_VALUE(chatlog::Archive archive, chatlog::Archive::open(dir + "/chat.db"));
  chat::Message message;
  message.id = words.at(5);
  message.channel = channel.id;
  message.channel_name = channel.name;
  message.author = {user.id, user.name, user.display_name, ""};
  message.roles.vip = words.size() > 10;
  message.text = words.at(9);
  const chat::AutomodVerdict verdict{.kind = chat::AutomodVerdict::Kind::block,
                                     .category = words.at(7),
                                     .reason = "phrase",
                                     .level = parse_number<int>(words.at(8)).value(),
                                     .where = {{0, 3}}};
  const Wall at(milliseconds(parse_number<std::int64_t>(words.at(6)).value()));
  SLUICE_TRY(archive.append(std::vector{chatlog::blocked_line(message, verdict, at)}));
  return {};
}

Result<> hold(store::Store& store, const store::Channel& channel, const store::User& user,
              const Words& words) {
  store::HeldMessage message{.id = words.at(5), .channel = channel.id, .user = user.id, .text = words.at(8)};
  message.whole = "{}";
  message.category = words.at(6);
  message.level = parse_number<int>(words.at(7)).value();
  message.boundaries = {{0, 3}};
  SLUICE_TRY(store.held_messages().hold(message));
  return {};
}

Result<> seed(const Words& words) {
  SLUICE_TRY_VALUE(const auto store, store::open_store("sqlite:" + words.at(1) + "/store.db"));
  SLUICE_TRY_VALUE(const store::Channel channel, store->channels().by_name(words.at(3)));
  SLUICE_TRY_VALUE(const store::User user, store->users().by_name(words.at(4)));
  if (words.at(2) == "block") return block(words.at(1), channel, user, words);
  return words.at(2) == "said" ? say(words.at(1), channel, user, words) : hold(*store, channel, user, words);
}
}  // namespace

int main(int argc, char** argv) {
  if (argc < 8) return 2;
  const auto done = seed(Words(argv, argv + argc));
  if (done) return 0;
  std::fprintf(stderr, "chat_seed: %s\n", done.error().what.c_str());
  return 1;
}
