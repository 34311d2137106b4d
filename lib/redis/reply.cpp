#include "redis/reply.hpp"

#include <hiredis/hiredis.h>

namespace sluice::redis {

namespace {
// hiredis builds replies through these: each returns the object's place in the tree, nullptr refuses it. The root is owned by the
// reader until it is handed out, everything below by its array.
Reply* place(const redisReadTask* task) {
  if (task->parent == nullptr) return new Reply;
  return &static_cast<Reply*>(task->parent->obj)->items[static_cast<std::size_t>(task->idx)];
}

// hiredis bounds neither how much an array holds nor how much a reply does in all.
bool spend(std::size_t& left, std::size_t amount) {
  if (amount > left) return false;
  left -= amount;
  return true;
}

void* make_text(const redisReadTask* task, char* text, std::size_t size) {
  if (!spend(static_cast<ReplyReader::Limits*>(task->privdata)->bytes, size)) return nullptr;
  Reply* reply = place(task);
  reply->kind = task->type == REDIS_REPLY_ERROR ? Reply::Kind::error : Reply::Kind::text;
  reply->text.assign(text, size);
  return reply;
}

void* make_array(const redisReadTask* task, int elements) {
  if (elements < 0 || !spend(static_cast<ReplyReader::Limits*>(task->privdata)->elements, static_cast<std::size_t>(elements))) return nullptr;
  Reply* reply = place(task);
  reply->kind = Reply::Kind::array;
  reply->items.resize(static_cast<std::size_t>(elements));
  return reply;
}

void* make_integer(const redisReadTask* task, long long value) {
  Reply* reply = place(task);
  reply->kind = Reply::Kind::integer;
  reply->integer = value;
  return reply;
}

void* make_nil(const redisReadTask* task) { return place(task); }

void drop(void* reply) { delete static_cast<Reply*>(reply); }

redisReplyObjectFunctions functions{make_text, make_array, make_integer, make_nil, drop};
}  // namespace

Bytes command_bytes(std::span<const std::string> words) {
  std::vector<const char*> texts;
  std::vector<std::size_t> sizes;
  for (const std::string& word : words) {
    texts.push_back(word.data());
    sizes.push_back(word.size());
  }
  char* formatted = nullptr;
  const int size = ::redisFormatCommandArgv(&formatted, static_cast<int>(words.size()), texts.data(), sizes.data());
  if (size < 0) throw std::bad_alloc();
  const Bytes out = to_bytes({formatted, static_cast<std::size_t>(size)});
  ::redisFreeCommand(formatted);
  return out;
}

void ReplyReader::Free::operator()(redisReader* reader) const { ::redisReaderFree(reader); }

ReplyReader::ReplyReader(Limits limits)
    : reader_(::redisReaderCreateWithFunctions(&functions)), limits_(limits), left_(std::make_unique<Limits>(limits)) {
  if (!reader_) throw std::bad_alloc();
  reader_->privdata = left_.get();
}

Result<> ReplyReader::feed(ByteView bytes) {
  if (reader_->len - reader_->pos + bytes.size() > limits_.bytes) return fail(Errc::invalid, "a Redis reply is too large");
  if (::redisReaderFeed(reader_.get(), reinterpret_cast<const char*>(bytes.data()), bytes.size()) != REDIS_OK)
    return fail(Errc::invalid, std::string("read a Redis reply: ") + reader_->errstr);
  return {};
}

Result<std::optional<Reply>> ReplyReader::next() {
  void* whole = nullptr;
  if (::redisReaderGetReply(reader_.get(), &whole) != REDIS_OK)
    return fail(Errc::invalid, std::string("read a Redis reply: ") + reader_->errstr);
  if (whole == nullptr) return std::nullopt;
  *left_ = limits_;
  const std::unique_ptr<Reply> reply(static_cast<Reply*>(whole));
  return std::move(*reply);
}

}  // namespace sluice::redis
