#include "archivist.hpp"

#include "log/log.hpp"

namespace sluice::chatd {

namespace {
constexpr milliseconds batch_time{250};
}

Archivist::Archivist(net::Loop& loop, net::Offload& offload, chatlog::Archive& archive, Clock& clock,
                     std::chrono::days keep)
    : offload_(offload), archive_(archive), clock_(clock), keep_(keep), rhythm_(loop), forgetting_(loop) {
  rhythm_.every(batch_time, [this] { write_now(); });
  forgetting_.every(std::chrono::hours(1), [this] { forget_old(); });
  forget_old();
}

void Archivist::keep(const chat::MessagePtr& message) {
  waiting_.push_back(message);
}

void Archivist::write_now() {
  if (waiting_.empty()) return;
  auto batch = std::make_shared<std::vector<chat::MessagePtr>>(std::exchange(waiting_, {}));
  offload_.run([this, batch] { return archive_.append(*batch); },
               [this, batch](Result<> written) {
                 if (written) return;
                 lost_ += batch->size();
                 log::error("chat history not written", {written.error(), {"messages", batch->size()}});
               });
}

void Archivist::settle(std::int64_t cursor) {
  write_now();
  offload_.run(
      [this, cursor] { return archive_.set_cursor(cursor); },
      [](Result<> done) {
        if (!done)
          log::error("how far events have come is not in the chat history; it is found out at the next start",
                     {done.error()});
      });
}

void Archivist::take_off(const chatlog::TakenOff& taken) {
  write_now();
  offload_.run(
      [this, taken] { return archive_.take_off(taken); },
      [](Result<> done) {
        if (!done)
          log::error(
              "what a moderator took off is still in the chat history; it is tried again at the next start",
              {done.error()});
      });
}

void Archivist::find(ChannelId channel, std::string id,
                     std::function<void(Result<std::optional<chatlog::Kept>>)> answer) {
  write_now();
  offload_.run([this, channel, id = std::move(id)] { return archive_.find(channel, id); }, std::move(answer));
}

void Archivist::forget_old() {
  offload_.run([this, before = clock_.wall() - keep_] { return archive_.forget_before(before); },
               [](Result<> forgotten) {
                 if (!forgotten) log::warn("old chat history not removed", {forgotten.error()});
               });
}

}  // namespace sluice::chatd
