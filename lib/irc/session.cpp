#include "irc/session.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace sluice::irc {

namespace {
constexpr std::size_t held_limit = 16 * 1024;
constexpr std::size_t tags_limit = 4094;  // IRCv3 message-tags: a client's, without '@' and the space
constexpr std::size_t echoed_limit = 64;  // bytes of a name that is none
constexpr int most_told = 20;             // of the names in one line
constexpr std::string_view all_capabilities = "twitch.tv/commands twitch.tv/tags twitch.tv/membership";

bool* find_capability(Capabilities& capabilities, std::string_view name) {
  if (name == "twitch.tv/tags") return &capabilities.tags;
  if (name == "twitch.tv/commands") return &capabilities.commands;
  if (name == "twitch.tv/membership") return &capabilities.membership;
  return nullptr;
}

std::string names_of(const Capabilities& capabilities) {
  std::string names;
  const auto add = [&](bool on, std::string_view name) {
    if (!on) return;
    if (!names.empty()) names += ' ';
    names += name;
  };
  add(capabilities.commands, "twitch.tv/commands");
  add(capabilities.tags, "twitch.tv/tags");
  add(capabilities.membership, "twitch.tv/membership");
  return names;
}

// A line's tags as they were sent, without '@'; empty when it has none.
std::string_view tags_of(std::string_view line) {
  line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
  return line.starts_with('@') ? line.substr(1, line.find(' ') - 1) : std::string_view();
}

// The parameters from `first` on as one: some clients forget the ':' before a list of capabilities, and people
// before what they say.
std::string rest_of(const Message& message, std::size_t first) {
  std::string rest;
  for (std::size_t i = first; i < message.params.size(); ++i) {
    if (i > first) rest += ' ';
    rest += message.params[i];
  }
  return rest;
}

// The channels of a JOIN or PART; "#a, #b", as people type it, is one list.
std::string channels_of(const Message& message) {
  std::string list(message.param(0));
  for (std::size_t i = 1; list.ends_with(',') && i < message.params.size(); ++i) list += message.params[i];
  return list;
}

// RFC 1459 2.3.1 has no NUL in a line; like other control characters it is read as a blank.
std::string without_nul(std::string_view line) {
  std::string text(line);
  std::ranges::replace(text, '\0', ' ');
  return text;
}

// What is echoed to others must be text: a broken one would close every WebSocket that it reaches (RFC
// 6455 8.1).
std::string nonce_of(const Tags& tags) {
  constexpr std::size_t nonce_limit = 64;
  const std::string_view nonce = find_tag(tags, "client-nonce");
  const bool plain = std::ranges::all_of(nonce, [](char c) { return c > ' ' && c < 0x7f; });
  return plain && nonce.size() <= nonce_limit ? std::string(nonce) : std::string();
}

// "#Name" → "name"; empty when it is not a channel's name.
std::string channel_name(std::string_view text) {
  if (!text.starts_with('#')) return {};
  std::string name = ascii_lower(text.substr(1));
  return is_login_name(name) ? name : std::string();
}
}  // namespace

bool is_login_name(std::string_view name) {
  return !name.empty() && name.size() <= 25 && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
}

bool is_anonymous_nick(std::string_view nick) {
  constexpr std::string_view stem = "justinfan";
  return nick.starts_with(stem) && nick.size() > stem.size() && is_login_name(nick) &&
         std::ranges::all_of(nick.substr(stem.size()), [](char c) { return c >= '0' && c <= '9'; });
}

void Session::feed(ByteView bytes, std::vector<Command>& commands, std::string& out) {
  if (state_ == State::closed) return;
  lines_.feed(bytes);
  read(commands, out);
}

void Session::end_of_message(std::vector<Command>& commands, std::string& out) {
  if (state_ == State::closed) return;
  lines_.end_of_message();
  read(commands, out);
}

void Session::accept(std::string_view nick, std::vector<Command>& commands, std::string& out) {
  state_ = State::registered;
  nick_ = nick;
  pass_.clear();
  numeric("001", "Welcome, GLHF!", out);
  numeric("002", "Your host is " + host_, out);
  numeric("003", "This server is rather new", out);
  numeric("004", "-", out);
  numeric("375", "-", out);
  numeric("372", "You are in a maze of twisty passages, all alike.", out);
  numeric("376", ">", out);
  read(commands, out);
}

void Session::refuse(std::string_view reason, std::string& out) {
  state_ = State::closed;
  pass_.clear();
  notice(reason, out);
}

void Session::read(std::vector<Command>& commands, std::string& out) {
  while (state_ == State::registering || state_ == State::registered) {
    const auto line = lines_.next();
    if (!line) return;
    if (line->too_long || tags_of(line->text).size() > tags_limit) {
      numeric("417", "Input line was too long", out);
      continue;
    }
    const bool plain = line->text.find('\0') == std::string_view::npos;
    const std::string blanked = plain ? std::string() : without_nul(line->text);
    if (const auto message = parse_message(plain ? line->text : blanked)) take(*message, commands, out);
  }
  if (lines_.held() > held_limit) quit("sent too much before its login was decided", commands);
}

void Session::take(const Message& message, std::vector<Command>& commands, std::string& out) {
  if (message.command == "PING") return take_ping(message, out);
  if (message.command == "PONG") return;
  if (message.command == "CAP") return take_capability(message, out);
  if (message.command == "QUIT") return quit("quit", commands);
  if (state_ == State::registering) return take_registration(message, commands, out);
  take_command(message, commands, out);
}

