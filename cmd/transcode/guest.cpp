#include "guest.hpp"

#include "base/random.hpp"

namespace sluice::transcode {

Guest::Guest(Host& host, net::Loop& loop, const relay::Secret& secret, const std::string& ticket, const net::Endpoint& peer)
    : host_(host), session_(secret, ticket, system_random(), *this), patience_(loop), peer_(peer.text()) {}

void Guest::attach(std::shared_ptr<net::Connection> link) {
  link_ = std::move(link);
  patience_.after(proving_time, [this] { abort({Errc::unavailable, "it was too slow", ""}); });
}

void Guest::abort(Error why) {
  if (link_) link_->abort(std::move(why));
}

void Guest::flush() {
  if (Bytes out = session_.take_output(); !out.empty() && link_) link_->send(std::move(out));
}

void Guest::on_data(ByteView bytes) {
  host_.heard(*this);
  const auto keep = link_;
  if (const auto fed = session_.feed(bytes); !fed) return abort(fed.error());
  flush();
}
void Guest::on_drained() { host_.drained(*this); }
void Guest::on_closed(const Error& why) {
  patience_.cancel();
  link_.reset();
  host_.gone(*this, why);
}
void Guest::on_worker(const std::string& name) {
  name_ = name;
  if (host_.reserve(*this)) return session_.order(host_.order());
  session_.refuse("another worker has the job");
}
void Guest::on_started() {
  patience_.cancel();
  host_.started(*this);
}
void Guest::on_media(ByteView piece) { host_.media(piece); }
void Guest::on_outcome(const relay::Words& outcome) { host_.outcome(*this, outcome); }
void Guest::on_refused(const std::string& why) { abort({Errc::unavailable, "it does not take the job: " + why, ""}); }

}  // namespace sluice::transcode
