#include "links.hpp"

#include <algorithm>
#include <vector>

#include "chat/irc_client.hpp"
#include "chat/json_client.hpp"
#include "http/deflate.hpp"
#include "platform/addresses.hpp"

namespace sluice::chatd {

namespace {
constexpr seconds hanging_limit{5};               // for a closing connection whose peer does not read
constexpr std::size_t answers_limit = 64 * 1024;  // beyond the queue's bound, for a client's own answers

http::CloseCode close_code(chat::Farewell farewell) {
  switch (farewell) {
    case chat::Farewell::normal:
      return http::CloseCode::normal;
    case chat::Farewell::restart:
      return http::CloseCode::service_restart;
    case chat::Farewell::violation:
      return http::CloseCode::policy_violation;
  }
  return http::CloseCode::going_away;
}
}  // namespace

bool is_loopback(const std::string& host) {
  return host.starts_with("127.") || host == "::1" || host.starts_with("::ffff:127.");
}

std::optional<std::string_view> Links::refusal(const net::Endpoint& peer) const {
  if (links_.size() >= total_) return "Too many connections to this server. Try again later.";
  if (is_loopback(peer.host)) return std::nullopt;
  const auto same = addresses_.find(platform::counted_as(peer.host));
  if (same == addresses_.end() || same->second < per_address_) return std::nullopt;
  return "Too many connections from your address. Close one, or try again later.";
}

void Links::change(LinkLimits limits, std::size_t total, std::size_t per_address) {
  limits_ = limits;
  total_ = total;
  per_address_ = per_address;
}

void Links::add(std::shared_ptr<Link> link) {
  ++addresses_[platform::counted_as(link->peer().host)];
  if (link->framed()) ++web_sockets_;
  Link* key = link.get();
  links_.emplace(key, std::move(link));
}

void Links::remove(Link& link) {
  const auto known = links_.find(&link);
  if (known == links_.end()) return;
  if (link.framed()) --web_sockets_;
  const auto same = addresses_.find(platform::counted_as(link.peer().host));
  if (--same->second == 0) addresses_.erase(same);
  links_.erase(known);
  if (links_.empty() && on_empty) on_empty();
}

void Links::sweep(Steady now) {
  std::vector<std::shared_ptr<Link>> all;
  all.reserve(links_.size());
  for (const auto& [key, link] : links_) all.push_back(link);
  for (const auto& link : all) link->sweep(now);
}

void Links::restart(seconds within) {
  std::vector<std::shared_ptr<Link>> all;
  for (const auto& [key, link] : links_) all.push_back(link);
  for (const auto& link : all) link->restart(within);
}

std::size_t Links::revoke(chat::TokenId token) {
  std::vector<std::shared_ptr<Link>> all;
  for (const auto& [key, link] : links_) all.push_back(link);
  return static_cast<std::size_t>(
      std::ranges::count_if(all, [&](const auto& link) { return link->revoke(token); }));
}

Link::Link(Links& links, std::shared_ptr<net::Connection> connection)
    : links_(links),
      connection_(std::move(connection)),
      opened_(links.hall().clock.steady()),
      last_heard_(opened_),
      last_ping_(opened_) {}

void Link::deliver(const SharedBytes& bytes) {
  if (closing()) return;
  connection_->send_now(bytes);
  drop_if_slow();
}

int Link::begin_write() {
  return closing() ? -1 : connection_->begin_write();
}

// What is queued is whole in any case: whoever is dropped is told so behind it, not in the middle of a line.
void Link::deliver_rest(const SharedBytes& bytes, std::size_t written) {
  if (closing()) return;
  connection_->send_rest(bytes, written);
  drop_if_slow();
}

void Link::drop_if_slow() {
  if (!waits_more_than(links_.limits().queue_bytes)) return;
  if (client_) client_->fall_behind();
  close(chat::Farewell::violation, "reads too slowly");
  if (links_.on_slow) links_.on_slow();
}

// Nobody reads slowly whose socket takes it: much may have come in one turn, of which nothing was offered
// yet.
bool Link::waits_more_than(std::size_t limit) {
  return connection_->queued() > limit && connection_->push_out() > limit;
}

void Link::write(Bytes bytes) {
  if (closing()) return;
  connection_->send(std::move(bytes));
  if (waits_more_than(links_.limits().queue_bytes + answers_limit)) hang_up();
}

void Link::hang_up() {
  if (closing()) return;
  closing_since_ = links_.hall().clock.steady();
  connection_->close();
}

void Link::close(chat::Farewell farewell, std::string_view why) {
  if (closing()) return;
  say_farewell(farewell, why);
  hang_up();
}

void Link::on_closed(const Error&) {
  const auto self = shared_from_this();
  client_.reset();
  links_.remove(*this);
}

std::string Link::address() const {
  return is_loopback(peer().host) ? std::string() : peer().host;
}

void Link::sweep(Steady now) {
  if (closing()) {
    if (closing_since_ + hanging_limit <= now)
      connection_->abort(Error{Errc::io, "the peer does not read", {}});
    return;
  }
  if (client_ && client_->credential().until && *client_->credential().until <= links_.hall().clock.wall())
    return client_->refuse_token();
  if (last_heard_ + patience() <= now) return close(chat::Farewell::violation, "silent for too long");
  const bool known = client_ && client_->known();
  if (!known && opened_ + links_.limits().login_time <= now) {
    if (client_) client_->give_up_waiting();
    return close(chat::Farewell::violation, "nobody logged in");
  }
  if (known && last_ping_ + links_.limits().irc_ping <= now) {
    last_ping_ = now;
    client_->keep_alive();
  }
}

bool Link::revoke(chat::TokenId token) {
  if (closing() || !client_ || client_->credential().token != token) return false;
  client_->refuse_token();
  return true;
}

void Link::restart(seconds within) {
  if (client_) client_->restart(within);
  close(chat::Farewell::restart, "restarting");
}

void TcpLink::open(Links& links, net::Loop& loop, os::UniqueFd fd, const net::TlsContext* tls) {
  const auto link = std::make_shared<TcpLink>(links);
  link->connection_ = net::Connection::adopt(loop, std::move(fd), link, tls);
  link->client_ = std::make_shared<chat::IrcClient>(links.hall(), *link);
  links.add(link);
}

void TcpLink::on_data(ByteView bytes) {
  heard();
  if (!closing()) client_->receive(bytes);
}

void TcpLink::send(std::string_view text) {
  write(to_bytes(text));
}

WsLink::WsLink(Links& links, std::shared_ptr<net::Connection> connection, bool deflate, std::string forwarded)
    : Link(links, std::move(connection)),
      parser_({links.hall().limits.frame_bytes, deflate}),
      forwarded_(std::move(forwarded)),
      last_frame_ping_(opened_) {}

std::shared_ptr<WsLink> WsLink::open(Links& links, std::shared_ptr<net::Connection> connection, Speaks speaks,
                                     bool deflate, std::string forwarded) {
  auto link = std::make_shared<WsLink>(links, std::move(connection), deflate, std::move(forwarded));
  links.add(link);
  link->speak(speaks);
  return link;
}

void WsLink::speak(Speaks speaks) {
  if (speaks == Speaks::irc) {
    client_ = std::make_shared<chat::IrcClient>(links_.hall(), *this);
  } else if (speaks == Speaks::json) {
    const auto page = std::make_shared<chat::JsonClient>(links_.hall(), *this);
    client_ = page;
    page->greet();
  }
}

std::string WsLink::address() const {
  return forwarded_.empty() ? Link::address() : is_loopback(forwarded_) ? std::string() : forwarded_;
}

void WsLink::on_data(ByteView bytes) {
  heard();
  if (closing()) return;
  if (const auto fault = parser_.feed(bytes, *this)) {
    write(http::close_frame(fault->code, fault->what));
    hang_up();
  }
}

void WsLink::send(std::string_view text) {
  Bytes frame;
  frame.reserve(text.size() + 10);
  (deflated() ? http::append_deflated_text_frame : http::append_text_frame)(frame, text);
  write(std::move(frame));
}

void WsLink::sweep(Steady now) {
  constexpr seconds rhythm{30};
  if (!closing() && last_frame_ping_ + rhythm <= now) {
    last_frame_ping_ = now;
    write(http::ping_frame());
  }
  Link::sweep(now);
}

void WsLink::on_text(std::string_view message) {
  if (closing()) return;
  if (!client_) speak(message.starts_with('{') ? Speaks::json : Speaks::irc);
  client_->receive(as_bytes(message));
}

void WsLink::on_binary(ByteView) {
  write(http::close_frame(http::CloseCode::unsupported_data, "text only"));
  parser_.stop();
  hang_up();
}

void WsLink::on_ping(ByteView payload) {
  write(http::pong_frame(payload));
}

void WsLink::on_close(std::uint16_t code, std::string_view) {
  write(http::close_frame(code == 1005 ? http::CloseCode::normal : static_cast<http::CloseCode>(code), {}));
  hang_up();
}

void WsLink::say_farewell(chat::Farewell farewell, std::string_view why) {
  write(http::close_frame(close_code(farewell), why));
}

}  // namespace sluice::chatd
