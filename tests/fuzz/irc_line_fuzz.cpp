// rooms: irc
// A session of the dialect, its input cut at a place that the input chooses: no crash, and the same answers
// as uncut.
#include <cstdint>
#include <cstdlib>

#include "irc/session.hpp"

using namespace sluice;
using namespace sluice::irc;

namespace {
struct Outcome {
  std::vector<Command> commands;
  std::string out;
  std::size_t decided = 0;
};

struct Described {
  std::string operator()(const Login& login) const { return "login " + login.nick + " " + login.token; }
  std::string operator()(const Join& join) const { return "join " + join.channel; }
  std::string operator()(const Part& part) const { return "part " + part.channel; }
  std::string operator()(const Say& say) const {
    return "say " + say.channel + " " + say.client_nonce + " " + say.reply_to + " " + say.text;
  }
  std::string operator()(const Quit& quit) const { return "quit " + quit.why; }
};
std::string described(const Command& command) {
  return std::visit(Described{}, command);
}

void feed(Session& session, ByteView bytes, Outcome& outcome) {
  session.feed(bytes, outcome.commands, outcome.out);
  for (; outcome.decided < outcome.commands.size(); ++outcome.decided)
    if (const auto* login = std::get_if<Login>(&outcome.commands[outcome.decided])) {
      const std::string nick = login->nick;
      session.accept(nick, outcome.commands, outcome.out);
    }
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const ByteView input = std::as_bytes(std::span(data + 1, size - 1));
  const std::size_t cut = input.empty() ? 0 : data[0] % (input.size() + 1);
  Session whole, pieces;
  Outcome expected, got;
  feed(whole, input, expected);
  feed(pieces, input.first(cut), got);
  feed(pieces, input.subspan(cut), got);
  if (expected.out != got.out || expected.commands.size() != got.commands.size()) std::abort();
  for (std::size_t i = 0; i < got.commands.size(); ++i)
    if (described(expected.commands[i]) != described(got.commands[i])) std::abort();
  return 0;
}
