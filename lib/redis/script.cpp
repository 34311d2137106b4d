#include "redis/script.hpp"

#include <utility>

namespace sluice::redis {

void Script::load(Link& link) {
  link.command({"SCRIPT", "LOAD", text_}, [this](Result<Reply> reply) {
    if (reply && reply->is(Reply::Kind::text)) hash_ = reply->text;
  });
}

void Script::run(Link& link, const std::vector<std::string>& keys, const std::vector<std::string>& arguments, Connection::Answer answer,
                 milliseconds patience) {
  std::vector<std::string> words{hash_.empty() ? "EVAL" : "EVALSHA", hash_.empty() ? text_ : hash_, std::to_string(keys.size())};
  words.insert(words.end(), keys.begin(), keys.end());
  words.insert(words.end(), arguments.begin(), arguments.end());
  if (hash_.empty()) return link.command(std::move(words), std::move(answer), patience);
  link.command(words, [this, &link, words, patience, answer = std::move(answer)](Result<Reply> reply) mutable {
    if (reply || !reply.error().what.starts_with("NOSCRIPT") || !link.is_up()) return answer(std::move(reply));
    words[0] = "EVAL";
    words[1] = text_;
    link.command(std::move(words), std::move(answer), patience);
  }, patience);
}

}  // namespace sluice::redis
