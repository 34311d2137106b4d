#include "posting.hpp"

#include "log/log.hpp"

namespace sluice::transcode {

namespace {
constexpr seconds look_period{1};
constexpr milliseconds withdraw_patience{500};
constexpr const char* most_entries = "10000";  // of the Stream; what is older has no dispatcher any more
}  // namespace

Posting::Posting(net::Loop& loop, redis::Url url, QueueKeys keys, relay::Fields fields)
    : looks_(loop), patience_(loop), keys_(std::move(keys)), fields_(std::move(fields)),
      link_(loop, std::move(url), {.up = [this] { look(); }, .down = [this] { posting_ = false; }}) {
  looks_.every(look_period, [this] { look(); });
}

void Posting::look() {
  if (withdrawn_ || posting_ || !link_.is_up()) return;
  if (entry_.empty()) return post();
  link_.command({"XRANGE", keys_.jobs, entry_, entry_}, [this](Result<redis::Reply> reply) {
    if (!reply || !reply->items.empty() || withdrawn_) return;
    entry_.clear();
    post();
  });
}

void Posting::post() {
  if (posting_ || !link_.is_up()) return;
  posting_ = true;
  std::vector<std::string> words{"XADD", keys_.jobs, "MAXLEN", "~", most_entries, "*"};
  for (const auto& [name, value] : fields_) {
    words.push_back(name);
    words.push_back(value);
  }
  link_.command(std::move(words), [this](Result<redis::Reply> reply) {
    posting_ = false;
    if (!reply) return log::warn("the job could not be posted", {reply.error()});
    entry_ = reply->text;
    log::debug("job posted", {{"entry", entry_}});
  });
}

void Posting::withdraw(bool untaken, std::function<void()> done) {
  withdrawn_ = true;
  looks_.cancel();
  if (entry_.empty() || !link_.is_up()) {
    link_.close();
    return done();
  }
  auto once = std::make_shared<std::function<void()>>(std::move(done));
  const auto finish = [this, once] {
    patience_.cancel();
    link_.close();
    if (const auto tell = std::exchange(*once, nullptr)) tell();
  };
  if (untaken) link_.command({"INCR", keys_.untaken}, [](Result<redis::Reply>) {});
  link_.command({"XDEL", keys_.jobs, entry_}, [finish](Result<redis::Reply>) { finish(); });
  patience_.after(withdraw_patience, finish);
}

}  // namespace sluice::transcode