// A bare PING is answered without a prefix: tmi.js looks for exactly that.
void Session::take_ping(const Message& message, std::string& out) const {
  if (message.params.empty()) {
    LineWriter(out).command("PONG").trailing(host_).end();
  } else {
    LineWriter(out).prefix(host_).command("PONG").param(host_).trailing(message.params.front()).end();
  }
}

void Session::take_capability(const Message& message, std::string& out) {
  const auto answer = [&](std::string_view verb, std::string_view names) {
    LineWriter(out).prefix(host_).command("CAP").param("*").param(verb).trailing(names).end();
  };
  const std::string verb = ascii_lower(message.param(0));
  if (verb == "ls") return answer("LS", all_capabilities);
  if (verb == "list") return answer("LIST", names_of(capabilities_));
  if (verb == "end") return;  // nothing waits for it
  if (verb != "req") {
    LineWriter(out)
        .prefix(host_)
        .command("410")
        .param(addressee())
        .param(message.param(0).empty() ? "*" : message.param(0))
        .trailing("Invalid CAP command")
        .end();
    return;
  }

  const std::string asked = rest_of(message, 1);
  Capabilities wanted = capabilities_;
  for (std::string_view name : split(asked, ' ')) {
    const bool off = name.starts_with('-');
    if (name.empty()) continue;
    bool* capability = find_capability(wanted, name.substr(off ? 1 : 0));
    if (capability == nullptr) return answer("NAK", asked);
    *capability = !off;
  }
  capabilities_ = wanted;
  answer("ACK", asked);
}

void Session::take_registration(const Message& message, std::vector<Command>& commands, std::string& out) {
  if (message.command == "PASS" && !message.params.empty()) {
    pass_ = message.params.back();
    pass_given_ = true;
  } else if (message.command == "NICK" && !message.params.empty()) {
    nick_ = ascii_lower(message.params.back());
    if (!is_login_name(nick_)) return quit("sent a nick that is none", commands), refuse("Invalid NICK", out);
  } else if (message.command == "JOIN" || message.command == "PRIVMSG") {
    if (!nick_.empty())
      return quit("joined without PASS", commands), refuse("Improperly formatted auth", out);
    return;
  } else {
    return;
  }
  if (nick_.empty()) return;

  if (is_anonymous_nick(nick_)) {
    state_ = State::deciding;
    commands.push_back(Login{nick_, {}, true});
  } else if (pass_given_) {
    constexpr std::string_view scheme = "oauth:";
    if (!pass_.starts_with(scheme) || pass_.size() == scheme.size())
      return quit("sent a PASS that is no token", commands), refuse("Improperly formatted auth", out);
    state_ = State::deciding;
    commands.push_back(Login{nick_, pass_.substr(scheme.size()), false});
  }
}

void Session::take_command(const Message& message, std::vector<Command>& commands, std::string& out) {
  if (message.command == "JOIN" || message.command == "PART") {
    take_channels(message, commands, out);
  } else if (message.command == "PRIVMSG") {
    take_line(message, commands, out);
  } else if (message.command != "NICK" && message.command != "PASS" && message.command != "USER") {
    numeric("421", message.command, "Unknown command", out);
  }
}

void Session::take_channels(const Message& message, std::vector<Command>& commands, std::string& out) const {
  const std::string list = channels_of(message);
  bool named = false;
  int told = 0;
  for (std::string_view target : split(list, ',')) {
    if (target.empty()) continue;
    named = true;
    std::string channel = channel_name(target);
    if (channel.empty()) {
      if (++told <= most_told) numeric("403", target, "No such channel", out);
    } else if (message.command == "JOIN") {
      commands.push_back(Join{std::move(channel)});
    } else {
      commands.push_back(Part{std::move(channel)});
    }
  }
  if (!named) numeric("461", message.command, "Not enough parameters", out);
}

// Clients of the dialect send to one channel; those of IRC at large, to users and to several as well, and
// look for the numerics of RFC 1459 6.1.
void Session::take_line(const Message& message, std::vector<Command>& commands, std::string& out) const {
  const std::string_view target = message.param(0);
  std::string channel = channel_name(target);
  if (target.empty()) return numeric("411", "No recipient given (PRIVMSG)", out);
  if (channel.empty() && target.starts_with('#')) return numeric("403", target, "No such channel", out);
  if (channel.empty())
    return numeric("401", target, "No such nick: lines go to one channel, and /w USER TEXT in it to a user",
                   out);
  if (message.params.size() < 2) return numeric("412", "No text to send", out);
  commands.push_back(Say{std::move(channel), rest_of(message, 1), nonce_of(message.tags),
                         std::string(find_tag(message.tags, "reply-parent-msg-id"))});
}

void Session::quit(std::string why, std::vector<Command>& commands) {
  state_ = State::closed;
  commands.push_back(Quit{std::move(why)});
}

void Session::numeric(std::string_view number, std::string_view text, std::string& out) const {
  LineWriter(out).prefix(host_).command(number).param(addressee()).trailing(text).end();
}

void Session::numeric(std::string_view number, std::string_view about, std::string_view text,
                      std::string& out) const {
  const bool one_word = !about.empty() && about.find(' ') == about.npos && about.front() != ':';
  if (about.size() > echoed_limit || !one_word) about = "*";
  LineWriter(out).prefix(host_).command(number).param(addressee()).param(about).trailing(text).end();
}

void Session::notice(std::string_view text, std::string& out) const {
  LineWriter(out).prefix(host_).command("NOTICE").param("*").trailing(text).end();
}

}  // namespace sluice::irc
