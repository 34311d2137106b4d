#include "s3/refusal.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.hpp"

namespace sluice::s3 {
namespace {

constexpr std::size_t most_read = 64 * 1024, most_text = 300;

std::string_view between(std::string_view text, std::string_view open, std::string_view close) {
  const std::size_t begin = text.find(open);
  if (begin == std::string_view::npos) return {};
  text.remove_prefix(begin + open.size());
  const std::size_t end = text.find(close);
  return end == std::string_view::npos ? std::string_view() : text.substr(0, end);
}

// The five entities of XML; anything else that begins like one stays as it is.
std::string unescaped(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, char>, 5> entities{{{"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&apos;", '\''}}};
  std::string out;
  while (!text.empty() && out.size() < most_text) {
    const auto known = std::ranges::find_if(entities, [&](const auto& entity) { return text.starts_with(entity.first); });
    const char c = known != entities.end() ? known->second : text.front();
    text.remove_prefix(known != entities.end() ? known->first.size() : 1);
    out += static_cast<unsigned char>(c) < ' ' || c == 0x7f ? ' ' : c;
  }
  return out;
}

bool is_code(std::string_view text) {
  return !text.empty() && text.size() <= 100 && std::ranges::all_of(text, [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.'; });
}

std::string hint_for(std::string_view code, int status) {
  if (code == "SignatureDoesNotMatch") return "the secret key is another than the service knows: see AWS_SECRET_ACCESS_KEY or --s3-credentials";
  if (code == "InvalidAccessKeyId") return "the service does not know this access key: see AWS_ACCESS_KEY_ID or --s3-credentials";
  if (code == "ExpiredToken" || code == "InvalidToken") return "the session token is over: bring new keys";
  if (code == "RequestTimeTooSkewed") return "set this machine's clock";
  if (code == "NoSuchBucket") return "make the bucket first";
  if (code == "AuthorizationHeaderMalformed" || code == "PermanentRedirect" || code == "TemporaryRedirect") return "see --s3-region and --s3-endpoint";
  if (code == "AccessDenied" || status == 403) return "give these keys the right to write objects there, and see that they are right";
  if (code == "EntityTooLarge" || status == 413) return "the service takes no object of this size: make segments shorter";
  if (status == 0) return "see --s3-endpoint, and that the service runs";
  return {};
}

Errc kind_of(int status, std::string_view code) {
  if (passing(status, code)) return Errc::unavailable;
  if (status == 401 || status == 403) return Errc::denied;
  if (status == 404) return Errc::not_found;
  return Errc::io;
}

}  // namespace

Refusal read_refusal(ByteView body) {
  const std::string_view text = as_text(body.first(std::min(body.size(), most_read)));
  const std::string_view error = between(text, "<Error>", "</Error>");
  const std::string_view code = trim(between(error, "<Code>", "</Code>"));
  if (!is_code(code)) return {};
  return {std::string(code), unescaped(trim(between(error, "<Message>", "</Message>")))};
}

bool passing(int status, std::string_view code) {
  // Those that tell of a body that was damaged or cut on its way are 400.
  constexpr std::array codes{"SlowDown", "RequestTimeout", "InternalError", "ServiceUnavailable", "OperationAborted", "BadDigest", "XAmzContentSHA256Mismatch", "IncompleteBody"};
  if (std::ranges::find(codes, code) != codes.end()) return true;
  return status == 0 || status == 408 || status == 409 || status == 425 || status == 429 || (status >= 500 && status != 501 && status != 505);
}

bool of_one_object(int status, std::string_view code) {
  return status == 413 || status == 414 || code == "EntityTooLarge" || code == "KeyTooLongError";
}

Error error_of(const std::string& what, int status, const Refusal& refusal) {
  std::string text = what + ": " + std::to_string(status);
  if (!refusal.code.empty()) text += " " + refusal.code;
  if (!refusal.message.empty()) text += ": " + refusal.message;
  return {kind_of(status, refusal.code), text, hint_for(refusal.code, status)};
}

}  // namespace sluice::s3
